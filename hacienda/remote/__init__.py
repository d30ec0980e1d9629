"""Reaching nodes: the OpenSSH client, how host keys are learnt, and what we ask of a node. A leaf: it knows no cloud."""
