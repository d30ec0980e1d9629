"""The resolved cloud: nodes, addresses, virtual IPs, who runs what, who votes with whom. Pure data, no I/O."""
