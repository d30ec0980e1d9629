"""A highly available cloud as CDK constructs, which any CDK app can import."""

from hacienda.constructs.cluster import Cluster
from hacienda.constructs.gate import Gate
from hacienda.constructs.highly_available_cloud import HighlyAvailableCloud
from hacienda.constructs.machine import Machine
from hacienda.constructs.machine_group import MachineGroup
from hacienda.constructs.member import Member
from hacienda.constructs.network import Network
from hacienda.constructs.output import EnvironmentOutput, render
from hacienda.constructs.places import Places, places_of
from hacienda.constructs.virtual_ip import VirtualIp

__all__ = [
    "Cluster",
    "EnvironmentOutput",
    "Gate",
    "HighlyAvailableCloud",
    "Machine",
    "MachineGroup",
    "Member",
    "Network",
    "Places",
    "VirtualIp",
    "places_of",
    "render",
]
