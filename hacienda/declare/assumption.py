"""What a service relies on in a Debian package although the package may change it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

AssumptionKind = Literal["program", "file", "folder", "user", "group", "unit", "line", "answer"]


@dataclass(frozen=True)
class Assumption:
    """One thing that the project does not make and that no stable documented interface guarantees.

    It is checked in the machine image at build time, and on a node before anything of a cluster is changed.

    Args:
        package: Debian package that provides it. The message about a failed check names the package and its version.
        kind: how it is checked.
            `program`, `file`, `folder`: the absolute path `subject` exists; a program is also executable;
            `user`, `group`: a user or group of that name exists;
            `unit`: a package provides a systemd unit of that name;
            `line`: the file `subject` has a line in which `expected` is found;
            `answer`: the command `subject`, split into words as a shell does, exits with 0, and `expected` is found in its output.
        subject: path, name or command, see `kind`.
        expected: regular expression, for `line` and `answer` only.
        reason: what relies on it, as the end of "... needs it: ".
    """

    package: str
    kind: AssumptionKind
    subject: str
    expected: str = ""
    reason: str = ""

    def to_json(self, service: str) -> dict[str, str]:
        """The JSON object that the check reads.

        Args:
            service: name of the service that relies on it.
        """
        return {"service": service, **asdict(self)}
