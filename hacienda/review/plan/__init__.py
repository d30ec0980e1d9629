"""A Terraform plan, read, summed up, and judged by the quorum guard."""
