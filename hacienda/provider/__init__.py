"""Terraform provider `hacienda`: members, gates and the lab's machines. It knows bundles, SSH and Incus, never the environment."""
