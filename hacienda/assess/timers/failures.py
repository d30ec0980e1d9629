"""Each failure as an ordered sum of timers. Sources: docs/timers.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hacienda.assess.timers.model import Failure
from hacienda.assess.timers.readings import NotTimedError, Reading, Readings
from hacienda.assess.timers.steps import Longest, Step, Sum, Time, timed
from hacienda.cloud import entrance
from hacienda.cloud.model import Cloud
from hacienda.declare import Capability, Frontend, Service, Timer

TICKTIME_SHARE = 1.25
"""Erlang counts a silent node as down after 0.75 to 1.25 net_ticktime (kernel application, `net_ticktime`)."""

SMALLEST_RTO = 0.2
"""Linux' TCP_RTO_MIN, in seconds."""
LARGEST_RTO = 120.0
"""Linux' TCP_RTO_MAX, in seconds."""

LEASES = 2
"""Leases after which a monitor that misses them stands for election (`mon_lease_ack_timeout_factor`, its default)."""

BALANCERS = "balancers"
"""Section of the load balancer's timers for its checks whether it reaches the other load balancers."""

OUTAGE = ": longest write outage"
"""End of the names of drills that measure how long a client's writes fail."""


def failures(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    """Every failure that the cloud can have.

    Args:
        cloud: the resolved cloud.
        readings: readings of its services' timers.

    Raises:
        DeclarationError: no service declares a timer that a failure needs. It is a programming error.
    """
    for describe in _DESCRIBED:
        try:
            # A service with two front ends that are checked alike fails in the same way behind both.
            found = tuple(dict.fromkeys(describe(cloud, readings)))
        except NotTimedError:
            continue
        yield from found


def balancer(readings: Readings, name: str, listener: str = "") -> Reading:
    """A timer of the load balancer."""
    return readings.longest(readings.provider("load balancer"), name, listener)


def keeper(readings: Readings, name: str) -> Reading:
    """A timer of the service that holds the virtual IPs."""
    return readings.longest(readings.provider("virtual ip"), name)


def silent(readings: Readings, listener: str) -> Sum:
    """Time until the load balancer drops a backend whose machine is silent.

    A failed check lasts min(connect time-out, inter), and the next one follows after fastinter (its manual, `timeout check` and
    `fastinter`).
    """
    fall = balancer(readings, "fall", listener).value
    waits = min((balancer(readings, name, listener) for name in ("connect time-out", "inter")), key=lambda r: r.value)
    return Sum(
        "the load balancer drops the backend",
        (
            timed(balancer(readings, "inter", listener)),
            timed(waits, fall, "failed check"),
            timed(balancer(readings, "fastinter", listener), fall - 1),
        ),
    )


def refused(readings: Readings, listener: str) -> Sum:
    """Time until the load balancer drops a backend that immediately refuses its checks or answers them with an error."""
    fall = balancer(readings, "fall", listener).value
    return Sum(
        "the load balancer drops the backend",
        (
            timed(balancer(readings, "inter", listener)),
            timed(balancer(readings, "fastinter", listener), fall - 1),
        ),
    )


def hanging(readings: Readings, listener: str) -> Sum:
    """Time until the load balancer drops a backend that accepts its checks and never answers."""
    fall = balancer(readings, "fall", listener).value
    return Sum(
        "the load balancer drops the backend",
        (
            timed(balancer(readings, "inter", listener)),
            timed(balancer(readings, "check time-out", listener), fall),
            timed(balancer(readings, "fastinter", listener), fall - 1),
        ),
    )


def address(readings: Readings) -> Sum:
    """Time until a backup takes the virtual IP: three missed advertisements and the skew (RFC 5798, 6.1)."""
    return Sum("the virtual IP moves", (timed(keeper(readings, "advert_int"), 3), _skew(readings)))


def given_up(cloud: Cloud, readings: Readings) -> Sum:
    """Time until a machine that is cut off gives up the virtual IP.

    Its load balancer reaches neither the majority of the others nor a writer, and the script that watches it reports that. It
    applies only where a load balancer can be cut off (`separable`).
    """
    alone: list[Step] = [silent(readings, BALANCERS)]
    for service, listener in _listeners(cloud, single_writer=True):
        asks = timed(readings.longest(service.name, "poll"))
        alone.append(_after((*_view(readings, service.name).of, asks), refused(readings, listener)))
    fall = keeper(readings, "script fall").value
    script = timed(keeper(readings, "script interval"), fall, "script interval")
    return Sum(
        "it gives up the virtual IP", (Longest("the load balancer notices that it is cut off", tuple(alone)), script)
    )


def separable(cloud: Cloud, readings: Readings) -> bool:
    """Whether a load balancer can notice that it is cut off: there are several, and they agree on a writer."""
    several = entered(cloud) and len(cloud.members(readings.provider("load balancer"))) > 1
    return several and any(_listeners(cloud, single_writer=True))


def entered(cloud: Cloud) -> bool:
    """Whether clients reach the cloud over a virtual IP with a load balancer behind it."""
    offered = (cloud.provider("load balancer"), cloud.provider("virtual ip"))
    return bool(cloud.virtual_ips) and None not in offered


def announced(readings: Readings) -> Sum:
    """How long the successor announces itself after it takes the virtual IP (docs/timers.md)."""
    repeat = keeper(readings, "garp_master_repeat").value
    return Sum(
        "the successor announces itself",
        (
            timed(keeper(readings, "garp_master_delay")),
            timed(keeper(readings, "garp_interval"), repeat),
        ),
    )


def _view(readings: Readings, database: str) -> Sum:
    """Time until the members of a group agree on a view without the lost one (extended virtual synchrony)."""
    parts = ("suspect_timeout", "inactive_check_period", "join_retrans_period")
    return Sum(
        "the members agree without it", tuple(timed(readings.longest(database, f"evs.{part}")) for part in parts)
    )


def _skew(readings: Readings) -> Time:
    """How long the second in rank waits beyond three advertisements before it takes over from the first."""
    advert = keeper(readings, "advert_int").value
    ranked = sorted(
        {reading.value for reading in readings.of(readings.provider("virtual ip"), "priority")}, reverse=True
    )
    return Time("skew", advert * (256 - ranked[min(1, len(ranked) - 1)]) / 256)


def _entrance(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    if entered(cloud):
        moves = address(readings)
        yield Failure("machine with the virtual IP lost", "entrance", moves, moves, target=1.2)


def _load_balancer(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    if not entered(cloud):
        return
    fall = keeper(readings, "script fall").value
    interval = keeper(readings, "script interval")
    dead = Sum("the script reports", (timed(interval, fall, "script interval"), _skew(readings)))
    yield Failure("load balancer dies", "entrance", dead, dead, target=4.0)
    patience = keeper(readings, "script timeout")
    hangs = Sum("the script reports", (timed(interval), timed(patience, fall, "script timeout"), _skew(readings)))
    yield Failure("load balancer hangs", "", hangs, hangs)


def _cut_off(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    """Only for a client that hears both sides and heard the former holder last. Others use the successor immediately."""
    if separable(cloud, readings):
        up = given_up(cloud, readings)
        heard = timed(keeper(readings, "garp_interval"), 1, "the successor's next announcement")
        back = Sum("clients return", (up, heard))
        yield Failure("virtual IP on a machine that is cut off", "", up, back, target=6.0)


def _databases(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    for service, listener in _listeners(cloud, single_writer=True):
        name = service.name
        view = _view(readings, name)
        connect = timed(balancer(readings, "writer connect time-out"), 1, "a connection made too early")
        asks = (timed(readings.longest(name, "poll")), timed(readings.longest(name, "read time-out of the checker")))
        lost: tuple[Step, ...] = (address(readings), silent(readings, listener), view)
        kinds: tuple[tuple[str, tuple[Step, ...], float, tuple[str, ...]], ...] = (
            (
                "machine with the virtual IP and the database's writer lost",
                lost,
                2.5,
                (f"VIP holder loses power{OUTAGE}", f"writer and VIP holder cut off{OUTAGE}"),
            ),
            ("database's writer dies", (_after(asks[:1], refused(readings, listener)), view), 3.0, ()),
            (
                "database's writer hangs",
                (_after(asks, refused(readings, listener)), view),
                3.0,
                (f"writer hangs{OUTAGE}",),
            ),
        )
        for number, (what, noticed, target, drills) in enumerate(kinds):
            detection = Longest("noticed", noticed)
            recovery = Sum(what, (detection, connect))
            yield Failure(what, "" if number else name, detection, recovery, target, drills)


def _after(first: tuple[Step, ...], then: Sum) -> Sum:
    return Sum(then.label, (*first, *then.of))


def _apis(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    for service, listener in _listeners(cloud, single_writer=False):
        kinds: tuple[tuple[str, Callable[[Readings, str], Sum], str, float | None], ...] = (
            (f"machine with {service.name} lost", silent, service.name, None),
            (f"{service.name} dies", refused, "", 6.0),
            (f"{service.name} hangs", hanging, "", 25.0),
        )
        for what, detection, owner, target in kinds:
            found = detection(readings, listener)
            yield Failure(what, owner, found, found, target)
        yield from _waiting(cloud, service, readings)


def _waiting(cloud: Cloud, service: Service, readings: Readings) -> Iterator[Failure]:
    """A request of a service whose database query was on its way to the lost machine."""
    if service not in clients(cloud, readings, "database read_timeout"):
        return
    whole = waiting(cloud, service, readings)
    drills = ("VIP holder loses power: longest token outage",) if "identity" in service.provides else ()
    yield Failure(whole.label, "", whole.of[0], whole, drills=drills)


def waiting(cloud: Cloud, service: Service, readings: Readings) -> Sum:
    """How long a query waits that was on its way to the lost machine of the database."""
    patience = timed(readings.longest(service.name, "database read_timeout"))
    again = timed(readings.longest(service.name, "database connect_timeout"))
    database = (failure.recovery for failure in _databases(cloud, readings) if failure.service)
    return Sum(f"{service.name}'s query to a lost database", (Longest("noticed", (patience, *database)), again))


def calling(service: Service, readings: Readings) -> Sum:
    """How long a call by the message queue waits for another server of the queue if its own is lost.

    A heartbeat is sent `heartbeat_rate` times in the threshold. What is not acknowledged within the threshold ends the connection
    (oslo.messaging, impl_rabbit.py: TCP_USER_TIMEOUT).
    """
    rate = readings.longest(service.name, "heartbeat_rate").value
    threshold = readings.longest(service.name, "heartbeat_timeout_threshold")
    noticed = Sum("the client notices", (timed(threshold, 1 / rate, "heartbeat_timeout_threshold"), timed(threshold)))
    again = timed(readings.longest(service.name, "kombu_reconnect_delay"))
    early = timed(readings.longest(service.name, "rabbit_interval_max"), 1, "rabbit_interval_max")
    return Sum(f"{service.name}'s call by a lost server of the queue", (noticed, again, early))


def unwritten(storage: Service, readings: Readings) -> Sum:
    """How long writes wait for a lost machine with copies: its peers miss its heartbeats and report that to the monitors."""
    names = ("osd_heartbeat_grace", "osd_heartbeat_interval", "osd_mon_report_interval")
    return Sum("its peers report it", tuple(timed(readings.longest(storage.name, name)) for name in names))


def elected(storage: Service, readings: Readings) -> Sum:
    """How long the monitors have no leader if theirs is lost (Paxos.cc, `lease_timeout`; Elector.cc)."""
    return Sum(
        "a new leader",
        (
            timed(readings.longest(storage.name, "mon_lease"), LEASES),
            timed(readings.longest(storage.name, "mon_election_timeout")),
        ),
    )


def switching(logical: Service, readings: Readings) -> Sum:
    """Time until another gateway takes over (RFC 5880, 6.8.4: detection time)."""
    packets = readings.longest(logical.name, "bfd multiplier").value
    return Sum("another gateway notices", (timed(readings.longest(logical.name, "bfd interval"), packets),))


def translating(logical: Service, readings: Readings) -> Sum:
    """How long changes of logical networks wait if the leader of the databases is lost, with the daemon that translates them.

    The new leader releases the lock of the lost daemon when two probes have had no answer (ovsdb-server(1)).
    """
    return Sum(
        "changes are translated",
        (
            timed(readings.longest(logical.name, "election"), 2),
            timed(readings.longest(logical.name, "northd's inactivity probe"), 2),
        ),
    )


def accounts(cloud: Cloud, capability: Capability) -> tuple[Service, ...]:
    """Services with an account at the provider of a capability."""
    provider = cloud.provider(capability)
    kinds = {kind.name for kind in provider.hands_out} if provider else set()
    return tuple(
        service
        for service in cloud.services
        if cloud.members(service.name) and any(account.kind in kinds for account in service.accounts)
    )


def copies(cloud: Cloud) -> Iterator[tuple[Service, Service]]:
    """The storage cluster, with each service whose machines hold copies for it."""
    storage = cloud.provider("storage cluster")
    for kept in storage.redundancy if storage else ():
        if storage is not None and kept.held_by and cloud.members(kept.held_by):
            yield storage, cloud.registry[kept.held_by]


def reporting(cloud: Cloud) -> Iterator[Service]:
    """Services whose daemons report that they live."""
    for service in cloud.services:
        stated = {timer.name for timer in service.timers if isinstance(timer, Timer)}
        if stated & {"report_interval", "service_down_time"} and cloud.members(service.name):
            yield service


def clients(cloud: Cloud, readings: Readings, name: str) -> tuple[Service, ...]:
    """Services with database connections that have a timer of that name."""
    return tuple(service for service in cloud.services if service.pools and readings.has(service.name, name))


def _messages(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    service = cloud.provider("message queue")
    if service is not None:
        tick = Sum(
            "the peers notice", (timed(readings.longest(service.name, "net_ticktime"), TICKTIME_SHARE, "net_ticktime"),)
        )
        yield Failure(f"machine with {service.name} lost", service.name, tick, tick, target=75.0)
        beat = Sum("the client notices", (timed(readings.longest(service.name, "heartbeat")),))
        yield Failure(f"waiting client of a lost {service.name}", "", beat, beat)


def _calls(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    for service in accounts(cloud, "message queue"):
        whole = calling(service, readings)
        yield Failure(whole.label, "", whole.of[0], whole)


def _networks(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    logical = cloud.provider("logical network")
    if logical is not None and len(cloud.members(logical.name)) > 1:
        changes = translating(logical, readings)
        yield Failure(f"{logical.name}'s leader lost", logical.name, changes, changes)
    for service in cloud.services if logical else ():
        for station in service.stands_in:
            carry = [node for node in cloud.members(service.name) if station.on(cloud, node)]
            if logical is not None and station.deed == "instance reachable" and station.which == "any" and carry:
                moves = switching(logical, readings)
                yield Failure(f"gateway of {service.name} lost", service.name, moves, moves)


def _storage(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    for storage, holder in copies(cloud):
        lost = unwritten(storage, readings)
        yield Failure(f"machine with {holder.name} lost", holder.name, lost, lost)
        leader = elected(storage, readings)
        yield Failure(f"{storage.name}'s leader lost", "", leader, leader)


def _reports(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    """Work is sent to a daemon until it counts as dead. Requests to a front end do not wait for that."""
    for service in reporting(cloud):
        if not service.frontends:
            dead = Sum("it counts as dead", (timed(readings.longest(service.name, "service_down_time")),))
            yield Failure(f"machine with {service.name} lost", service.name, dead, dead)


def _elections(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    """A member waits for one to two election time-outs (raft, `randomizedElectionTimeout`)."""
    service = cloud.provider("coordination")
    if service is not None:
        elected = Sum("a new leader", (timed(readings.longest(service.name, "election"), 2, "election"),))
        yield Failure(f"{service.name}'s leader lost", service.name, elected, elected)


def _connections(cloud: Cloud, readings: Readings) -> Iterator[Failure]:
    system = cloud.provider("operating system")
    if system is None:
        return
    retries = readings.longest(system.name, "tcp_retries2")
    sends = Time("retransmissions", retransmitting(int(retries.value)), 1, retries.file)
    yield Failure("connection with unacknowledged data to a lost machine", "", sends, sends)
    probes = readings.longest(system.name, "tcp_keepalive_probes").value
    idle = Sum(
        "keep-alive",
        (
            timed(readings.longest(system.name, "tcp_keepalive_time")),
            timed(readings.longest(system.name, "tcp_keepalive_intvl"), probes),
        ),
    )
    yield Failure("idle connection to a lost machine", "", idle, idle)


def retransmitting(retries: int) -> float:
    """Seconds until Linux gives up a connection with a short round trip (tcp_timer.c, `tcp_model_timeout`).

    The waits double from TCP_RTO_MIN to TCP_RTO_MAX; there is one more wait than retries. Measured: 26.4 s for 6 retries.
    """
    return sum(min(SMALLEST_RTO * float(2**number), LARGEST_RTO) for number in range(retries + 1))


def fronts(cloud: Cloud) -> Iterator[tuple[Service, Frontend, str]]:
    """Balanced services with their front ends on a virtual IP, and the names of the front ends."""
    for service in cloud.services if entered(cloud) else ():
        for front in service.frontends:
            if any(cloud.virtual_ip(scope) is not None for scope in front.scopes):
                yield service, front, entrance.name(service, front)


def _listeners(cloud: Cloud, *, single_writer: bool) -> Iterator[tuple[Service, str]]:
    return ((service, name) for service, front, name in fronts(cloud) if front.single_writer == single_writer)


_DESCRIBED: tuple[Callable[[Cloud, Readings], Iterator[Failure]], ...] = (
    _entrance, _load_balancer, _cut_off, _databases, _apis, _messages, _calls, _elections, _networks, _storage, _reports,
    _connections,
)  # fmt: skip
