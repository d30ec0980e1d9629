"""A tenant's standing instance, and clients that use it while a drill breaks things."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hacienda.cli.verify import chosen
from hacienda.operate import Project
from hacienda.operate.journey import migration, reach, sweep, volume
from hacienda.operate.journey.itinerary import STEPS
from hacienda.operate.journey.report import Observer
from hacienda.operate.journey.travel import setting_out, walk
from hacienda.operate.journey.traveller import Traveller
from tests.lab.clients import Api, Client, Felt, Publisher, SqlWriter
from tests.lab.cloud import Lab

LAST_STEP = "write"
"""The journey's step after which an instance runs, answers at its floating IP, and has written to its volume."""

LIMIT = 3600
"""Seconds after which clients stop by themselves."""

BLOCKS = 512
"""Blocks of 4 KiB that are written in turn, from the first one after those of the journey's own step."""


@dataclass
class Tenancy:
    """The tenant.

    Args:
        lab: where it lives.
        traveller: its connections, and what it has.
        written: block -> SHA-256 that the guest confirmed after a synchronized write.
    """

    lab: Lab
    traveller: Traveller
    written: dict[int, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The instance's floating IP."""
        return self.traveller.facts["address"]

    @property
    def serial(self) -> str:
        """The serial number of the volume's disk in the guest."""
        return str(self.traveller.made["volume"].id)[: volume.SERIAL]

    def host(self) -> str:
        """The compute that runs the instance, as Nova says."""
        return str(self.server().compute_host)

    def server(self) -> Any:
        """The instance, as Nova knows it."""
        return self.traveller.admin.compute.get_server(self.traveller.made["server"].id)

    def write(self, number: int) -> None:
        """Write one block, and remember its digest. An answer means that the disk has confirmed the bytes."""
        block = volume.BLOCKS + number % BLOCKS
        # Until an answer comes, the block has the former content or a new one, whose digest nobody knows.
        self.written.pop(block, None)
        answer = reach.get(self.address, f"/cgi-bin/disk?write&{self.serial}&{block}&1", seconds=90)
        if answer is None:
            raise TimeoutError(f"the guest does not confirm block {block}")
        self.written[block] = answer.strip()

    def lost(self) -> list[int]:
        """Blocks whose confirmed content is gone."""

        def read(block: int) -> str:
            return (reach.get(self.address, f"/cgi-bin/disk?read&{self.serial}&{block}&1", seconds=90) or "").strip()

        return [block for block, digest in sorted(self.written.items()) if read(block) != digest]

    def answers(self) -> bool:
        """Whether the instance answers at its floating IP."""
        return reach.get(self.address, "/", seconds=2) is not None

    def wait_until_reached(self, seconds: float = 240) -> float:
        """Seconds until the instance answers."""
        began = time.monotonic()
        while not self.answers():
            assert time.monotonic() < began + seconds, (
                f"{self.address} does not answer; Nova says {self.server().status}"
            )
            time.sleep(0.5)
        return time.monotonic() - began


@contextmanager
def lived_in(lab: Lab) -> Iterator[Tenancy]:
    """A tenancy, by the steps of `hacienda verify`; it is removed at the end."""
    project = Project(lab.root)
    cloud = project.read(lab.environment)
    steps = STEPS[: [step.name for step in STEPS].index(LAST_STEP) + 1]
    with setting_out(project, cloud, chosen(cloud, None, "")) as traveller:
        try:
            report = walk(traveller, steps, Observer(), keep=True)
            assert report.well, report.document()
            yield Tenancy(lab, traveller)
        finally:
            sweep.own(traveller)


@dataclass
class Work:
    """What clients felt meanwhile.

    Args:
        calls: API -> what its clients felt.
        rows: what the client of the database felt.
        messages: what the client of the message queue felt; None: there is none.
        blocks: what the guest felt that writes to its volume.
        pings: times of the answers of the instance.
        clients: all of them, while they work.
    """

    calls: dict[str, Felt] = field(default_factory=dict)
    rows: Felt = field(default_factory=Felt)
    messages: Felt | None = None
    blocks: Felt = field(default_factory=Felt)
    pings: list[float] = field(default_factory=list)
    clients: dict[str, Client] = field(default_factory=dict)

    def all_go_on(self, seconds: float, unless: tuple[str, ...] = ()) -> None:
        """Wait until every client had more confirmations.

        Raises:
            AssertionError: one had none in time; carries what it felt last.
        """
        for name, client in self.clients.items():
            if name not in unless:
                assert client.wait_for_more(3, seconds), f"{name}: {client.felt.failures[-3:]}"

    def outages(self) -> Mapping[str, float]:
        """Longest time without a confirmation, by what was asked."""
        found = {f"API {name}": felt.outage() for name, felt in self.calls.items()}
        found["database rows"] = self.rows.outage()
        if self.messages is not None:
            found["messages"] = self.messages.outage()
        found["volume writes"] = self.blocks.outage()
        found["ping"] = migration.longest(self.pings) or float("inf")
        return found


@contextmanager
def at_work(
    tenancy: Tenancy, writer: SqlWriter, publisher: Publisher | None, apis: Mapping[str, str]
) -> Iterator[Work]:
    """Clients of every API, of the database, of the message queue, of the instance and of its volume work meanwhile.

    Args:
        publisher: the client of the message queue; None: there is none.
        apis: name -> URL that a token gets.
    """
    lab, work = tenancy.lab, Work()
    token = lab.keystone().issue()
    authority = lab.ca().read_text()
    operations: dict[str, Callable[[int], None]] = {
        name: Api(url, token, authority, patience=30) for name, url in apis.items()
    }
    for name, operation in operations.items():
        work.clients[name] = Client(operation, pause=1.0, limit=LIMIT, many=True)
        work.calls[name] = work.clients[name].felt
    work.clients["rows"] = Client(writer, pause=0.1, limit=LIMIT)
    work.clients["blocks"] = Client(tenancy.write, pause=0.1, limit=LIMIT)
    work.rows, work.blocks = work.clients["rows"].felt, work.clients["blocks"].felt
    if publisher is not None:
        work.clients["messages"] = Client(publisher, pause=0.1, limit=LIMIT)
        work.messages = work.clients["messages"].felt
    with contextlib.ExitStack() as stack:
        answers = stack.enter_context(migration._pinged(tenancy.address))
        for client in work.clients.values():
            stack.enter_context(client)
        work.all_go_on(60)
        yield work
    work.pings += answers


def gateway(lab: Lab) -> str:
    """The network machine that carries the tenant's router, as OVN's southbound database says."""
    asked = ["find", "Port_Binding", "type=chassisredirect"]
    chassis = _southbound(lab, "--bare", "--columns=chassis", *asked).split()
    assert chassis, "no gateway port is bound"
    return _southbound(lab, "--bare", "--columns=hostname", "list", "Chassis", chassis[0]).strip()


def southbound_leader(lab: Lab) -> str:
    """The controller whose southbound database leads."""
    for node in lab.running():
        said = lab.on(node, "ovn-appctl", "-t", "/run/ovn/ovnsb_db.ctl", "cluster/status", "OVN_Southbound")
        if "Role: leader" in said:
            return node
    raise AssertionError("no southbound database leads")


def _southbound(lab: Lab, *arguments: str) -> str:
    leader = southbound_leader(lab)
    return lab.on(leader, "ovn-sbctl", "--db=unix:/run/ovn/ovnsb_db.sock", "--no-leader-only", *arguments)
