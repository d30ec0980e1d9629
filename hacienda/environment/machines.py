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
"""In place of a card's name: the machine lacks it."""

Cards = Mapping[Nic, Nic]
"""Card as the networks name it -> as the machine names it, or `none`."""


def _addresses(value: Any) -> Any:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        raise refuse("is not an address", "Write one address, or one per network: `[10.77.0.50, 10.78.0.50]`.")
    return tuple(value)


class Bmc(Spec):
    """The machine's baseboard management controller, for fencing. Its user and password are secrets, never written here."""

    type: Annotated[Literal["redfish", "ipmi"], PLAIN]
    """How it is spoken to."""
    address: Annotated[Host, Trust("who is sent the password that turns the machine off")]
    """Where it answers."""


class Machine(Spec):
    """What a named node says about itself; whatever it leaves out is the group's."""

    number: Annotated[Number | None, Trust("at which address the machine is that gets the node's secrets")] = None
    """Its number within the role: the address follows from it. Default: from a name like `sto-3`, or from its address."""
    address: Annotated[Address | None, Trust("at which address the machine is that gets the node's secrets")] = None
    """Its pinned address on the management network."""
    addresses: Annotated[
        Mapping[Name, Address], Trust("at which address the machine is that gets the node's secrets")
    ] = Field(default_factory=dict)
    """Pinned addresses by network name."""
    host: Annotated[Word | None, PLAIN] = None
    """Failure domain: the machine it is on."""
    rack: Annotated[Word | None, PLAIN] = None
    """Failure domain: its rack."""
    power: Annotated[Word | None, PLAIN] = None
    """Failure domain: what feeds it."""
    zone: Annotated[Word | None, PLAIN] = None
    """Failure domain: its site or zone."""
    cpus: Cpus | None = None
    """Processors."""
    memory: Size | None = None
    """Memory, like `64GiB`."""
    disks: Annotated[Mapping[DiskPurpose, Size], PLAIN] = Field(default_factory=dict)
    """Disks by purpose, like `{database: 400GiB}`; on platform incus `system` alone."""
    bmc: Bmc | None = None
    """Baseboard management controller, for fencing."""
    cards: Annotated[Cards, PLAIN] = Field(default_factory=dict)
    """Cards that this machine calls otherwise than its networks do, like `{eno1: enp65s0f0}`, or lacks: `{eno2: none}`."""


def _nodes(value: Any) -> Any:
    """A node without anything to say: `st-a1:`."""
    if not isinstance(value, Mapping):
        return value
    return {name: {} if node is None else node for name, node in value.items()}


class MachineGroup(Spec):
    """The machines of one role: so many of them, or named ones, or both."""

    count: Annotated[Whole, Field(ge=0, le=MAXIMUM_NUMBER)] = 0
    """Machines numbered 1 to this, named `ctl-1`, `cmp-17`, ... Where some are missing (`without`) it is the highest number."""
    without: Annotated[tuple[Number, ...], AsList, PLAIN] = ()
    """Numbers that are gone; nobody else is renumbered."""
    nodes: Annotated[Mapping[Name, Machine], BeforeValidator(_nodes)] = Field(default_factory=dict)
    """Named nodes, each with a number or an address of its own. A counted name (`cmp-17`) refines that machine."""
    first: Annotated[
        tuple[Address, ...], BeforeValidator(_addresses), Trust("at which addresses the machines are that get secrets")
    ] = ()
    """Address of number 1, at most one per network. Default: the role's block."""
    spread: Annotated[DomainKind | None, PLAIN] = None
    """Kind of failure domain over which counted machines take turns."""
    domains: Annotated[tuple[Word, ...], AsList, Field(max_length=64), PLAIN] = ()
    """Names of those domains, in the order of turns: number 1 is in the first. Default: the environment's `domains`."""
    cpus: Cpus | None = None
    """Processors of each. Default: whatever the machine has."""
    memory: Size | None = None
    """Memory of each, like `64GiB`. Default: whatever the machine has."""
    disks: Annotated[Mapping[DiskPurpose, Size], PLAIN] = Field(default_factory=dict)
    """Disks of each by purpose, like `{database: 400GiB}`; on platform incus `system` alone."""
    cards: Annotated[Cards, PLAIN] = Field(default_factory=dict)
    """Cards that these machines call otherwise than their networks do, like `{eno1: enp65s0f0}`, or lack: `{eno2: none}`."""


def _group(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"count": value}
    if value is not None and not isinstance(value, Mapping | MachineGroup):
        raise refuse(
            "is not a number of machines", "Write how many, like `3`, or say more: `{count: 3, memory: 64GiB}`."
        )
    return value


Group = Annotated[MachineGroup, BeforeValidator(_group)]
"""A machine group; a whole number is short for `{count: number}`."""


class Machines(Spec):
    """Machine groups by role."""

    controller: Group = MachineGroup()
    """APIs, databases, message queue, load balancers; they vote. Needed."""
    network: Group = MachineGroup()
    """Gateways and routers of tenant networks."""
    compute: Group = MachineGroup()
    """Hypervisors."""
    storage: Group = MachineGroup()
    """Ceph's disks."""
    monitoring: Group = MachineGroup()
    """Metrics, logs and alerts."""
    arbiter: Group = MachineGroup()
    """Small machines that only vote, where there are two controllers."""
