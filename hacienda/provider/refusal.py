"""A refusal of a plan, as summary and detail. It is an error. In a plan for review it is a warning, and a mark prevents
an apply."""

from __future__ import annotations

from hacienda import errors
from hacienda.provider.framework.context import Context

_REFUSED = "refused"
"""Private mark of a plan for review: the reason why it must not be applied."""


def unmark(context: Context) -> None:
    """Remove the mark of an earlier plan."""
    context.private.pop(_REFUSED, None)


def mark(context: Context, reason: str) -> None:
    """Prevent the apply of a plan for review."""
    context.private[_REFUSED] = reason


def refuse(context: Context, refusal: tuple[str, str] | None, *, review: bool) -> None:
    """Refuse a plan; None: there is no reason to."""
    if refusal and review:
        mark(context, refusal[0])
        context.warning(*refusal)
    elif refusal:
        context.error(*refusal)


def not_for_review(context: Context) -> None:
    """Raises UnwellError if this part of a plan for review was refused."""
    if context.private.get(_REFUSED):
        raise errors.UnwellError(str(context.private[_REFUSED]), "The plan was made for review. Nothing was changed.")
