"""The member's attributes, and the typed reading of a state."""

from __future__ import annotations

from dataclasses import dataclass

from hacienda import quorum
from hacienda.provider.framework.schema import STRINGS, Attribute
from hacienda.provider.framework.values import State
from hacienda.provider.ground import Place
from hacienda.remote.transport import Address

ATTRIBUTES = (
    Attribute("id", computed=True, description="The node's name."),
    Attribute("node", required=True, replace=True, description="The node's name."),
    Attribute("machine", required=True, replace=True, description="Id of the machine. A new machine is a new member."),
    Attribute("host", required=True, description="Address or host name for SSH."),
    Attribute("port", "number", optional=True, default=22, description="SSH port."),
    Attribute("user", required=True, description="SSH user: root, or a user that may use sudo without a password."),
    Attribute(
        "identity_file",
        optional=True,
        description="Path of the SSH private key. Default: the key in the store, or in the SSH agent.",
    ),
    Attribute("jump", optional=True, description="Jump host, in the format of ssh -J."),
    Attribute(
        "trust",
        required=True,
        description="Source of the host key: incus:<socket>?project=<name> or known_hosts:<path>.",
    ),
    Attribute("bundle", required=True, description="Path of bundle.tar.gz, relative to the stack's folder."),
    Attribute("bundle_hash", required=True, description="SHA-256 of the bundle, in hexadecimal."),
    Attribute("files", STRINGS, required=True, description="Path on the node -> short hash of the template's text."),
    Attribute(
        "secrets",
        STRINGS,
        optional=True,
        computed=True,
        description="Name of each secret of the node -> keyed digest. Null: the store is not here, keep the former ones.",
    ),
    Attribute(
        "secret_store", optional=True, description="Place of the secrets: a folder, file:<folder> or age:<file>."
    ),
    Attribute("voters", ["map", "number"], optional=True, description="Voter group -> this node's weight."),
    Attribute(
        "peers",
        ["map", ["object", {"host": "string", "port": "number", "voters": ["map", "number"]}]],
        optional=True,
        description="The other members of its voter groups, with their addresses.",
    ),
    Attribute(
        "redundancy",
        ["map", ["object", {"domain": "string", "copies": "number", "minimum": "number"}]],
        optional=True,
        description="Redundancy group, which has its service's name -> failure domain of this node's copies, number of copies "
        "of the group, and copies without which clients are not served.",
    ),
    Attribute(
        "keepers",
        ["map", ["object", {"host": "string", "port": "number", "services": ["list", "string"]}]],
        optional=True,
        description="Members that drain this node and remove it from their clusters when it leaves for good, with their "
        "addresses and the services that do it.",
    ),
    Attribute(
        "restarts",
        ["list", "string"],
        computed=True,
        description="Services that this change reconciles, restarts or reloads.",
    ),
    Attribute(
        "converged",
        "bool",
        computed=True,
        description="Whether the bundle is installed, and nothing failed or drifted.",
    ),
    Attribute("installed", computed=True, description="Time of the last delivery, UTC. Gates wait again after it."),
)

DELIVERED = ("bundle_hash", "files", "secrets")
"""Attributes whose change causes a delivery. The others only describe how to reach the node and its voter groups."""


@dataclass(frozen=True)
class Keeper:
    """A member that takes another one out of its clusters.

    Args:
        address: how it is reached.
        services: services that do it.
    """

    address: Address
    services: tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """A member, read from a state or a complete plan."""

    address: Address
    voter: quorum.Member
    peers: dict[str, Address]
    keepers: dict[str, Keeper]
    bundle: str
    bundle_hash: str
    files: dict[str, str]
    secrets: dict[str, str]
    secret_store: str


def voter(state: State) -> quorum.Member:
    """The member as a voter."""
    peers = {name: dict(peer["voters"] or {}) for name, peer in (state["peers"] or {}).items()}
    shares = {
        group: quorum.Share(share["domain"], int(share["copies"]), int(share["minimum"]))
        for group, share in (state["redundancy"] or {}).items()
    }
    return quorum.Member(state["node"], dict(state["voters"] or {}), peers, shares)


def place(state: State) -> Place:
    """The place of the member."""
    peers = {name: str(peer["host"]) for name, peer in (state["peers"] or {}).items()}
    return Place(str(state["machine"]), str(state["host"]), peers)


def declared(state: State) -> Declared:
    """Read a state in which all values are known, except computed ones."""

    def address(node: str, host: str, port: int) -> Address:
        return Address(
            node=node,
            host=host,
            port=int(port or 22),
            user=state["user"],
            identity_file=state["identity_file"] or "",
            trust=state["trust"],
            jump=state["jump"] or "",
        )

    secrets = state["secrets"]
    return Declared(
        address=address(state["node"], state["host"], state["port"]),
        voter=voter(state),
        peers={
            name: address(name, peer["host"], peer["port"]) for name, peer in sorted((state["peers"] or {}).items())
        },
        keepers={
            name: Keeper(address(name, keeper["host"], keeper["port"]), tuple(keeper["services"] or ()))
            for name, keeper in sorted((state["keepers"] or {}).items())
        },
        bundle=state["bundle"],
        bundle_hash=state["bundle_hash"],
        files=dict(state["files"]),
        secrets=dict(secrets) if isinstance(secrets, dict) else {},
        secret_store=state["secret_store"] or "",
    )
