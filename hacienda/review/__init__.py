"""What people look at before and after: a summary of a plan, a picture of a cloud."""
