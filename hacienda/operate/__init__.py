"""Running a cloud: applying its stacks, asking its nodes how they are."""
