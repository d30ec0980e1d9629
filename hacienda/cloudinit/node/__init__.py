"""Programs that run on the nodes. They import the standard library and one another only: nothing else of ours is there."""
