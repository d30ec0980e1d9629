"""From a file to a frozen environment, or to all errors of the file."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hacienda.declare import Registry, Service, ServiceOptions
from hacienda.environment import source as sources
from hacienda.environment.model import Environment
from hacienda.environment.problems import nearest, problems
from hacienda.errors import InputError, Problem

_STAND_INS: Mapping[str, Any] = {
    "name": "unnamed",
    "networks": {"management": {"cidr": "192.168.0.0/16"}},
    "machines": {"controller": 1},
}
"""Replacements for broken parts that have no default, so that the rest of the file can still be checked."""


@dataclass(frozen=True)
class Reading:
    """The result of reading a file.

    Args:
        environment: the environment. Defaults replace broken parts, so unless `problems` is empty it only serves to find more
            problems.
        problems: all problems so far.
        broken: top-level keys with problems.
    """

    environment: Environment
    problems: tuple[Problem, ...]
    broken: frozenset[str]


def load(path: Path, registry: Registry, shown: str = "", rules: Collection[str] = ()) -> Environment:
    """The environment of a file.

    Args:
        path: the file.
        registry: services whose options it may hold.
        shown: how errors name the file; empty: `path`, relative to the working folder.
        rules: names of the rules that `accept` may name; empty: those names are not checked.

    Raises:
        InputError: every problem of the file.
    """
    reading = examine(*sources.read(path, shown), registry, rules)
    if reading.problems:
        raise InputError(reading.problems)
    return reading.environment


def build(registry: Registry, **parts: Any) -> Environment:
    """An environment from Python values instead of a file.

    Args:
        registry: services whose options it may hold.
        parts: its fields, as models (`networks={"management": NetworkSpec(...)}`) or as the values that a file would have.

    Raises:
        InputError: every problem.
    """
    reading = examine(parts, sources.Source("", {}), registry)
    if reading.problems:
        raise InputError(reading.problems)
    return reading.environment


def examine(data: dict[str, Any], source: sources.Source, registry: Registry, rules: Collection[str] = ()) -> Reading:
    """An environment from plain data. It returns problems instead of raising them; arguments as for `load`."""
    found: list[Problem] = []
    broken: set[str] = set()
    try:
        environment = Environment.model_validate(data)
    except ValidationError as error:
        found += problems(error, Environment, data, source)
        broken = {str(detail["loc"][0]) for detail in error.errors(include_url=False)}
        environment = Environment.model_validate(_without(data, broken))
    environment._source = source
    environment._options, wrong = _service_options(environment, registry)
    found += wrong
    found += _unknown_rules(environment, rules) if rules else []
    return Reading(environment, tuple(sorted(found, key=lambda problem: problem.line or 0)), frozenset(broken))


def _without(data: Mapping[str, Any], broken: set[str]) -> dict[str, Any]:
    kept = {key: value for key, value in data.items() if key not in broken}
    return {**{key: value for key, value in _STAND_INS.items() if key in broken}, **kept}


def _unknown_rules(environment: Environment, rules: Collection[str]) -> list[Problem]:
    """Entries of `accept` that name an unknown rule."""
    return [
        environment.source.problem(
            ("accept", position, "rule"), "is not a rule", nearest(entry.rule, rules), entry.rule
        )
        for position, entry in enumerate(environment.accept)
        if entry.rule not in rules
    ]


def _service_options(environment: Environment, registry: Registry) -> tuple[dict[str, ServiceOptions], list[Problem]]:
    """Options of every service of the registry, with defaults, and the problems of those in the file."""
    found: dict[str, ServiceOptions] = {}
    wrong: list[Problem] = []
    for name in environment.services:
        if name not in registry:
            fix = nearest(name, registry.names())
            wrong.append(environment.source.problem(("services", name), "is not a service", fix))
    for service in registry:
        raw = environment.services.get(service.name)
        trail = ("services", service.name)
        if isinstance(raw, bool):
            if service.choice == "always" and raw is False:
                reason = "cannot be left out: it is part of every cloud"
                wrong.append(
                    environment.source.problem(trail, reason, "Remove this line, or write options instead.", raw)
                )
            raw = None
        readable = raw
        try:
            found[service.name] = service.options.model_validate({} if raw is None else raw)
        except ValidationError as error:
            wrong += problems(error, service.options, raw, environment.source, trail)
            readable = _readable(raw, error)
        wrong += _refused(service, readable, registry, environment.source)
    return found, wrong


def _readable(raw: Any, error: ValidationError) -> dict[str, Any]:
    """The overrides of a service's options, without invalid entries."""
    kept = {"overrides": copy.deepcopy(raw.get("overrides"))} if isinstance(raw, Mapping) else {}
    for detail in sorted(error.errors(include_url=False), key=lambda detail: len(detail["loc"]), reverse=True):
        place: Any = kept
        for part, follows in pairwise((*detail["loc"], None)):
            inner = place.get(part)
            if not isinstance(inner, dict) or follows not in inner:
                place.pop(part, None)
                break
            place = inner
    return kept


def _refused(service: Service, raw: Any, registry: Registry, source: sources.Source) -> Iterator[Problem]:
    """Problems of overrides that the service refuses."""
    if service.overrides is None or raw is None:
        return
    try:
        options = service.options.model_validate(raw)
    except ValidationError:
        return
    fronts = [f"listen {each.name}-{front.port}" for each in registry for front in each.frontends]
    for where, reason, fix in service.overrides.refusals(service.name, service.written(options), fronts):
        yield source.problem(("services", service.name, "overrides", *where), reason, fix)
