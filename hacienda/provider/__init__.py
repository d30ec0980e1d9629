"""Terraform provider `hacienda`: members, gates and the lab's machines. It uses bundles, SSH and Incus, never the
environment."""
