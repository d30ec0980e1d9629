"""Network cards that a role or a machine calls otherwise than the networks do, or lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hacienda.cloud.machines import Draft
from hacienda.cloud.network import Network
from hacienda.cloud.problem_list import ProblemList
from hacienda.environment.machines import NO_CARD
from hacienda.environment.problems import nearest
from hacienda.environment.source import Trail


def cards(draft: Draft, networks: Sequence[Network], problems: ProblemList) -> Mapping[str, str]:
    """What a machine calls the cards of its networks, as far as it is another name; empty: it lacks the card.

    Args:
        draft: the machine.
        networks: all networks.
        problems: takes what is wrong.
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
    """Reason, fix and the card of each thing that cannot be."""
    owners: dict[str, str] = {}
    for network in on:
        mine = {card: found.get(card, card) for card in network.cards}
        if mine and not any(mine.values()):
            yield (
                f"leaves {network.name} without a card",
                "Name one, or take the role off the network.",
                next(iter(mine)),
            )
        for card, own in mine.items():
            other = owners.setdefault(own, card) if own else card
            if other != card:
                written, alike = (card, other) if card in found else (other, card)
                yield f"is {own}, and so is what the networks call {alike}", "Give each card its own name.", written


def _place(draft: Draft, card: str, problems: ProblemList) -> Trail:
    """Where the card is written: at the machine, or at its group."""
    own = (*draft.where, "cards", card)
    return own if own in problems.source.lines else ("machines", draft.role, "cards", card)
