"""A refusal, as summary and detail: an error, or where the plan is made for review a warning and a mark that keeps it from being
applied."""

from __future__ import annotations

from hacienda import errors
from hacienda.provider.framework.context import Context

_REFUSED = "refused"
"""Private mark of a plan for review: why it must not be applied."""


def unmark(context: Context) -> None:
    """A new plan knows nothing of an earlier one's mark."""
    context.private.pop(_REFUSED, None)


def mark(context: Context, reason: str) -> None:
    """Keep a plan for review from being applied."""
    context.private[_REFUSED] = reason


def refuse(context: Context, refusal: tuple[str, str] | None, *, review: bool) -> None:
    """Refuse a plan; None: nothing stands against it."""
    if refusal and review:
        mark(context, refusal[0])
        context.warning(*refusal)
    elif refusal:
        context.error(*refusal)


def not_for_review(context: Context) -> None:
    """Raises UnwellError: the plan was made to be read, and this part of it is what was refused."""
    if context.private.get(_REFUSED):
        raise errors.UnwellError(str(context.private[_REFUSED]), "The plan was made for review. Nothing was touched.")
