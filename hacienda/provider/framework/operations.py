"""The provider's procedures. Every request gets an answer, even if a resource fails, and every failure is a
diagnostic."""

from __future__ import annotations

import json
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from hacienda import errors, printing
from hacienda.provider.framework.context import Context, dump_private, load_private
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.schema import Attribute, schema
from hacienda.provider.framework.values import UNKNOWN, State, decode, encode
from hacienda.provider.protocol import tfplugin6_pb2 as wire

_CAPABILITIES = wire.ServerCapabilities(plan_destroy=True, get_provider_schema_optional=True)


class Provider:
    """Answers Terraform's requests. Each procedure of the protocol is a method with its name.

    Args:
        resources: the resource types.
        attributes: attributes of the provider block.
        configure: receives the provider block's values once, with None for attributes that it does not set.
        stop: set when Terraform asks running operations to end soon.
    """

    def __init__(
        self,
        resources: Iterable[Resource],
        attributes: tuple[Attribute, ...],
        configure: Callable[[State], None],
        stop: threading.Event,
    ) -> None:
        self.resources = {resource.name: resource for resource in resources}
        self.attributes = attributes
        self.stop = stop
        self._configure = configure

    def GetMetadata(self, request: wire.GetMetadata.Request) -> wire.GetMetadata.Response:  # noqa: N802
        names = [wire.GetMetadata.Response.Resource(type_name=name) for name in self.resources]
        return wire.GetMetadata.Response(server_capabilities=_CAPABILITIES, resources=names)

    def GetProviderSchema(self, request: wire.GetProviderSchema.Request) -> wire.GetProviderSchema.Response:  # noqa: N802
        return wire.GetProviderSchema.Response(
            provider=schema(self.attributes),
            resource_schemas={n: schema(r.attributes, r.version, r.description) for n, r in self.resources.items()},
            server_capabilities=_CAPABILITIES,
        )

    def GetFunctions(self, request: wire.GetFunctions.Request) -> wire.GetFunctions.Response:  # noqa: N802
        return wire.GetFunctions.Response()

    def ValidateProviderConfig(  # noqa: N802
        self, request: wire.ValidateProviderConfig.Request
    ) -> wire.ValidateProviderConfig.Response:
        return wire.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: wire.ConfigureProvider.Request) -> wire.ConfigureProvider.Response:  # noqa: N802
        context = Context(self.stop, decode(request.config) or {})
        _guarded(context, "provider hacienda", lambda: self._configure(context.config))
        return wire.ConfigureProvider.Response(diagnostics=context.diagnostics)

    def StopProvider(self, request: wire.StopProvider.Request) -> wire.StopProvider.Response:  # noqa: N802
        self.stop.set()
        return wire.StopProvider.Response()

    def ValidateResourceConfig(  # noqa: N802
        self, request: wire.ValidateResourceConfig.Request
    ) -> wire.ValidateResourceConfig.Response:
        context = Context(self.stop, decode(request.config) or {})
        resource = self.resources[request.type_name]
        _guarded(context, resource.label(context.config), lambda: resource.validate(context, context.config))
        return wire.ValidateResourceConfig.Response(diagnostics=context.diagnostics)

    def UpgradeResourceState(  # noqa: N802
        self, request: wire.UpgradeResourceState.Request
    ) -> wire.UpgradeResourceState.Response:
        context = Context(self.stop)
        resource = self.resources[request.type_name]
        old: State = json.loads(request.raw_state.json)
        found: list[State] = []

        def run() -> None:
            newer = old if request.version == resource.version else resource.upgrade(request.version, old)
            found.append(resource.complete(newer))
            resource.stored(found[0])

        _guarded(context, resource.label(old), run)
        upgraded = encode(found[0]) if found else None
        return wire.UpgradeResourceState.Response(upgraded_state=upgraded, diagnostics=context.diagnostics)

    def ReadResource(self, request: wire.ReadResource.Request) -> wire.ReadResource.Response:  # noqa: N802
        context = Context(self.stop, private=load_private(request.private))
        resource = self.resources[request.type_name]
        state: State = decode(request.current_state)
        answer = wire.ReadResource.Response(new_state=request.current_state, private=request.private)

        def run() -> None:
            answer.new_state.CopyFrom(encode(resource.read(context, dict(state))))
            answer.private = dump_private(context.private)

        _guarded(context, resource.label(state), run)
        answer.diagnostics.extend(context.diagnostics)
        return answer

    def PlanResourceChange(self, request: wire.PlanResourceChange.Request) -> wire.PlanResourceChange.Response:  # noqa: N802
        context = Context(self.stop, decode(request.config) or {}, load_private(request.prior_private))
        resource = self.resources[request.type_name]
        prior: State | None = decode(request.prior_state)
        planned: State | None = decode(request.proposed_new_state)

        def run() -> None:
            if planned is not None:
                _plan(resource, context, prior, planned)
            elif prior is not None:
                resource.plan_removal(context, prior)

        _guarded(context, resource.label(planned or prior), run)
        step = wire.AttributePath.Step
        return wire.PlanResourceChange.Response(
            planned_state=encode(planned),
            requires_replace=[wire.AttributePath(steps=[step(attribute_name=name)]) for name in context.replace],
            planned_private=dump_private(context.private),
            diagnostics=context.diagnostics,
        )

    def ApplyResourceChange(self, request: wire.ApplyResourceChange.Request) -> wire.ApplyResourceChange.Response:  # noqa: N802
        context = Context(self.stop, decode(request.config) or {}, load_private(request.planned_private))
        resource = self.resources[request.type_name]
        prior: State | None = decode(request.prior_state)
        planned: State | None = decode(request.planned_state)
        done: list[State | None] = []
        _guarded(
            context, resource.label(planned or prior), lambda: done.append(_apply(resource, context, prior, planned))
        )
        state = done[0] if done else context.partial or prior
        return wire.ApplyResourceChange.Response(
            new_state=encode(state), private=dump_private(context.private), diagnostics=context.diagnostics
        )

    def ImportResourceState(self, request: wire.ImportResourceState.Request) -> wire.ImportResourceState.Response:  # noqa: N802
        context = Context(self.stop)
        context.error(
            f"{request.type_name} {request.id} cannot be imported",
            "An import is not necessary: a creation adopts an existing object. Declare the resource and apply.",
        )
        return wire.ImportResourceState.Response(diagnostics=context.diagnostics)

    def described(self) -> dict[str, Any]:
        """Attribute names, types and flags of the provider block and of every resource type, as JSON."""
        return {
            "provider": {a.name: a.described() for a in self.attributes},
            "resources": {n: {a.name: a.described() for a in r.attributes} for n, r in self.resources.items()},
        }


