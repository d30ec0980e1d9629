"""The jobs that a machine runs, as data, and the meaning of its answers."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from hacienda.cloudinit import RenderedFile
from hacienda.review.validation import inside
from hacienda.review.validation.checkers import HOME, Program
from hacienda.review.validation.dummies import Dummies
from hacienda.review.validation.subjects import Collection, Subject

MOST_TOGETHER = 150
"""Most files in one call: enough that the program's start does not count, few enough that all cores have work."""

_SOURCE = Path(__file__).parent

_SIGNALLED = 128
"""A shell adds the number of a signal to this for the exit code of a command that the signal ended."""

_ENDED = "the program ended before it had read all files"


@dataclass(frozen=True)
class Job:
    """One call of one program.

    Args:
        id: number of the job, from 0.
        check: the program.
        subjects: the files that it reads.
    """

    id: int
    check: Program
    subjects: tuple[Subject, ...]

    @property
    def tree(self) -> str:
        """The node whose files are in place; empty: no node's."""
        return self.subjects[0].nodes[0] if self.check.in_place else ""


@dataclass(frozen=True)
class Order:
    """Everything that a machine needs to run jobs.

    Args:
        archive: tar archive to unpack in `checkers.HOME`: programs, files, work.json.
        program: path of the Python program there that runs the jobs.
    """

    archive: bytes
    program: str = f"{HOME}/inside.py"


@dataclass(frozen=True)
class Outcome:
    """Result of one call: exit code, standard output and error together, and duration in seconds."""

    code: int
    said: str
    seconds: float


@dataclass(frozen=True)
class Answer:
    """Answer of a machine: job id -> outcome, Debian package -> version."""

    outcomes: Mapping[int, Outcome]
    versions: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Answer:
        """Read the output of `inside.py`."""
        found = json.loads(text)
        return cls(
            {int(number): Outcome(**outcome) for number, outcome in found["outcomes"].items()}, found["versions"]
        )


def jobs(pairs: Iterable[tuple[Subject, Program]]) -> tuple[Job, ...]:
    """Calls that cover all pairs: one for each file, or one for up to MOST_TOGETHER files of one program and node."""
    groups: dict[tuple[str, str], list[Subject]] = {}
    checks: dict[str, Program] = {}
    for subject, check in pairs:
        checks[check.title] = check
        groups.setdefault((check.title, subject.nodes[0] if check.in_place else ""), []).append(subject)
    calls = [
        (checks[title], part)
        for (title, _), subjects in groups.items()
        for part in _parts(subjects, MOST_TOGETHER if checks[title].together else 1)
    ]
    return tuple(Job(number, check, part) for number, (check, part) in enumerate(calls))


def _parts(subjects: Sequence[Subject], size: int) -> Iterator[tuple[Subject, ...]]:
    for start in range(0, len(subjects), size):
        yield tuple(subjects[start : start + size])


def _object(subject: Subject) -> str:
    """Path of a file that stands alone. It contains the hash of the template's text, so it reveals nothing of a secret."""
    return f"{HOME}/objects/{subject.file.sha256}"


def _argument(job: Job, subject: Subject) -> str:
    return job.check.argument(subject.file.path) if job.check.in_place else _object(subject)


def order(planned: Sequence[Job], collection: Collection, dummies: Dummies) -> Order:
    """The order with everything that a machine needs for these jobs."""
    objects: dict[str, bytes] = {}
    for job in planned:
        if not job.check.in_place:
            objects |= {s.file.sha256: dummies.filled(s.file.text).encode() for s in job.subjects}
    names = sorted({job.tree for job in planned} - {""})
    trees = {name: list(_tree(collection.trees[name], dummies, objects)) for name in names}
    document = {
        "packages": sorted({job.check.package for job in planned}),
        "trees": trees,
        "jobs": [
            {
                "id": job.id,
                "tree": job.tree,
                "command": job.check.command,
                "arguments": list(dict.fromkeys(_argument(job, subject) for subject in job.subjects)),
            }
            for job in planned
        ],
    }
    members = {f"objects/{name}": content for name, content in objects.items()}
    members |= {path.name: path.read_bytes() for path in (_SOURCE / "inside.py", _SOURCE / "launch.sh")}
    members |= {f"probes/{path.name}": path.read_bytes() for path in (_SOURCE / "probes").glob("*.*")}
    return Order(_tar({**members, "work.json": json.dumps(document).encode()}))


def _tree(files: Iterable[RenderedFile], dummies: Dummies, objects: dict[str, bytes]) -> Iterator[dict[str, Any]]:
    for file in files:
        if file.kind != "directory":
            yield _placed(file, file.path, dummies.filled(file.text), objects)
            continue
        if not file.secrets:
            yield _entry(file, file.path, None)
            continue
        for name, content in dummies.keys(file.text).items():
            yield _placed(file, str(PurePosixPath(file.path) / name), content, objects)


def _placed(file: RenderedFile, path: str, text: str, objects: dict[str, bytes]) -> dict[str, Any]:
    content = text.encode()
    name = hashlib.sha256(content).hexdigest()
    objects[name] = content
    return _entry(file, path, name)


def _entry(file: RenderedFile, path: str, content: str | None) -> dict[str, Any]:
    return {"path": path, "object": content, "mode": file.mode, "owner": file.owner, "group": file.group}


def _tar(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in sorted(members.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def complaint(job: Job, subject: Subject, outcome: Outcome) -> str:
    """What the program reports about one of its files; empty: the program accepts the file.

    Lines that name no file of the call apply to all of them. So does the whole output of a program that was ended early, or whose
    output was cut: it may not have read all files.
    """
    refused = outcome.code != 0 or bool(_lines(job.check, outcome))
    if not refused:
        return ""
    lines = _lines(job.check, outcome) or [line for line in outcome.said.splitlines() if line.strip()]
    lines = lines or [f"it ended with exit code {outcome.code} and no output"]
    if len(job.subjects) > 1:
        named = {other: _names(job, other) for other in job.subjects}
        common = [line for line in lines if not any(name in line for names in named.values() for name in names)]
        mine = [line for line in lines if any(name in line for name in named[subject])]
        lines = mine or (common or [_ENDED] if _broke_off(outcome) else common if len(common) == len(lines) else [])
    return "\n".join(line.replace(_object(subject), subject.file.path) for line in lines)


def _broke_off(outcome: Outcome) -> bool:
    """Whether a signal or a Python error ended the program, or its output was cut."""
    crashed = any(
        line.startswith((inside.CUT, "Traceback (most recent call last)")) for line in outcome.said.splitlines()
    )
    return outcome.code < 0 or outcome.code > _SIGNALLED or crashed


def _names(job: Job, subject: Subject) -> tuple[str, ...]:
    """Names by which the program's output may mention a file."""
    argument = _argument(job, subject)
    if not job.check.in_place:
        return (argument,)
    return tuple(dict.fromkeys((argument, subject.file.path, PurePosixPath(argument).name)))


def _lines(check: Program, outcome: Outcome) -> list[str]:
    """Lines that mean refusal with any exit code."""
    passed = [
        line for line in outcome.said.splitlines() if line.strip() and not (check.passes and check.passes.search(line))
    ]
    return [line for line in passed if check.refuses and check.refuses.search(line)]
