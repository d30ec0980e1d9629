"""The report for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hacienda.review import names
from hacienda.review.diff import document as diff_document
from hacienda.review.plan import guard, summary
from hacienda.review.report.model import Compared, Planned, Report

VERSION = 1
"""Version of the document. Within one version, every present key keeps its meaning."""


def document(report: Report) -> dict[str, Any]:
    """The report as text, numbers, lists and mappings. Machines with the same change appear as ranges, `cmp-1..1000`;
    `hacienda diff --json` lists them one by one."""
    return {
        "version": VERSION,
        "environment": report.environment,
        "machines": report.machines,
        "day": report.day.isoformat(),
        "exit_code": report.exit_code,
        "findings": [finding.document() for finding in report.findings],
        "topology": _topology(report),
        "availability": report.estimate.to_json(),
        "timers": report.budget.to_json(),
        "diff": None if report.compared is None else _compared(report.compared),
        "plan": None if report.planned is None else _planned(report.environment, report.planned),
    }


def _topology(report: Report) -> dict[str, Any]:
    picture = report.picture
    return {
        "networks": [asdict(one) for one in picture.networks],
        "virtual_ips": [asdict(one) for one in picture.virtual_ips],
        "electorates": [asdict(one) for one in picture.voter_groups],
        "machines": [
            {**asdict(box), "names": names.brief(box.names), "count": len(box.names)} for box in picture.boxes
        ],
        "single_points_of_failure": [asdict(mark) for mark in picture.marks],
    }


def _compared(compared: Compared) -> dict[str, Any]:
    told = diff_document(compared.diff)
    for listed in (told["files"], told["steps"], told["packages"]):
        for one in listed:
            one["count"], one["nodes"] = len(one["nodes"]), names.brief(one["nodes"])
    changed = {kind: names.brief(compared.diff.of(kind)) for kind in ("added", "removed", "changed")}
    changed["replaced"] = names.brief(compared.diff.replaced)
    head = {"base": compared.base, "commit": compared.commit, "new": compared.new}
    return {
        **head,
        **{key: told[key] for key in ("changes", "trust", "trust_known", "files", "steps", "packages")},
        "nodes": changed,
    }


def _planned(environment: str, planned: Planned) -> dict[str, Any]:
    return {
        "sources": list(planned.sources),
        "changes": bool(planned.changes),
        "said": summary.describe(environment, planned.changes),
        "going": {word: names.brief(listed) for word, listed in summary.going(planned.changes).items()},
        "guard": guard.document(planned.verdict),
    }
