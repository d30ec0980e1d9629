"""Tempest, OpenStack's integration tests, as a tenant of a running cloud."""
