"""Renders the resolved cloud: user-data makes a machine, and a bundle makes it a member. Only `write` does I/O."""

from hacienda.cloudinit.output import NodeOutput
from hacienda.cloudinit.render import render
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.cloudinit.secrecy import needs, store_spec
from hacienda.cloudinit.write import write

__all__ = ["NodeOutput", "RenderedFile", "needs", "render", "store_spec", "write"]
