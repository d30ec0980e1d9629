"""`hacienda check`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import typer
from rich.text import Text

from hacienda import assess
from hacienda.assess import Finding, Severity
from hacienda.cli import console, project
from hacienda.errors import InputError

COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow", "info": "blue"}


def check(env: project.Env, as_json: project.AsJson = False) -> None:
    """Read an environment file, resolve it, and say everything that is wrong or unwise about it.

    Errors end with exit code 2, also those that resolve but would not survive what the cloud is built to survive;
    warnings do not.
    """
    try:
        cloud = project.read(env)
    except InputError as error:
        if as_json:
            problems = [asdict(problem) for problem in error.problems]
            console.show_json({"environment": env, "problems": problems, "findings": []})
            raise typer.Exit(error.exit_code) from None
        raise
    findings = assess.findings(cloud)
    failed = any(finding.severity == "error" for finding in findings)
    if as_json:
        listed = [asdict(finding) for finding in findings]
        console.show_json({"environment": cloud.name, "problems": [], "findings": listed})
    else:
        for finding in findings:
            _show(finding)
        console.show(_summary(cloud.name, len(cloud.nodes), findings))
    if failed:
        raise typer.Exit(InputError.exit_code)


def _show(finding: Finding) -> None:
    text = Text(f"{finding.severity}: ", style=COLOURS[finding.severity])
    console.out.print(text.append(str(finding), style="default"))


def _summary(name: str, machines: int, findings: tuple[Finding, ...]) -> str:
    counted = Counter(finding.severity for finding in findings)
    said = ", ".join(f"{counted[severity]} {severity}" for severity in COLOURS if counted[severity])
    return f"{name}: {machines} machines, {said or 'nothing to say against it'}"
