"""Access to nodes: the OpenSSH client, host keys, and the requests to a node. A leaf that knows nothing of clouds."""
