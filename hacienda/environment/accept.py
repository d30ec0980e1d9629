"""Deliberate exceptions from the rules, each with a reason and an end date."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from hacienda.environment.spec import Spec
from hacienda.environment.values import Word, refuse

_RULE = re.compile(r"[A-Z][A-Z0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LEAST_REASON = 10
"""Characters of the shortest reason."""
LONGEST_REASON = 200
"""Characters of the longest reason: a line of a report holds this many."""


def _rule(value: Any) -> str:
    if not isinstance(value, str) or not _RULE.fullmatch(value):
        raise refuse("is not the name of a rule", "Write it as `hacienda explain` lists it, like `DOMAIN`.")
    return value


def _reason(value: Any) -> str:
    if not isinstance(value, str) or not LEAST_REASON <= len(value.strip()) <= LONGEST_REASON:
        fix = f"Say in {LEAST_REASON} to {LONGEST_REASON} characters why this is fine here."
        raise refuse("is not a reason", fix)
    return value.strip()


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    fix = "Write the last day on which it is accepted, like `2027-11-30`."
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise refuse("is not a date", fix)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise refuse("is not a day of the calendar", fix) from error


class Accept(Spec):
    """One deliberate exception."""

    rule: Annotated[str, BeforeValidator(_rule), Field(json_schema_extra={"pattern": f"^{_RULE.pattern}$"})]
    """The rule whose findings are accepted, like `DOMAIN`; `hacienda explain` lists them."""
    reason: Annotated[str, BeforeValidator(_reason)]
    """Why the finding is acceptable here. A colleague must understand it in a year."""
    until: Annotated[
        date,
        BeforeValidator(_date),
        PlainSerializer(str),
        WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{_DATE.pattern}$"}),
    ]
    """Last day on which the findings are accepted, like `2027-11-30`. Afterwards they count again."""
    concerns: Word | None = None
    """Limits the exception to findings about this machine, network, failure domain, service or field of this file.
    Default: every finding of the rule."""
