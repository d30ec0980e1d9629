"""Reads and checks the JSON of a plan. The input may come from any Terraform project, or be no plan at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hacienda.errors import InputError
from hacienda.quorum import REVIEW
from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.shape import complaint

FORMAT = 1
"""Newest major version of the plan format that Hacienda reads. Terraform 1.x writes 1.x; minor versions only add fields."""

_HOW = "Pass the output of `terraform show -json PLANFILE`, or the plan file itself."


@dataclass(frozen=True)
class Plan:
    """A Terraform plan.

    Args:
        source: where the plan comes from, for messages.
        resources: one action for every managed resource instance that the plan or its prior state names.
        drifted: instances that Terraform no longer found when it refreshed the state, with their stored values.
        configuration: root module and providers of the configuration.
        partial: the plan leaves changes for later: it was made with `-target`, or some changes are deferred.
        dependencies: address of each resource in the state -> addresses it depends on, as the state records them.
    """

    source: str
    resources: tuple[PlannedAction, ...]
    drifted: tuple[PlannedAction, ...]
    configuration: Mapping[str, Any]
    partial: bool
    dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def changes(self) -> tuple[PlannedAction, ...]:
        """Actions that change something, in Terraform's order."""
        return tuple(action for action in self.resources if action.kind is not None)

    @property
    def members(self) -> tuple[PlannedAction, ...]:
        """Actions on members."""
        return tuple(action for action in self.resources if action.is_member)

    @property
    def outdated(self) -> tuple[str, ...]:
        """Nodes whose machines were created from another image, user-data or network configuration than the declared one."""
        return tuple(one.name for one in self.resources if one.is_machine and (one.after or {}).get("outdated"))

    @cached_property
    def configured(self) -> Mapping[tuple[tuple[str, ...], str], Mapping[str, Any]]:
        """Configuration of each resource, by its module calls and `type.name`."""
        return dict(_configured(self.configuration.get("root_module") or {}, ()))

    @cached_property
    def environments(self) -> Mapping[str, str]:
        """Key of each configuration of Hacienda's provider -> name of its environment; empty if the name is no literal."""
        found = {}
        for key, provider in (self.configuration.get("provider_config") or {}).items():
            if provider.get("name") == "hacienda":
                written = ((provider.get("expressions") or {}).get("environment") or {}).get("constant_value")
                found[key] = written if isinstance(written, str) else ""
        return found

    @property
    def made(self) -> frozenset[str]:
        """Names of the members that the plan creates or replaces."""
        made = (member.after for member in self.members if "create" in member.actions and member.after)
        return frozenset(str(after.get("node")) for after in made)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the members that exist after the apply."""
        return tuple(str(member.after["node"]) for member in self.members if member.after and member.after.get("node"))


def _configured(
    module: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[tuple[str, ...], str], Mapping[str, Any]]]:
    for resource in module.get("resources") or ():
        if resource.get("mode", "managed") == "managed":
            yield (path, str(resource.get("address"))), resource
    for name, call in (module.get("module_calls") or {}).items():
        yield from _configured(call.get("module") or {}, (*path, name))


def read(text: str | bytes, source: str = "") -> Plan:
    """Read the JSON of a plan.

    Args:
        text: output of `terraform show -json` for a plan file.
        source: where the text comes from, for messages.

    Raises:
        InputError: the text is no plan, has an unknown format, or comes from a plan that failed.
    """
    found = _object(text, source)
    _refuse_others(found, source)
    resources = {action.address: action for action in _actions(found.get("resource_changes"), source)}
    deferred = found.get("deferred_changes") or []
    for action in _actions([entry.get("resource_change") for entry in deferred], source):
        resources.setdefault(action.address, action)
    prior = ((found.get("prior_state") or {}).get("values") or {}).get("root_module") or {}
    for action in _stored(prior, source):
        # A plan made with -target omits other resources; only the state names them.
        resources.setdefault(action.address, action)
    drifted = (action for action in _actions(found.get("resource_drift"), source) if action.actions == ("delete",))
    partial = found.get("complete") is False or bool(deferred)
    return Plan(
        source,
        tuple(resources.values()),
        tuple(drifted),
        dict(found.get("configuration") or {}),
        partial,
        dict(_dependencies(prior)),
    )


def _object(text: str | bytes, source: str) -> Mapping[str, Any]:
    words = f"{source or 'the text'} is no plan"
    try:
        # PowerShell's `>` writes UTF-16, and its Set-Content a byte order mark before UTF-8. detect_encoding knows both.
        decoded = text.decode(json.detect_encoding(text)) if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise InputError(f"{words}: it is not text", _HOW) from None
    try:
        found = json.loads(decoded)
    except ValueError as error:
        if decoded.lstrip().startswith('{"@level"'):
            raise InputError(f"{words}: it is the log of `terraform plan -json`", _HOW) from None
        raise InputError(f"{words}: it is not one JSON document ({error})", _HOW) from None
    except RecursionError:
        raise InputError(f"{words}: it is nested too deeply", _HOW) from None
    if not isinstance(found, dict) or "format_version" not in found:
        hint = (
            "it is the log of `terraform plan -json`"
            if isinstance(found, dict) and "@level" in found
            else "it has no format_version"
        )
        raise InputError(f"{words}: {hint}", _HOW)
    return found


def _refuse_others(found: Mapping[str, Any], source: str) -> None:
    name, version = source or "the plan", str(found["format_version"])
    major = version.partition(".")[0]
    if not re.fullmatch(r"[0-9]{1,4}", major) or int(major) > FORMAT:
        raise InputError(
            f"{name} has format_version {version}; this Hacienda reads up to {FORMAT}.x", "Update Hacienda."
        )
    if "resource_changes" not in found and "planned_values" not in found:
        raise InputError(f"{name} is a state, not a plan", _HOW)
    wrong = complaint(found)
    if wrong:
        raise InputError(f"{name} is no plan: {wrong}", _HOW)
    if found.get("errored"):
        raise InputError(
            f"{name}: Terraform failed while it made this plan, so the plan shows only a part of the changes",
            "Make a plan that succeeds. If Hacienda's provider refused, plan for review only: set "
            f"{REVIEW}=<environment>.",
        )


def _actions(entries: Any, source: str) -> Iterator[PlannedAction]:
    for entry in entries or ():
        try:
            if entry.get("mode", "managed") != "managed":
                continue
            change = entry["change"]
            yield _resource(source, entry, tuple(change["actions"]), change.get("before"), change.get("after"))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise _incomplete("resource change", entry, error, source) from None


def _stored(module: Mapping[str, Any], source: str) -> Iterator[PlannedAction]:
    for entry in module.get("resources") or ():
        if entry.get("mode", "managed") == "managed":
            path = {"module_address": module["address"]} if module.get("address") else {}
            try:
                yield _resource(source, {**entry, **path}, ("no-op",), entry.get("values"), entry.get("values"))
            except (KeyError, ValueError) as error:
                raise _incomplete("resource in the state", entry, error, source) from None
    for child in module.get("child_modules") or ():
        yield from _stored(child, source)


def _dependencies(module: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for entry in module.get("resources") or ():
        if entry.get("depends_on"):
            yield str(entry.get("address")), tuple(entry["depends_on"])
    for child in module.get("child_modules") or ():
        yield from _dependencies(child)


def _incomplete(what: str, entry: Any, error: Exception, source: str) -> InputError:
    return InputError(f"{source or 'the plan'}: a {what} has no {error}: {str(entry)[:120]}", _HOW)


def _resource(
    source: str, entry: Mapping[str, Any], actions: tuple[str, ...], before: Any, after: Any
) -> PlannedAction:
    # A replacement that fails between its two halves leaves a deposed object. Here it counts as a resource of its own.
    deposed = f" (deposed {entry['deposed']})" if entry.get("deposed") else ""
    return PlannedAction(
        source=source,
        address=str(entry["address"]) + deposed,
        type=str(entry["type"]),
        label=str(entry["name"]),
        base=f"{entry['type']}.{entry['name']}",
        module=module_path(str(entry.get("module_address") or "")),
        key=entry.get("index"),
        actions=actions,
        before=before if isinstance(before, dict) else None,
        after=after if isinstance(after, dict) else None,
        requested=entry.get("action_reason") == "replace_by_request",
        triggered=entry.get("action_reason") == "replace_by_triggers",
    )


def module_path(address: str) -> tuple[tuple[str, str | int | None], ...]:
    """`module.a["x"].module.b[0]` as (("a", "x"), ("b", 0)). Keys may contain dots and brackets."""
    found: list[tuple[str, str | int | None]] = []
    rest = address
    while rest.startswith("module."):
        rest = rest.removeprefix("module.")
        end = next((place for place, sign in enumerate(rest) if sign in ".["), len(rest))
        name, rest = rest[:end], rest[end:]
        key: str | int | None = None
        if rest.startswith("["):
            key, length = json.JSONDecoder().raw_decode(rest[1:])
            rest = rest[1 + length + 1 :]
        found.append((name, key))
        rest = rest.removeprefix(".")
    return tuple(found)