def _plan(resource: Resource, context: Context, prior: State | None, planned: State) -> None:
    resource.fill(prior, context.config, planned)
    if prior is not None:
        changed = [a.name for a in resource.attributes if a.replace and prior.get(a.name) != planned.get(a.name)]
        context.replace.extend(changed)
    resource.plan(context, prior, planned)


def _apply(resource: Resource, context: Context, prior: State | None, planned: State | None) -> State | None:
    if context.stop.is_set():
        raise errors.HaciendaError(
            f"{resource.label(planned or prior)}: stopped before it started", "Apply again to continue."
        )
    if planned is None:
        resource.delete(context, prior or {})
        return None
    state = resource.create(context, planned) if prior is None else resource.update(context, prior, planned)
    return {name: None if value is UNKNOWN else value for name, value in state.items()}


def _guarded(context: Context, label: str, operation: Callable[[], object]) -> None:
    """Run it, and turn every exception into an error. This includes SystemExit, because a worker that never answers
    would hang Terraform."""
    try:
        operation()
    except errors.HaciendaError as error:
        summary, _, detail = str(error).partition("\n")
        context.error(summary, textwrap.dedent(detail))
    except BaseException as error:  # noqa: BLE001
        trace = traceback.format_exc()
        sys.stderr.write(printing.lines(trace))
        context.error(
            f"{label}: {type(error).__name__}: {error}",
            f"This is a defect of the provider. The state keeps the objects that exist so far.\n\n{trace}",
        )
