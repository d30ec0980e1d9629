"""Programs that run on the nodes. They import only the standard library and one another, because a node has no other
module of Hacienda."""
