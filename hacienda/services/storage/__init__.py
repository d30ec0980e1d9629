"""Parts that Ceph's services and the clients of the storage cluster share. Nothing here calls a service."""
