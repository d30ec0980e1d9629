"""From the resolved cloud to bytes: user-data makes a machine, a bundle makes it a member. No I/O but `write`."""

from hacienda.cloudinit.output import NodeOutput
from hacienda.cloudinit.render import render
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.cloudinit.secrecy import needs, store_spec
from hacienda.cloudinit.write import write

__all__ = ["NodeOutput", "RenderedFile", "needs", "render", "store_spec", "write"]
