"""Shows files to the programs of a machine image, as they are rendered and with wrong values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hacienda import secrets
from hacienda.cloudinit import NodeOutput
from hacienda.review import validation
from tests import shipped

Refusals = Mapping[str, Mapping[str, str]]
"""Case -> title of each check that refuses its file -> what it says."""


def accepts(machine: validation.Scratch, paths: Sequence[Path]) -> None:
    """Every file of some environments is accepted, by a program whose version is known."""
    outputs = [output for path in paths for output in shipped.rendered(path)[0]]
    report = validation.validate(outputs, [shipped.rendered(path)[1] for path in paths], machine)
    print(f"\n{report.total} files on {len(outputs)} nodes, {len(report.results)} checks, {report.seconds:.0f} s")
    for title, count in validation.counts(report).items():
        print(f"  {title:<32}{count:>6}")
    assert [str(result) for result in report.refused] == []
    assert {result.said for result in report.unchecked} == {"no content of it is rendered"}
    assert all(result.version for result in report.results if result.accepted)


@dataclass(frozen=True)
class Wrong:
    """A deliberately wrong value.

    Args:
        path: the file; a suffix of its path will do.
        old, new: what is replaced, once; `old` is a pattern.
        check: title of the check that must refuse the file.
        said: part of what it says.
    """

    path: str
    old: str
    new: str
    check: str
    said: str = ""

    @property
    def id(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", f"{self.path} {self.check} {self.new or self.old}".lower()).strip("-")

    def output(self, good: Sequence[NodeOutput]) -> NodeOutput:
        """The first node that has the file, with the wrong value, in an environment of this case's own."""
        for node in good:
            if self.path in ("user-data", "network-config") or any(f.path.endswith(self.path) for f in node.files):
                return self._wrong(node)
        raise LookupError(f"no file {self.path}")

    def _wrong(self, good: NodeOutput) -> NodeOutput:
        changed = replace(good, manifest={**good.manifest, "environment": self.id})
        if self.path == "user-data":
            return replace(changed, user_data=self._edit(good.user_data))
        if self.path == "network-config":
            return replace(changed, network_config=self._edit(good.network_config))
        files = tuple(replace(f, text=self._edit(f.text)) if f.path.endswith(self.path) else f for f in good.files)
        return replace(changed, files=files)

    def _edit(self, text: str) -> str:
        edited, count = re.subn(self.old, self.new, text, count=1, flags=re.MULTILINE)
        assert count == 1, f"{self.old!r} is not in {self.path}"
        return edited


def refusals(
    machine: validation.Scratch, good: Sequence[NodeOutput], needs: Sequence[secrets.Needs], cases: Sequence[Wrong]
) -> Refusals:
    """What is refused of each case's file; all cases are checked in one go, and nothing but their wrong files.

    Args:
        good: nodes that have the files.
        needs: secrets in them.
    """
    found = validation.collect([*good, *(case.output(good) for case in cases)])
    fine = {f"{output.manifest['environment']}/{output.node}" for output in good}
    subjects = tuple(subject for subject in found.subjects if not fine & set(subject.nodes))
    report = validation.check(replace(found, subjects=subjects), needs, machine)
    refused: dict[str, dict[str, str]] = {}
    for result in report.refused:
        for node in result.subject.nodes:
            refused.setdefault(node.rpartition("/")[0], {})[result.check] = result.said
    return refused


def catches(refused: Refusals, case: Wrong) -> None:
    """The case's check refuses its file, and says why."""
    said = refused.get(case.id, {})
    assert case.check in said, said
    assert case.said in said[case.check]
    # It is the file that was refused: no program of ours broke over it.
    assert "probes/" not in said[case.check]
