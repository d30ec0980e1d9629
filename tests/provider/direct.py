"""A minimal Terraform in this process: what it asks of a provider, and the rules it holds the answers to. For speed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hacienda.provider import composition
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.values import UNKNOWN, State, decode, encode
from hacienda.provider.protocol import tfplugin6_pb2 as wire


class FailedError(Exception):
    """The provider answered with errors: all of their texts."""


@dataclass
class Planned:
    """A planned change: what to apply, and whether that means replacement."""

    state: State | None
    private: bytes
    replaces: bool


@dataclass
class Direct:
    """One stack's resources, by type and name. Every apply is a new provider process, as in Terraform."""

    block: State
    config: dict[tuple[str, str], State] = field(default_factory=dict)
    states: dict[tuple[str, str], State] = field(default_factory=dict)
    privates: dict[tuple[str, str], bytes] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def apply(self) -> dict[tuple[str, str], str]:
        """Refresh, plan and apply everything; returns what was done with each resource that changed."""
        self.provider = composition.provider()
        attributes = {a.name: self.block.get(a.name) for a in self.provider.attributes}
        self._check(self.provider.ConfigureProvider(wire.ConfigureProvider.Request(config=encode(attributes))))
        for key in list(self.states):
            self._refresh(key)
        plans = {key: self._plan(key) for key in (*self.config, *(k for k in self.states if k not in self.config))}
        return {key: done for key, plan in plans.items() if (done := self._apply(key, plan))}

    def _refresh(self, key: tuple[str, str]) -> None:
        raw = wire.RawState(json=json.dumps(self.states[key]).encode())
        upgraded = self.provider.UpgradeResourceState(
            wire.UpgradeResourceState.Request(type_name=key[0], raw_state=raw)
        )
        self._check(upgraded)
        private = self.privates.get(key, b"")
        read = self.provider.ReadResource(
            wire.ReadResource.Request(type_name=key[0], current_state=upgraded.upgraded_state, private=private)
        )
        self._check(read)
        state = decode(read.new_state)
        if state is None:
            del self.states[key]
        else:
            self.states[key], self.privates[key] = state, read.private

    def _plan(self, key: tuple[str, str], *, fresh: bool = False) -> Planned:
        prior = None if fresh else self.states.get(key)
        resource = self.provider.resources[key[0]]
        config = self._config(resource, key)
        if config is not None:
            validated = self.provider.ValidateResourceConfig(
                wire.ValidateResourceConfig.Request(type_name=key[0], config=encode(config))
            )
            self._check(validated)
        answer = self.provider.PlanResourceChange(
            wire.PlanResourceChange.Request(
                type_name=key[0],
                prior_state=encode(prior),
                proposed_new_state=encode(_proposed(resource, prior, config)),
                config=encode(config),
                prior_private=self.privates.get(key, b""),
            )
        )
        self._check(answer)
        return Planned(decode(answer.planned_state), answer.planned_private, bool(answer.requires_replace))

    def _apply(self, key: tuple[str, str], plan: Planned) -> str:
        prior = self.states.get(key)
        if plan.replaces:
            self._change(key, Planned(None, plan.private, False))
            self._change(key, self._plan(key, fresh=True))
            return "replaced"
        if plan.state == prior:
            return ""
        self._change(key, plan)
        return "created" if prior is None else "deleted" if plan.state is None else "updated"

    def _change(self, key: tuple[str, str], plan: Planned) -> None:
        answer = self.provider.ApplyResourceChange(
            wire.ApplyResourceChange.Request(
                type_name=key[0],
                prior_state=encode(self.states.get(key)),
                planned_state=encode(plan.state),
                config=encode(self._config(self.provider.resources[key[0]], key)),
                planned_private=plan.private,
            )
        )
        state = decode(answer.new_state)
        self.states.pop(key, None)
        if state is not None:
            self.states[key], self.privates[key] = state, answer.private
        self._check(answer)
        for name, value in (plan.state or {}).items():
            assert value is UNKNOWN or state[name] == value, (
                f"{key}: {name} was planned as {value}, became {state[name]}"
            )

    def _config(self, resource: Resource, key: tuple[str, str]) -> State | None:
        given = self.config.get(key)
        return None if given is None else {a.name: given.get(a.name) for a in resource.attributes}

    def _check(self, answer: Any) -> None:
        severity = wire.Diagnostic.Severity
        texts = {d.severity: f"{d.summary}\n{d.detail}" for d in answer.diagnostics}
        self.warnings += [text for level, text in texts.items() if level == severity.WARNING]
        if severity.ERROR in texts:
            raise FailedError(texts[severity.ERROR])


def _proposed(resource: Resource, prior: State | None, config: State | None) -> State | None:
    """What Terraform proposes: the configuration, and the prior value of what only the provider sets."""
    if config is None:
        return None
    computed = {a.name for a in resource.attributes if a.message().computed}
    kept = prior or {}
    return {name: kept.get(name) if value is None and name in computed else value for name, value in config.items()}
