"""Times that contradict each other, each with a fix."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

from hacienda.assess.timers import failures
from hacienda.assess.timers import readings as readings_of
from hacienda.assess.timers.model import Contradiction, Failure, Line
from hacienda.assess.timers.readings import NotTimedError, Reading, Readings
from hacienda.assess.timers.steps import short, times
from hacienda.cloud.model import Cloud

FEWEST_KEEPALIVES = 3
"""Keep-alives that a member must miss before it is suspected. With fewer, one lost packet causes a suspicion."""
FEWEST_HEARTBEATS = 5
"""Heartbeats per election time-out. With fewer, a member refuses to start (embed/config.go)."""

Check = Callable[[Cloud, Readings], Iterable[Contradiction]]


def contradictions(cloud: Cloud, readings: Readings, found: Iterable[Failure]) -> Iterator[Contradiction]:
    """Contradictions between times, and failures that take longer than their targets.

    Args:
        cloud: the resolved cloud.
        readings: readings of its services' timers.
        found: its failures.

    Raises:
        DeclarationError: no service declares a timer that is compared. It is a programming error.
    """
    failures_found = tuple(found)
    for check in _CHECKS:
        try:
            told = tuple(check(cloud, readings))
        except NotTimedError:
            continue
        yield from told
    yield from _patience(cloud, readings, failures_found)
    for failure in failures_found:
        if not failure.within_target:
            yield _late(failure)


def measured(lines: Iterable[Line]) -> Iterator[Contradiction]:
    """Drills that took longer than the budget of their failure."""
    for line in lines:
        drill = line.longest
        if drill is not None and line.exceeded:
            spent = line.failure.recovery
            reason = (
                f"{drill.name}: {short(drill.seconds)} measured ({drill.machine}, {drill.date}), beyond the budget of "
                f"{short(spent.seconds)}: {spent}."
            )
            fix = "Find the step that took longer. Either a value differs from its file, or the budget lacks a step."
            yield Contradiction("services", reason, fix)


def _late(failure: Failure) -> Contradiction:
    longest = max(times(failure.recovery), key=lambda time: time.seconds)
    reason = f"{failure.name}: {short(failure.recovery.seconds)} at worst, the target is {failure.target:g} s: {failure.recovery}."
    return Contradiction("services", reason, f"Shorten the longest step: {longest} in {longest.file}.")


def _evs(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    for service in _replicated(cloud):
        keepalive, suspect, inactive, period, retransmit, install = (
            readings.longest(service, f"evs.{name}").value
            for name in (
                "keepalive_period",
                "suspect_timeout",
                "inactive_timeout",
                "inactive_check_period",
                "join_retrans_period",
                "install_timeout",
            )
        )
        checks = (
            (
                suspect >= inactive,
                f"evs.suspect_timeout {short(suspect)} is not below evs.inactive_timeout {short(inactive)}: "
                "members are cut off before the others agree that they are suspect.",
                f"Use an inactive_timeout of at least {short(2 * suspect)}.",
            ),
            (
                suspect < FEWEST_KEEPALIVES * keepalive,
                f"evs.suspect_timeout {short(suspect)} has room for {suspect / keepalive:.1f} keep-alives of {short(keepalive)}: "
                "one lost packet causes a suspicion.",
                f"Use a keepalive_period of at most {short(suspect / FEWEST_KEEPALIVES)}.",
            ),
            (
                period > suspect / 2,
                f"evs.inactive_check_period {short(period)} is more than half of evs.suspect_timeout {short(suspect)}: "
                "suspicions come late.",
                f"Use at most {short(suspect / 2)}.",
            ),
            (
                install <= retransmit,
                f"evs.install_timeout {short(install)} is not above evs.join_retrans_period {short(retransmit)}: "
                f"one power cut can end in an endless non-primary loop (`hacienda explain docs/services/{service}.md`).",
                f"Use an install_timeout of at least {short(5 * retransmit)}.",
            ),
            (
                install > inactive,
                f"evs.install_timeout {short(install)} is above evs.inactive_timeout {short(inactive)}.",
                f"Use an install_timeout of at most {short(inactive)}.",
            ),
        )
        yield from (Contradiction(f"services.{service}", reason, fix) for wrong, reason, fix in checks if wrong)


def _checker(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    for service in _replicated(cloud):
        poll = readings.longest(service, "poll").value
        patience = readings.longest(service, "read time-out of the checker").value
        stale = readings.longest(service, "stale").value
        if stale <= poll + patience:
            reason = (
                f"the checker counts as stuck after {short(stale)}, but one query may take {short(poll + patience)}."
            )
            yield Contradiction(f"services.{service}", reason, f"Use more than {short(poll + patience)}.")


def _leaving(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """A server that leaves or restarts must wait until the load balancer has noticed it."""
    for service, _, listener in failures.fronts(cloud):
        seen = failures.refused(readings, listener)
        for name in ("drain", "restart"):
            if not readings.has(service.name, name):
                continue
            reading = readings.longest(service.name, name)
            if reading.value <= seen.seconds:
                reason = (
                    f"{service.name}'s {name} waits {short(reading.value)}, but the load balancer notices only after "
                    f"{short(seen.seconds)} that the server is away: {seen}."
                )
                yield Contradiction(reading.where, reason, f"Use more than {short(seen.seconds)} in {reading.file}.")


def _script(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    if not failures.entered(cloud):
        return
    interval = failures.keeper(readings, "script interval").value
    patience = failures.keeper(readings, "script timeout")
    fall = failures.keeper(readings, "script fall").value
    adverts = failures.keeper(readings, "advert_int")
    advert = adverts.value
    if patience.value > interval:
        reason = (
            f"the script of {patience.service} may take {short(patience.value)} and is due every {short(interval)}: "
            "some runs are skipped."
        )
        yield Contradiction(patience.where, reason, f"Use a timeout of at most {short(interval)}.")
    if 3 * advert > fall * interval:
        reason = (
            f"a lost machine is noticed after 3 advertisements of {short(advert)}, but "
            f"a dead load balancer already after {fall:g} x {short(interval)}: the worse failure takes longer."
        )
        fix = f"Use at most {short(fall * interval / 3)}."
        yield Contradiction(adverts.where, reason, fix)


def _announcing(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """A machine that is cut off may take clients back until it gives up the virtual IP. Its successor must announce longer."""
    if not failures.separable(cloud, readings):
        return
    where = readings_of.where(readings.provider("virtual ip"))
    delay, repeat, pause = (
        failures.keeper(readings, f"garp_{name}").value for name in ("master_delay", "master_repeat", "interval")
    )
    if repeat * pause < delay:
        reason = (
            f"a new holder of a virtual IP announces itself for {short(repeat * pause)}, and again after {short(delay)}: "
            "in between it loses clients to a former holder that is cut off."
        )
        fix = f"Use a vrrp_garp_master_repeat of at least {math.ceil(delay / pause)}."
        yield Contradiction(where, reason, fix)
    up, moves, told = (
        failures.given_up(cloud, readings),
        failures.address(readings),
        failures.announced(readings),
    )
    if moves.seconds + told.seconds <= up.seconds:
        reason = (
            f"a machine that is cut off gives up a virtual IP after {short(up.seconds)} at worst ({up}), but its successor "
            f"announces itself for the last time after {short(moves.seconds + told.seconds)}."
        )
        fix = f"Use a vrrp_garp_master_delay of more than {short(up.seconds - moves.seconds)}."
        yield Contradiction(where, reason, fix)


def _recycle(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """Pools must renew their connections before the load balancer drops them."""
    for database, listener in _databases(cloud):
        limits = [failures.balancer(readings, f"{side} time-out", listener) for side in ("client", "server")]
        shortest = min(limits, key=lambda reading: reading.value)
        ends = failures.balancer(readings, "hard-stop-after")
        for recycle in _clients(cloud, readings, "connection_recycle_time"):
            service = recycle.service
            if recycle.value >= shortest.value:
                reason = (
                    f"{service} keeps idle connections to {database} for {short(recycle.value)}, "
                    f"but the load balancer drops them after {short(shortest.value)} ({shortest.name})."
                )
                fix = f"Renew them earlier, or raise the load balancer's {shortest.name}."
                yield Contradiction(recycle.where, reason, fix, "TIMERS", concerns=(service,))
            if ends.value <= recycle.value:
                reason = (
                    f"a reload cuts database connections after {short(ends.value)}, "
                    f"but {service} renews its connections only after {short(recycle.value)}."
                )
                fix = f"Use more than {short(recycle.value)}."
                yield Contradiction(ends.where, reason, fix, "TIMERS", "warning", (service,))


def _answers(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """The load balancer must wait longer for a service than the service waits for the database."""
    if not any(_databases(cloud)):
        return
    for patience in _clients(cloud, readings, "database read_timeout"):
        own = [name for service, _, name in failures.fronts(cloud) if service.name == patience.service]
        times = [failures.balancer(readings, "server time-out", name) for name in own]
        answer = min(times, key=lambda reading: reading.value, default=None)
        if answer is not None and patience.value >= answer.value:
            reason = (
                f"the load balancer waits {short(answer.value)} for {patience.service}, which itself waits "
                f"{short(patience.value)} for the database."
            )
            fix = f"Use more than {short(patience.value)}."
            yield Contradiction(answer.where, reason, fix, "TIMERS", concerns=(patience.service,))


def _connecting(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    for _ in _databases(cloud):
        behind = failures.balancer(readings, "writer connect time-out")
        for before in _clients(cloud, readings, "database connect_timeout"):
            if before.value <= behind.value:
                reason = (
                    f"{before.service} gives up a connection after {short(before.value)}, "
                    f"but the load balancer tries for {short(behind.value)}."
                )
                yield Contradiction(behind.where, reason, f"Use less than {short(before.value)}.")


def _calls(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """A call must wait longer for its answer than what it waits for takes to fail over, and no longer than its client waits."""
    callers = failures.accounts(cloud, "message queue")
    beneath = [failures.waiting(cloud, one, readings) for one in callers if one.pools and any(_databases(cloud))]
    beneath += [failures.unwritten(storage, readings) for storage, _ in failures.copies(cloud)]
    for service in callers:
        answer = readings.longest(service.name, "rpc_response_timeout")
        longest = max((*beneath, failures.calling(service, readings)), key=lambda step: step.seconds)
        if answer.value <= longest.seconds:
            reason = (
                f"{service.name} gives up a call after {short(answer.value)}, but what it waits for may take "
                f"{short(longest.seconds)} ({longest.label}): {longest}."
            )
            yield Contradiction(answer.where, reason, f"Use more than {short(longest.seconds)}.")
        fronts = [name for other, _, name in failures.fronts(cloud) if other.name == service.name]
        for name in fronts:
            patience = failures.balancer(readings, "server time-out", name)
            if answer.value > patience.value:
                reason = (
                    f"the load balancer waits {short(patience.value)} for {service.name}, which itself waits "
                    f"{short(answer.value)} for the answer to a call."
                )
                fix = f"Use at most {short(patience.value)}, or raise the load balancer's {patience.name}."
                yield Contradiction(answer.where, reason, fix, "TIMERS", "warning", (service.name,))
                break


def _reports(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """A daemon must not count as dead while its report waits for a failover."""
    callers = failures.accounts(cloud, "message queue")
    queries = [failures.waiting(cloud, one, readings) for one in callers if one.pools and any(_databases(cloud))]
    for service in failures.reporting(cloud):
        down = readings.longest(service.name, "service_down_time")
        interval = readings.longest(service.name, "report_interval")
        # A daemon without connections to the database reports by the queue.
        calls = [failures.calling(service, readings)] if service in callers and not service.pools else []
        longest = max((*queries, *calls), key=lambda step: step.seconds, default=None)
        waits = longest.seconds if longest else 0.0
        if down.value <= interval.value + waits:
            why = f", which may wait {short(waits)} ({longest.label})" if longest else ""
            reason = f"{service.name} counts as dead after {short(down.value)}, but reports every {short(interval.value)}{why}."
            yield Contradiction(down.where, reason, f"Use more than {short(interval.value + waits)}.")


def _heartbeats(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """Heartbeats between machines with copies, and the reports of those that miss them."""
    for storage, holder in failures.copies(cloud):
        grace = readings.longest(storage.name, "osd_heartbeat_grace")
        interval = readings.longest(storage.name, "osd_heartbeat_interval").value
        if grace.value < FEWEST_KEEPALIVES * interval:
            reason = (
                f"a machine with copies counts as silent after {short(grace.value)}, which has room for "
                f"{grace.value / interval:.1f} heartbeats of {short(interval)}."
            )
            yield Contradiction(grace.where, reason, f"Use at least {short(FEWEST_KEEPALIVES * interval)}.")
        reporters = readings.longest(storage.name, "mon_osd_min_down_reporters")
        others = len(cloud.members(holder.name)) - 1
        if 0 < others < reporters.value:
            reason = (
                f"{storage.name} believes {reporters.value:g} machines that report a silent one, but only {others} can: "
                "it is noticed when it misses its reports to the monitors, after many minutes."
            )
            fix = f"Use at least {reporters.value + 1:g} machines with {holder.name}."
            yield Contradiction(f"machines.{cloud.members(holder.name)[0].role}", reason, fix)


def _mounting(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    """A new connection to the storage cluster must outlast an election of its monitors."""
    storage = cloud.provider("storage cluster")
    for service in failures.accounts(cloud, "storage cluster"):
        if storage is None or not readings.has(service.name, "client_mount_timeout"):
            continue
        patience = readings.longest(service.name, "client_mount_timeout")
        election = failures.elected(storage, readings)
        if patience.value <= election.seconds:
            reason = (
                f"{service.name} gives up a connection to {storage.name} after {short(patience.value)}, but the monitors may "
                f"have no leader for {short(election.seconds)}: {election}."
            )
            yield Contradiction(patience.where, reason, f"Use more than {short(election.seconds)}.")


def _elections(cloud: Cloud, readings: Readings) -> Iterator[Contradiction]:
    provider = cloud.provider("coordination")
    for service in (provider.name,) if provider else ():
        elections = readings.longest(service, "election")
        election = elections.value
        heartbeat = readings.longest(service, "heartbeat").value
        if election < FEWEST_HEARTBEATS * heartbeat:
            reason = (
                f"{service}'s election time-out {short(election)} has room for {election / heartbeat:.1f} heartbeats."
            )
            fix = f"Use at least {short(FEWEST_HEARTBEATS * heartbeat)}."
            yield Contradiction(elections.where, reason, fix)


def _patience(cloud: Cloud, readings: Readings, found: Iterable[Failure]) -> Iterator[Contradiction]:
    """Clients must wait longer than the database's failover takes. Otherwise they fail needlessly."""
    databases = {database for database, _ in _databases(cloud)}
    for failure in (failure for failure in found if failure.service in databases):
        for patience in _clients(cloud, readings, "database read_timeout"):
            if patience.value <= failure.recovery.seconds:
                reason = (
                    f"{patience.service} gives up a query after {short(patience.value)}, "
                    f"but the database's failover takes up to {short(failure.recovery.seconds)}."
                )
                yield Contradiction(patience.where, reason, f"Use more than {short(failure.recovery.seconds)}.")


def _databases(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """Databases behind the load balancer, and their listeners."""
    return ((service.name, name) for service, front, name in failures.fronts(cloud) if front.single_writer)


def _replicated(cloud: Cloud) -> tuple[str, ...]:
    """Name of the database, if its members vote."""
    database = cloud.provider("database")
    return (database.name,) if database is not None and database.voters else ()


def _clients(cloud: Cloud, readings: Readings, name: str) -> Iterator[Reading]:
    """The longest reading of a timer for each client of the database that has it."""
    return (readings.longest(service.name, name) for service in failures.clients(cloud, readings, name))


_CHECKS: tuple[Check, ...] = (
    _evs, _checker, _leaving, _script, _announcing, _recycle, _answers, _connecting, _calls, _reports, _heartbeats, _mounting,
    _elections,
)  # fmt: skip
