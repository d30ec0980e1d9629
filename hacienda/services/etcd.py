"""etcd: keeps the claims of clusters that were founded, and the locks of rolling restarts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Assumption,
    Certificate,
    Port,
    Sandbox,
    Script,
    Service,
    ServiceOptions,
    Template,
    Timer,
    sandbox,
)

CONFIGURATION = "/etc/default/etcd"


class Options(ServiceOptions):
    """Options of etcd."""

    heartbeat_ms: Annotated[int, Field(ge=10, le=10000)] = 250
    """Milliseconds between the leader's heartbeats. Default: 250; etcd's own 100 suits dedicated machines."""
    election_ms: Annotated[int, Field(ge=50, le=50000)] = 2500
    """Milliseconds without a heartbeat after which a member stands for election: ten heartbeats. Default: 2500."""

    @model_validator(mode="after")
    def _patient(self) -> Self:
        """etcd refuses an election time-out below five heartbeats (embed/config.go)."""
        if self.election_ms < 5 * self.heartbeat_ms:
            raise ValueError("election_ms must be at least five times heartbeat_ms")
        return self


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {"address": cloud.address(node)}


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "client_port": service.port("client").number,
        "peer_port": service.port("peer").number,
        "token": f"hacienda-{cloud.name}",
    }


service = Service(
    name="etcd",
    title="Exactly-once claims and rolling locks",
    roles=("controller", "arbiter"),
    provides=("coordination",),
    after=("host", "firewall", "chrony"),
    voters=True,
    packages=("etcd-server", "etcd-client", "curl", "jq"),
    data=("/var/lib/etcd",),
    units=("etcd.service",),
    ports=(Port("client", 2379, clients="peers"), Port("peer", 2380, clients="peers")),
    files=(
        Certificate("/etc/etcd/tls", group="etcd", verifies_clients=True, on_change="restart"),
        Certificate("/etc/etcd/peer", group="etcd", usage="peer", authority="etcd-peers", on_change="restart"),
        # The certificate of root's scripts, so no daemon's user may read it.
        Certificate("/etc/etcd/client", usage="client", role="client", on_change="none"),
        # etcd's own gateway, which translates requests in JSON, is a client of its server.
        Certificate("/etc/etcd/gateway", group="etcd", usage="client", role="gateway", on_change="restart"),
        Template(CONFIGURATION, checker="etcd"),
        Template("/etc/systemd/system/etcd.service", checker="systemd-analyze"),
    ),
    variables=_variables,
    facts=_facts,
    options=Options,
    timers=(
        Timer(
            "heartbeat",
            lambda cloud, node: cloud.options_of(Options).heartbeat_ms / 1000,
            CONFIGURATION,
            "heartbeat_ms",
        ),
        Timer(
            "election", lambda cloud, node: cloud.options_of(Options).election_ms / 1000, CONFIGURATION, "election_ms"
        ),
    ),
    join=Script("join.sh"),
    sandboxes=(
        Sandbox(
            "etcd.service",
            ceiling=2.5,
            instead=(sandbox.ASKS_FOR_ADDRESSES,),
        ),
    ),
    verify=Script("verify.sh"),
    leave=Script("leave.sh"),
    scripts=(Script("members.sh"), Script("may-stop.sh")),
    held=("etcd-server",),
    assumptions=(
        Assumption("etcd-server", "program", "/usr/bin/etcd", reason="etcd.service starts it"),
        Assumption("etcd-server", "user", "etcd", reason="it runs as that user, who owns its data"),
        Assumption("etcd-server", "group", "etcd", reason="the group may read its certificate"),
        Assumption(
            "etcd-client",
            "answer",
            "etcdctl member add --help",
            "--learner",
            reason="a member joins as a learner, which cannot cost the quorum",
        ),
    ),
)
