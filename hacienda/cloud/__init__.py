"""The resolved cloud: nodes, addresses, virtual IPs, the services of each node, voter groups. Pure data, no I/O."""

from hacienda.cloud.model import Cloud
from hacienda.cloud.network import Network, VirtualIp
from hacienda.cloud.node import Node
from hacienda.cloud.resolve import read, read_all, resolve

__all__ = ["Cloud", "Network", "Node", "VirtualIp", "read", "read_all", "resolve"]
