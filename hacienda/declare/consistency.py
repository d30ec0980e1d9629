"""Errors that one declaration shows on its own: a name of something that does not exist, or an unknown word.

Without this check a misspelt name would silently drop a check, a firewall rule or a member of a group.
"""

from __future__ import annotations

import re
import types
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hacienda.declare.account import DETAILS, Account, AccountKind
from hacienda.declare.files import SCRIPTS, Certificate, Template, TrustAnchor
from hacienda.declare.limit import Limit
from hacienda.declare.sandbox import DIRECTIVES
from hacienda.declare.service import Arbiter, Service, no_files
from hacienda.declare.similar import similar
from hacienda.declare.timer import Timer

_COMMENT = re.compile(r"[^:'\"\\]*")
"""Comment of a user, in the syntax of sysusers.d."""

_ACCOUNT = re.compile(r"[a-z][a-z0-9_-]{0,47}")
"""Name of an account or its user. It is a file name, and with a suffix like `-1f0c9a2e` it fits into a schema's 64 characters."""


def problems(service: Service) -> Iterator[str]:
    """Errors of a declaration; each names the wrong word."""
    yield from _words(service, service.name)
    yield from _ports(service)
    for front in service.frontends:
        if front.single_writer and front.mode != "tcp":
            yield f"{service.name}: the front end {front.port!r} is single_writer in mode {front.mode!r}; that needs mode `tcp`"
        for port in service.ports:
            if port.name == front.port and port.clients != "internal":
                where = f"{service.name}: the port {port.name!r} is balanced and has the clients {port.clients!r}"
                yield f"{where}; write `internal`: the front end's `scopes` decide who reaches it"
        if front.capacity is None and (front.mode == "http" or "database" not in service.provides):
            yield f"{service.name}: the front end {front.port!r} lacks `capacity`: how many requests a server handles at a time"
    yield from _timers(service)
    yield from _held(service, service.name)
    yield from _groups(service, service.name, service.users)
    if service.users and not _COMMENT.fullmatch(service.title):
        yield f"{service.name}: the title {service.title!r} is the comment of its users; write it without `:`, quotes and `\\`"
    if service.arbiter is not None:
        yield from _held(service.arbiter, f"{service.name} on arbiters")
        yield from _groups(service.arbiter, f"{service.name} on arbiters")
    yield from _assumptions(service)
    yield from _sandboxes(service)
    yield from _wanted(service)
    paths = {file.path for file in service.files if isinstance(file, Template)}
    units = {Path(path).name for path in paths}
    for unit in service.afterwards:
        if unit not in units:
            yield f"{service.name}: `afterwards` names the unit {unknown(unit, units)}"
    if service.overrides is not None:
        if service.overrides.path not in paths:
            yield f"{service.name}: overrides are for {unknown(service.overrides.path, paths)}"
        if "overrides" not in service.options.model_fields:
            yield f"{service.name}: its options have no field `overrides`"


def account_problems(services: Iterable[Service]) -> Iterator[str]:
    """Errors of accounts, and of the services that hand them out."""
    listed = tuple(services)
    kinds: dict[str, tuple[Service, AccountKind]] = {}
    for service in listed:
        for kind in service.hands_out:
            other, _ = kinds.setdefault(kind.name, (service, kind))
            if other is not service:
                yield f"{service.name} and {other.name} both hand out accounts of the kind {kind.name!r}"
            if service.reconcile is None:
                yield f"{service.name}: hands out accounts of the kind {kind.name!r} and has no reconcile script to create them"
            yield from (
                f"{service.name}: the kind {kind.name!r} takes {unknown(one, DETAILS)}"
                for one in kind.takes
                if one not in DETAILS
            )
    declared: dict[tuple[str, str], tuple[Service, Account]] = {}
    for service in listed:
        for account in service.accounts:
            where = f"{service.name}: the account {account.name!r}"
            if account.kind not in kinds:
                yield f"{where} is of the kind {unknown(account.kind, kinds)}, which no service hands out"
                continue
            yield from (f"{where} {problem}" for problem in _account(service, account, *kinds[account.kind]))
            other, same = declared.setdefault((account.kind, account.name), (service, account))
            if (same.owner, same.roles) != (account.owner, account.roles):
                yield f"{where} of the kind {account.kind!r} differs from its declaration by {other.name}"


