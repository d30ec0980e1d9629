"""Prints the outcomes of the last run of stestr, as JSON. It runs on Tempest's machine, with Debian's Python and its libraries.

Standard input: the run, in subunit's protocol, as `stestr last --subunit` writes it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import subunit
from testtools import StreamToDict

LARGEST = 200_000
"""Characters of what a test said that are kept, from its end: the log of its requests precedes the traceback."""


def text(details: dict[str, Any]) -> str:
    """What a test said: the reason of a skip, or the log and the traceback of a failure."""
    order = sorted(details, key=lambda name: (name.startswith("traceback"), name))
    return "\n".join(details[name].as_text() for name in order if details[name].content_type.type == "text")[-LARGEST:]


def main() -> None:
    """Read the run, and print {name: {"state": ..., "said": ..., "seconds": ...}}."""
    found: dict[str, dict[str, Any]] = {}

    def take(test: dict[str, Any]) -> None:
        began, ended = test["timestamps"]
        found[test["id"]] = {
            "state": test["status"],
            "said": "" if test["status"] == "success" else text(test["details"]),
            "seconds": (ended - began).total_seconds() if began and ended else 0.0,
        }

    result = StreamToDict(take)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(sys.stdin.buffer, non_subunit_name="stdout").run(result)
    result.stopTestRun()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
