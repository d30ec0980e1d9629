"""`hacienda_member`: the configuration of one node, delivered, installed, and checked for drift."""
