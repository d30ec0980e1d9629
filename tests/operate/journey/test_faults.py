"""What APIs say about errors, in any of their wrappings."""

from __future__ import annotations

import pytest

from hacienda.errors import InputError
from hacienda.operate.journey import faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"forbidden": {"message": "Policy does not allow it.", "code": 403}}', "Policy does not allow it."),
        ('{"NeutronError": {"type": "X", "message": "Quota exceeded.", "detail": ""}}', "Quota exceeded."),
        (
            '{"errors": [{"status": 409, "title": "Conflict", "detail": "There was\\n a conflict."}]}',
            "There was a conflict.",
        ),
        ('{"error": {"message": "The request you have made requires authentication."}}', None),
        ('{"badRequest": {}}', ""),
        ("<html><body>503 Service Unavailable</body></html>", ""),
        ("Internal Server Error", "Internal Server Error"),
        ("", ""),
    ],
)
def test_the_message_is_found(text: str, said: str | None) -> None:
    wanted = "The request you have made requires authentication." if said is None else said
    assert faults.said_by(text) == (wanted or (text if text.startswith("{") else ""))


def test_errors_of_the_operator_keep_their_words_and_a_defect_has_none() -> None:
    assert faults.describe(InputError("no secret", "mint it")) == faults.Fault("no secret\n  mint it", "")
    assert faults.describe(faults.StepError("a", "b", ("c",))) == faults.Fault("a", "b", ("c",))
    assert faults.describe(ZeroDivisionError()) is None
