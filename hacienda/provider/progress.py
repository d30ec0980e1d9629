"""The provider's progress, for people who wait: a log line, and a JSON line in the file that HACIENDA_PROGRESS names.

Terraform does not show the progress of an operation. `hacienda apply` reads the file and shows a table.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

from hacienda import printing

VARIABLE = "HACIENDA_PROGRESS"
_lock = threading.Lock()


def report(resource: str, node: str, event: str, detail: str = "") -> None:
    """Report one event.

    Args:
        resource: type of the resource, e.g. `hacienda_member`.
        node: the node's name, or the resource's if it concerns several nodes.
        event: one word, e.g. `waiting`, `delivering`, `installing`, `installed`, `unwell`, `healthy`.
        detail: one line; never a secret.
    """
    entry = {"time": round(time.time(), 3), "resource": resource, "node": node, "event": event, "detail": detail}
    line = json.dumps(entry)
    with _lock:
        sys.stderr.write(printing.printable(f"{resource} {node}: {event} {detail}") + "\n")
        sys.stderr.flush()
        path = os.environ.get(VARIABLE)
        if path:
            _append(path, line + "\n")


def _append(path: str, line: str) -> None:
    """Write the line at once, because several providers append to the same file. A failure here stops nothing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        sys.stderr.write(printing.printable(f"{VARIABLE}: {error}") + "\n")
        return
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)
