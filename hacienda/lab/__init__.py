"""The lab, a whole cloud on one machine: the host's side (Incus, the machine image)."""

from hacienda.lab.host import plan, prepare, teardown
from hacienda.lab.image import build
from hacienda.lab.layout import Lab, project_name, socket_path

__all__ = ["Lab", "build", "plan", "prepare", "project_name", "socket_path", "teardown"]
