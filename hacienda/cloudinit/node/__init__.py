"""Programs that run on the nodes. Standard library only, relative imports only: they travel as a package of another name."""
