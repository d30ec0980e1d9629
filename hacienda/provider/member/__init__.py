"""`hacienda_member`: one node's configuration, delivered, installed, and watched over."""
