"""What a service relies on in a Debian package, and the package is free to change."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

AssumptionKind = Literal["program", "file", "folder", "user", "group", "unit", "line", "answer"]


@dataclass(frozen=True)
class Assumption:
    """One thing that is neither the project's own nor a documented interface that cannot move.

    It is checked in the machine image when that is built, and on a node before anything of a cluster is touched.

    Args:
        package: Debian package that it comes with; named, with its version, when it does not hold.
        kind: how it is checked.
            `program`, `file`, `folder`: `subject` is an absolute path that is there, and can be run in the case of a program;
            `user`, `group`: an account of that name is there;
            `unit`: a systemd unit of that name comes with a package;
            `line`: the file `subject` has a line that `expected` is found in;
            `answer`: the command `subject`, words as a shell splits them, ends with 0 and prints what `expected` is found in.
        subject: see `kind`.
        expected: regular expression of `line` and `answer`.
        reason: what relies on it, as the end of "... needs it: ".
    """

    package: str
    kind: AssumptionKind
    subject: str
    expected: str = ""
    reason: str = ""

    def to_json(self, service: str) -> dict[str, str]:
        """As the check reads it.

        Args:
            service: who relies on it.
        """
        return {"service": service, **asdict(self)}
