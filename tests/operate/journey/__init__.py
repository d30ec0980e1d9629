"""The tenant's journey."""