def redundancy_problems(services: Iterable[Service], left_out: Collection[str] = ()) -> Iterator[str]:
    """Errors of redundancies and drains that name another service. Services in `left_out` exist elsewhere."""
    listed = tuple(services)
    names = [*(service.name for service in listed), *left_out]
    groups: dict[str, str] = {}
    for service in listed:
        for kept in (kept for kept in service.redundancy if kept.domain is not None):
            holder = kept.held_by or service.name
            if holder not in names:
                yield f"{service.name}: the copies of its {kept.of} are held by {unknown(holder, names)}, which is no service"
            elif groups.setdefault(holder, kept.of) != kept.of:
                yield f"{service.name}: {holder} has copies of {groups[holder]} and of {kept.of}; a service has one failure domain"
        for keeper in (one for one in listed if service.drained_by in one.provides):
            if keeper.leave is None:
                yield f"{service.name}: is drained by {keeper.name}, which has no leave script"


def _account(service: Service, account: Account, owner: Service, kind: AccountKind) -> Iterator[str]:
    """What in an account does not fit its kind."""
    if not _ACCOUNT.fullmatch(account.name) or not _ACCOUNT.fullmatch(account.user):
        yield "has an invalid name; use up to 48 of a-z, 0-9, _ and -, a letter first"
    if owner is not service and not set(owner.provides) & {*service.requires, *service.wants}:
        yield f"is handed out by {owner.name}; require one of its capabilities: {', '.join(owner.provides)}"
    for detail in DETAILS:
        if (detail in kind.takes) != bool(getattr(account, detail)):
            yield f"of the kind {kind.name!r} {'needs' if detail in kind.takes else 'takes no'} `{detail}`"


def unknown(name: str, known: Iterable[str]) -> str:
    """An unknown name, with the known name that was probably meant."""
    near = similar(name, known)
    return f"{name!r}; did you mean {near!r}?" if near else repr(name)


def _words(value: Any, where: str) -> Iterator[str]:
    """Errors of fields whose type lists words and whose value is none of them; nested dataclasses included."""
    if isinstance(value, tuple):
        for one in value:
            yield from _words(one, where)
    for name, hint in _fields(value.__class__):
        found = getattr(value, name)
        if hint is not None:
            for word, known in _misspelt(found, hint):
                yield f"{where}: {type(value).__name__}.{name} is {unknown(str(word), map(str, known))}"
        if not isinstance(found, str):
            yield from _words(found, where)


