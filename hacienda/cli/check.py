"""`hacienda check`."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.text import Text

from hacienda import assess
from hacienda.assess import Finding, Severity
from hacienda.cli import assessing, console, project
from hacienda.errors import InputError, UnwellError

COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow", "info": "blue"}
ACCEPTED = "accepted"


def check(env: project.Env, as_json: project.AsJson = False) -> None:
    """Read an environment file, resolve it, and report every error and every weakness.

    Exit code 2: the file is wrong. Exit code 1: the cloud would not survive a failure that it is built to survive, and
    the file's `accept` does not name that error, or has expired. Warnings do not count.
    """
    try:
        cloud = project.read(env)
    except InputError as error:
        if as_json:
            problems = [asdict(problem) for problem in error.problems]
            console.show_json({"environment": env, "problems": problems, "unseen": list(error.unseen), "findings": []})
            raise typer.Exit(error.exit_code) from None
        raise
    findings = assess.findings(assessing.subject(cloud, project.path_of(env)))
    if as_json:
        listed = [finding.document() for finding in findings]
        console.show_json({"environment": cloud.name, "problems": [], "unseen": [], "findings": listed})
    else:
        for finding in findings:
            show_finding(finding)
        console.show(_summary(cloud.name, len(cloud.nodes), findings))
    if any(finding.fails for finding in findings):
        raise typer.Exit(UnwellError.exit_code)


def show_finding(finding: Finding) -> None:
    """Print a finding for people."""
    word = f"{ACCEPTED} {finding.severity}" if finding.accepted else finding.severity
    text = Text(f"{word}: ", style="dim" if finding.accepted else COLOURS[finding.severity])
    console.out.print(text.append(str(finding), style="default"))


def _summary(name: str, machines: int, findings: tuple[Finding, ...]) -> str:
    said = assess.counted(findings) or "no findings"
    return f"{name}: {machines} machine{'' if machines == 1 else 's'}, {said}"
