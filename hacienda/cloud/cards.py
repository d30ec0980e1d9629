"""Network cards that have another name on a role or machine than in the networks, or that it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hacienda.cloud.machines import Draft
from hacienda.cloud.network import Network
from hacienda.cloud.problem_list import ProblemList
from hacienda.environment.machines import NO_CARD
from hacienda.environment.problems import nearest
from hacienda.environment.source import Trail


def cards(draft: Draft, networks: Sequence[Network], problems: ProblemList) -> Mapping[str, str]:
    """Name of a card in the networks -> its other name on the machine; empty: the machine lacks the card.

    Args:
        draft: the machine.
        networks: all networks.
        problems: receives the problems.
    """
    on = [n for n in networks if n.name in draft.pinned or draft.role in n.roles]
    named = {card for network in networks for card in network.cards}
    found: dict[str, str] = {}
    for card, own in draft.cards.items():
        if card not in named:
            fix = nearest(card, named) if named else "No network names its cards: add `bond` or `nic` to one."
            problems.add(_place(draft, card, problems), "is no card of a network", fix)
        elif own != card:
            found[card] = "" if own == NO_CARD else own
    for reason, fix, card in _wrong(on, found):
        problems.add(_place(draft, card, problems), reason, fix)
    return found


def _wrong(on: Iterable[Network], found: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Reason, fix and card of each impossible name."""
    owners: dict[str, str] = {}
    for network in on:
        mine = {card: found.get(card, card) for card in network.cards}
        if mine and not any(mine.values()):
            yield (
                f"leaves {network.name} without a card",
                "Name one, or remove the role from the network.",
                next(iter(mine)),
            )
        for card, own in mine.items():
            other = owners.setdefault(own, card) if own else card
            if other != card:
                written, alike = (card, other) if card in found else (other, card)
                yield (
                    f"is {own}, which is also the name of the networks' {alike}",
                    "Give each card its own name.",
                    written,
                )


def _place(draft: Draft, card: str, problems: ProblemList) -> Trail:
    """Place of the card in the file: at the machine, or at its group."""
    own = (*draft.where, "cards", card)
    return own if own in problems.source.lines else ("machines", draft.role, "cards", card)
