"""Machines of an environment: counted groups and named nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hacienda.declare.trust import PLAIN, Trust
from hacienda.environment.spec import Spec
from hacienda.environment.values import Address, AsList, Host, Name, Nic, Size, Whole, Word, refuse

DomainKind = Literal["host", "rack", "power", "zone"]
"""Kinds of failure domain, from small to large."""

DiskPurpose = Name
"""What a disk is for: `system`, `database`, `osd`, ..."""

MAXIMUM_NUMBER = 9999
"""Highest number of a machine in its role."""

Number = Annotated[Whole, Field(ge=1, le=MAXIMUM_NUMBER)]
Cpus = Annotated[Whole, Field(ge=1, le=4096)]


NO_CARD = "none"
"""Stands in place of a card's name if the machine lacks the card."""

Cards = Mapping[Nic, Nic]
"""Name of a card in the networks -> its name on the machine, or `none`."""


def _addresses(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        raise refuse("is not an address", "Write one address, or one per network: `[10.77.0.50, 10.78.0.50]`.")
    return tuple(value)


class Bmc(Spec):
    """The machine's baseboard management controller, for fencing. Its user and password are secrets and do not stand
    here."""

    type: Annotated[Literal["redfish", "ipmi"], PLAIN]
    """Protocol of the controller."""
    address: Annotated[Host, Trust("who receives the password that turns the machine off")]
    """Address of the controller."""


class MachineSpec(Spec):
    """Settings of a named node. A setting that is left out comes from the group."""

    number: Annotated[Number | None, Trust("which address receives the node's secrets")] = None
    """Its number within the role. Its address follows from the number. Default: from a name like `sto-3`, or from its
    address."""
    address: Annotated[Address | None, Trust("which address receives the node's secrets")] = None
    """Its fixed address on the management network."""
    addresses: Annotated[Mapping[Name, Address], Trust("which address receives the node's secrets")] = Field(
        default_factory=dict
    )
    """Fixed addresses by network name."""
    host: Annotated[Word | None, PLAIN] = None
    """Failure domain: the physical machine that it is on."""
    rack: Annotated[Word | None, PLAIN] = None
    """Failure domain: its rack."""
    power: Annotated[Word | None, PLAIN] = None
    """Failure domain: its power feed."""
    zone: Annotated[Word | None, PLAIN] = None
    """Failure domain: its site or zone."""
    cpus: Cpus | None = None
    """Processors."""
    memory: Size | None = None
    """Memory, like `64GiB`."""
    disks: Annotated[Mapping[DiskPurpose, Size], PLAIN] = Field(default_factory=dict)
    """Disks by purpose, like `{database: 400GiB}`. On platform incus, `system` only."""
    bmc: Bmc | None = None
    """Baseboard management controller, for fencing."""
    cards: Annotated[Cards, PLAIN] = Field(default_factory=dict)
    """Cards that have another name on this machine than in its networks, like `{eno1: enp65s0f0}`, or that it lacks:
    `{eno2: none}`."""


def _nodes(value: Any) -> Any:
    """A node without settings is an empty key: `st-a1:`."""
    if not isinstance(value, Mapping):
        return value
    return {name: {} if node is None else node for name, node in value.items()}


class MachineGroup(Spec):
    """The machines of one role: a count, named machines, or both."""

    count: Annotated[Whole, Field(ge=0, le=MAXIMUM_NUMBER)] = 0
    """Machines numbered 1 to this, named `ctl-1`, `cmp-17`, ... If some are missing (`without`), this is the highest
    number."""
    without: Annotated[tuple[Number, ...], AsList, PLAIN] = ()
    """Numbers that no machine has. All other machines keep their numbers."""
    nodes: Annotated[Mapping[Name, MachineSpec], BeforeValidator(_nodes)] = Field(default_factory=dict)
    """Named nodes, each with its own number or address. A counted name (`cmp-17`) holds settings of that machine."""
    first: Annotated[tuple[Address, ...], BeforeValidator(_addresses), Trust("which addresses receive secrets")] = ()
    """Address of number 1, at most one per network. Default: the role's block."""
    spread: Annotated[DomainKind | None, PLAIN] = None
    """Kind of failure domain over which counted machines are spread in turn."""
    domains: Annotated[tuple[Word, ...], AsList, Field(max_length=64), PLAIN] = ()
    """Names of these domains, in order: number 1 is in the first. Default: the environment's `domains`."""
    cpus: Cpus | None = None
    """Processors of each machine. Default: as many as it has."""
    memory: Size | None = None
    """Memory of each machine, like `64GiB`. Default: as much as it has."""
    disks: Annotated[Mapping[DiskPurpose, Size], PLAIN] = Field(default_factory=dict)
    """Disks of each machine by purpose, like `{database: 400GiB}`. On platform incus, `system` only."""
    cards: Annotated[Cards, PLAIN] = Field(default_factory=dict)
    """Cards that have another name on these machines than in their networks, like `{eno1: enp65s0f0}`, or that they
    lack: `{eno2: none}`."""


def _group(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"count": value}
    if value is not None and not isinstance(value, Mapping | MachineGroup):
        raise refuse(
            "is not a number of machines", "Write a count, like `3`, or a mapping: `{count: 3, memory: 64GiB}`."
        )
    return value


Group = Annotated[MachineGroup, BeforeValidator(_group)]
"""A machine group; a whole number is short for `{count: number}`."""


class Machines(Spec):
    """Machine groups by role."""

    controller: Group = MachineGroup()
    """APIs, databases, message queue, load balancers. They vote. Required."""
    network: Group = MachineGroup()
    """Gateways and routers of tenant networks."""
    compute: Group = MachineGroup()
    """Hypervisors."""
    storage: Group = MachineGroup()
    """Storage machines with Ceph's disks."""
    monitoring: Group = MachineGroup()
    """Metrics, logs and alerts."""
    arbiter: Group = MachineGroup()
    """Small machines that only vote, for clouds with two controllers."""
