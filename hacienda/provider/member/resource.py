"""`hacienda_member` for Terraform."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from typing import ClassVar

from hacienda import errors, quorum
from hacienda.declare import resource_types
from hacienda.provider import progress, refusal
from hacienda.provider.framework.context import Context
from hacienda.provider.framework.resource import Resource
from hacienda.provider.framework.schema import Attribute
from hacienda.provider.framework.values import UNKNOWN, State, known
from hacienda.provider.member import bundle, departure, installation, plan, secret_values
from hacienda.provider.member.declaration import ATTRIBUTES, Declared, declared, place, voter
from hacienda.provider.provider_data import ProviderData
from hacienda.remote import trust
from hacienda.remote.connections import connect
from hacienda.remote.node import Delivery, Node
from hacienda.remote.transport import RemoteError, UnreachableError

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_REPLACED = "replaced"
"""Private mark of a deletion that is part of a replacement. The member then leaves in order, even if destruction is
allowed."""
_REACH_AGAIN = 60.0
"""Seconds to wait for an existing machine, which may be restarting."""


class Member(Resource):
    """One node's configuration."""

    name: ClassVar[str] = resource_types.MEMBER
    description: ClassVar[str] = "One node's configuration: delivered over SSH, installed, and watched for drift."
    attributes: ClassVar[tuple[Attribute, ...]] = ATTRIBUTES
    key: ClassVar[str] = "node"

    def __init__(self, data: ProviderData) -> None:
        self._data = data
        self._key = secret_values.DeployerKey()

    def validate(self, context: Context, config: State) -> None:
        """Refuse names and trust strings that another program could misread."""
        node, text = config["node"], config["trust"]
        if isinstance(node, str) and not _NAME.fullmatch(node):
            context.error(
                f"{node!r} is not a node name", "Use lower-case letters, digits and dashes, at most 63 characters."
            )
        if isinstance(text, str):
            trust.parse(text)
        weights = config["voters"] or {}
        if known(weights) and any(weight <= 0 for weight in weights.values()):
            context.error(f"{self.label(config)}: a voter's weight must be positive", f"voters = {weights}")

    def stored(self, state: State) -> None:
        """Record the member. If its creation is planned later, the member is being replaced."""
        self._data.departures.stored(voter(state), place(state))

    def plan(self, context: Context, prior: State | None, planned: State) -> None:
        """Show changed files and restarts. Refuse a plan that would cost a quorum."""
        allowed, departures, refused = self._data.allow_destroy, self._data.departures, None
        _unmark(context)
        if prior is None:
            plan.creation(context, planned)
            if known(planned["node"]) and departures.replaces(planned["node"]):
                context.private[_REPLACED] = True
            refused = departures.arrives(planned["node"], allowed=allowed) if known(planned["node"]) else None
        elif context.replace:
            context.private[_REPLACED] = True
            refused = departures.leaves(voter(prior), "replaced", allowed=allowed)
        else:
            plan.update(context, prior, planned)
            refused = departures.stays(plan.declared(prior, planned), plan.changed(prior, planned), allowed=allowed)
        refusal.refuse(context, refused, review=self._data.review)

    def plan_removal(self, context: Context, prior: State) -> None:
        """Refuse a deletion that would cost a quorum."""
        _unmark(context)
        refused = self._data.departures.leaves(voter(prior), "deleted", allowed=self._data.allow_destroy)
        refusal.refuse(context, refused, review=self._data.review)

    def create(self, context: Context, planned: State) -> State:
        """Wait for the machine, deliver, install."""
        refusal.not_for_review(context)
        return self._install(context, planned, installation.REACH)

    def update(self, context: Context, prior: State, planned: State) -> State:
        """Deliver and install, unless only the way to the node or its peers changed."""
        refusal.not_for_review(context)
        state = self._deliver(context, prior, planned) if plan.needs_delivery(prior, planned) else planned
        after = voter(planned)
        departed = quorum.dropped(voter(prior), after.votes.keys() | after.shares.keys())
        if departed and self._data.allow_destroy:
            self._data.record.destroyed(departed)
        return state

    def read(self, context: Context, state: State) -> State | None:
        """The installation as the node itself reports it."""
        member = self._declared(state)
        try:
            status = Node(connect(member.address)).status()
        except UnreachableError as error:
            self._data.departures.found(member.voter, "unreachable")
            context.warning(
                f"{error.message}: its installation is unknown", f"{error.fix or ''}\nThe state keeps its last values."
            )
            return state
        except RemoteError as error:
            context.warning(f"{error.message}: it will be repaired", error.fix or "")
            return {**state, "converged": False}
        if status is None:
            self._data.departures.found(member.voter, "blank")
            context.warning(
                f"{member.voter.node} has nothing installed any more",
                "The plan creates it again, and it joins its clusters.",
            )
            return None
        return {
            **state,
            "files": dict(status.files),
            "bundle_hash": status.bundle_hash,
            "secrets": dict(status.secrets) or state["secrets"],
            "converged": installation.settled(status),
        }

    def delete(self, context: Context, state: State) -> None:
        """Leave the clusters. If the environment's destruction is allowed, only record the departure."""
        refusal.not_for_review(context)
        member = self._declared(state)
        if self._data.allow_destroy and not context.private.get(_REPLACED):
            self._data.record.destroyed(quorum.Departure(member.voter, "deleted"))
            progress.report(self.name, member.voter.node, "left", "the environment is being destroyed")
        else:
            with self._data.leaving:  # of two members that leave at once, each must see the departure of the other
                departure.leave(member, context.stop, returns=bool(context.private.get(_REPLACED)))
        connect(member.address).close()

    def _declared(self, state: State) -> Declared:
        member = declared(state)
        if member.address.identity_file or not member.secret_store:
            return member
        key = self._key.path(member.secret_store)
        peers = {name: dataclasses.replace(peer, identity_file=key) for name, peer in member.peers.items()}
        keepers = {
            name: dataclasses.replace(keeper, address=dataclasses.replace(keeper.address, identity_file=key))
            for name, keeper in member.keepers.items()
        }
        address = dataclasses.replace(member.address, identity_file=key)
        return dataclasses.replace(member, address=address, peers=peers, keepers=keepers)

    def _deliver(self, context: Context, prior: State, planned: State) -> State:
        """Deliver to an existing member. If that may restart daemons with copies, one failure domain is at work at a time."""
        domains = plan.restarting(prior, planned)
        if not domains:
            return self._install(context, planned, _REACH_AGAIN)
        with self._data.turns.turn(planned["node"], domains, context.stop):
            state = self._install(context, planned, _REACH_AGAIN)
            node = Node(connect(self._declared(planned).address))
            outcome = installation.healthy(node, sorted(domains), context.stop)
            if not (state["converged"] and outcome.converged):
                self._data.turns.stuck(planned["node"], domains)
        if not outcome.converged:
            context.warning(f"{planned['node']} did not become healthy after its restart", outcome.detail)
        return {**state, "converged": state["converged"] and outcome.converged}

    def _install(self, context: Context, planned: State, patience: float) -> State:
        member = self._declared(planned)
        content = bundle.content(member.bundle, member.bundle_hash)
        secrets = secret_values.read(member.secret_store, member.voter.node, member.secrets)
        if planned["secrets"] is UNKNOWN and bundle.effects(member.bundle).secrets:
            raise errors.InputError(
                f"{member.voter.node} is new and needs secrets, but their store is not here",
                "Apply from a machine that has the store.",
            )
        node = Node(connect(member.address))
        installation.reach(node, context.stop, patience)
        clusters = installation.existing_clusters(member, self._data.record)
        delivery = Delivery(content, secrets, member.secrets, clusters)
        outcome = installation.install(node, delivery, context.stop)
        self._data.record.arrived(member.voter.node)
        context.private.pop(_REPLACED, None)
        if not outcome.converged:
            context.warning(
                f"{member.voter.node} has its configuration, but did not converge",
                f"{outcome.detail}\nThe next apply repairs it in place.",
            )
        secrets_state = {} if planned["secrets"] is UNKNOWN else planned["secrets"]
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return {**planned, "secrets": secrets_state, "converged": outcome.converged, "installed": now}


def _unmark(context: Context) -> None:
    """Remove the marks of an earlier plan."""
    context.private.pop(_REPLACED, None)
    refusal.unmark(context)
