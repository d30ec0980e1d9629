"""`hacienda_gate`: an apply waits here until the services of the gate's nodes are healthy."""