@cache
def _fields(of: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Fields of a dataclass, each with its type if that lists words, else with None. Other types have no fields."""
    if not is_dataclass(of):
        return ()
    hints = get_type_hints(of)
    return tuple((field.name, hints[field.name] if _lists_words(hints[field.name]) else None) for field in fields(of))


def _lists_words(hint: Any) -> bool:
    return get_origin(hint) is Literal or any(_lists_words(one) for one in get_args(hint))


def _misspelt(value: Any, hint: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Values that are not among the words of their type, each with those words."""
    origin = get_origin(hint)
    if origin is Literal and value not in get_args(hint):
        yield value, get_args(hint)
    elif origin is tuple and isinstance(value, tuple):
        for one in value:
            yield from _misspelt(one, get_args(hint)[0])
    elif origin in (Union, types.UnionType):
        each = [list(_misspelt(value, one)) for one in get_args(hint) if get_origin(one) is Literal]
        others = [one for one in get_args(hint) if isinstance(one, type) and isinstance(value, one)]
        if each and all(each) and not others:
            yield from each[0]


def _held(declared: Service | Arbiter, where: str) -> Iterator[str]:
    """Held packages are among the service's packages or those that its assumptions name."""
    packages = {*declared.packages, *(each.package for each in declared.assumptions)}
    for name in declared.held:
        if not any(re.fullmatch(name, package) for package in packages):
            yield f"{where}: holds {unknown(name, packages)}"


def _assumptions(service: Service) -> Iterator[str]:
    """An expression that matches an empty text would accept a missing file."""
    of_arbiters = service.arbiter.assumptions if service.arbiter is not None else ()
    for each in (*service.assumptions, *of_arbiters):
        where = f"{service.name}: the assumption about {each.subject!r}"
        if each.kind not in ("line", "answer"):
            if each.expected:
                yield f"{where} expects {each.expected!r}, but only `line` and `answer` expect anything, not `{each.kind}`"
        elif re.search(each.expected, "", re.MULTILINE):
            yield f"{where} expects {each.expected!r}, which matches an empty text"


def _groups(declared: Service | Arbiter, where: str, users: tuple[str, ...] = ()) -> Iterator[str]:
    """A file's group exists before hacienda-apply places the file: the service makes it, or a package brings it."""
    assumed = (each.subject for each in declared.assumptions if each.kind in ("user", "group"))
    known = {"root", *users, *assumed}
    for file in (file for file in declared.files if file.group not in known):
        path = file.directory if isinstance(file, Certificate | TrustAnchor) else file.path
        yield (
            f"{where}: {path} has the group {unknown(file.group, known)}; name it in `users`, or declare that a package brings it: "
            f"Assumption(..., 'group', {file.group!r})"
        )


def _sandboxes(service: Service) -> Iterator[str]:
    of_arbiters = service.arbiter.files if service.arbiter is not None else ()
    units = {Path(file.path).name for file in (*service.files, *of_arbiters) if isinstance(file, Template)}
    for sandbox in service.sandboxes:
        if sandbox.unit not in units:
            yield f"{service.name}: a sandbox is for the unit {unknown(sandbox.unit, units)}"
        for each in sandbox.instead:
            if each.directive not in DIRECTIVES:
                yield f"{service.name}: the sandbox of {sandbox.unit} has no {unknown(each.directive, DIRECTIVES)}"


def _ports(service: Service) -> Iterator[str]:
    names = [port.name for port in service.ports]
    balanced = {front.port for front in service.frontends}

    def own(what: str, name: str) -> str:
        return f"{service.name}: {what} names the port {unknown(name, names)}"

    for name, count in Counter(names).items():
        if count > 1:
            yield f"{service.name}: two ports are called {name!r}"
    for port in service.ports:
        if port.last is not None and port.last <= port.number:
            yield f"{service.name}: the range of the port {port.name!r} ends at {port.last}, before it starts"
        if port.network != "management" and port.clients != "internal":
            where = f"{service.name}: the port {port.name!r} is on the network {port.network!r}"
            yield f"{where} and has the clients {port.clients!r}; write `internal`: peers are known by their management address"
    for front in service.frontends:
        for what, name in (("a front end", front.port), ("a check", front.check.port or front.port)):
            if name not in names:
                yield own(what, name)
    for entry in service.catalogue:
        if entry.port not in balanced:
            yield f"{service.name}: the catalogue names the balanced port {unknown(entry.port, balanced)}"
    for name in service.arbiter.ports if service.arbiter is not None else ():
        if name not in names:
            yield own("the arbiter", name)


def _timers(service: Service) -> Iterator[str]:
    for name, count in Counter(timer.name for timer in service.timers).items():
        if count > 1:
            yield f"{service.name}: the timer {name!r} is declared twice"
    if service.node_files is no_files:
        yield from unknown_times(service)
    for what, one in _stated(service):
        if one.option and one.option not in service.options.model_fields:
            yield f"{service.name}: {what} is set by the option {unknown(one.option, service.options.model_fields)}"
    for kept in service.redundancy:
        if kept.option and kept.option not in service.options.model_fields:
            what = unknown(kept.option, service.options.model_fields)
            yield f"{service.name}: the number of copies of its {kept.of} is set by the option {what}"
        if kept.held_by and kept.domain is None:
            yield f"{service.name}: the copies of its {kept.of} are held by {kept.held_by}; name their failure domain in `domain`"
    if service.drained_by is not None and service.drained_by not in service.requires:
        yield f"{service.name}: is drained by the provider of {service.drained_by!r}, which it does not require"
    for capability in service.serves_without:
        if capability not in service.requires:
            yield f"{service.name}: serves without {capability!r}, which it does not require"


def unknown_times(service: Service, computed: Collection[str] = ()) -> Iterator[str]:
    """Errors of timers and limits whose file the service does not have.

    Args:
        service: the service.
        computed: paths of its computed files, which are known with a cloud alone.
    """
    paths = {*computed, *(file.path for file in service.files if isinstance(file, Template))}
    paths |= {f"{SCRIPTS}/{service.name}/{script.name}" for script in service.all_scripts()}
    for what, one in _stated(service):
        if one.file not in paths:
            yield f"{service.name}: {what} is in {unknown(one.file, paths)}"


def _stated(service: Service) -> Iterator[tuple[str, Timer | Limit]]:
    """Limits and timers, with what each is."""
    yield from ((f"the limit of {limit.of}", limit) for limit in service.limits)
    yield from ((f"the timer {timer.name!r}", timer) for timer in service.timers if isinstance(timer, Timer))


def _wanted(service: Service) -> Iterator[str]:
    """A file for a capability that the service neither requires nor wants would never exist, or fail where it does not."""
    for file in service.files:
        capability = file.only_with
        if capability is not None and capability not in (*service.requires, *service.wants, *service.provides):
            path = file.directory if isinstance(file, Certificate | TrustAnchor) else file.path
            yield f"{service.name}: {path} is for the capability {capability!r}; name it in `wants` or `requires`"
    for station in service.stands_in:
        for capability in (*station.needs, *((station.only_with,) if station.only_with else ())):
            if capability not in (*service.requires, *service.wants, *service.provides):
                what = f"{service.name}: stands in the path of {station.deed!r}, which needs {capability!r}"
                yield f"{what}; name it in `wants` or `requires`"
