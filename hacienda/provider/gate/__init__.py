"""`hacienda_gate`: waits until what the stacks up to here promise is healthy."""
