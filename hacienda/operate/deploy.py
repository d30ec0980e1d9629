"""Plans and applies an environment's stacks, one after the other, in the folders that the CDK's own command line uses."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hacienda.declare.resource_types import MEMBER
from hacienda.errors import RefusedError, ToolError
from hacienda.operate.observer import OnLine
from hacienda.quorum import ALLOW_DESTROY, REFUSAL, REVIEW, TOO_FEW
from hacienda.review.plan import reader
from hacienda.terraform import Terraform

if TYPE_CHECKING:
    # The CDK takes half a second to import, and this module does not use it.
    from hacienda.stacks import Stack, Synthesis

PARALLELISM = 30
"""Concurrent operations. Terraform's default of 10 delays machines behind others that only wait for their first boot."""

LOCK_TIMEOUT = "120s"
"""How long to wait for the state's lock: an interrupted Terraform may still be finishing its work."""

_LOCAL_SOURCE = "hacienda.local/"
_PLUGINS = "terraform.d/plugins"
_RULE = "─────"
"""Terraform prints such a line between a plan and its note about the plan's file."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def allowed() -> tuple[str, ...]:
    """Names of environments that the operator allows to lose their quorums. The provider reads the same variable."""
    return tuple(name for name in (os.environ.get(ALLOW_DESTROY),) if name)


@dataclass(frozen=True)
class StackPlan:
    """A saved plan of one stack.

    Args:
        stack: the stack.
        file: the saved plan; `terraform apply` accepts it once.
        changed: False: Terraform says "No changes".
        text: Terraform's text of the plan.
        content: the parsed plan.
        refusal: the provider's message if it refuses the plan, otherwise empty. A refused plan cannot be applied.
        document: the plan as `terraform show -json` prints it.
    """

    stack: Stack
    file: Path
    changed: bool
    text: str
    content: reader.Plan
    refusal: str = ""
    document: str = ""


class Deployment:
    """The stacks of one environment and the Terraform that runs them.

    Args:
        synthesis: the synthesis in the output folder.
        environment: the environment's name.
        terraform: the program.
        plans: folder for saved plans; they hold no secrets.
    """

    def __init__(self, synthesis: Synthesis, environment: str, terraform: Terraform, plans: Path) -> None:
        self.synthesis = synthesis
        self._terraform = terraform
        self._plans = plans
        self.environment = environment
        self.stacks = synthesis.of(environment)
        self._initialised: set[Stack] = set()

    def plan(
        self,
        stack: Stack,
        *,
        destroy: bool = False,
        colour: bool = False,
        targets: Iterable[str] = (),
        replace: Iterable[str] = (),
    ) -> StackPlan:
        """Plan a stack. If the provider refuses because a quorum would be lost, plan again for reading: that plan shows the changes
        and cannot be applied.

        Args:
            stack: the stack.
            destroy: plan to destroy everything in it.
            colour: let Terraform colour its text.
            targets: addresses to which the plan is limited, with their dependencies. Default: everything.
            replace: addresses of resources to replace.

        Raises:
            ToolError: Terraform failed.
        """
        folder = self.synthesis.folder(stack)
        env = self._override(destroy)
        if stack not in self._initialised:
            self._terraform.run(_init(folder), folder, env=env)
            self._initialised.add(stack)
        file = self._file(stack)
        plan = _plan(file, destroy, colour)
        plan += [f"-target={address}" for address in targets] + [f"-replace={address}" for address in replace]
        refusal = ""
        try:
            done = self._terraform.run(plan, folder, env=env, accept=(0, 2))
        except ToolError as error:
            refusal = refusal_of(str(error))
            if not refusal:
                raise
            done = self._terraform.run(plan, folder, env={**env, REVIEW: self.environment}, accept=(0, 2))
        text = json_line(self._terraform.run(["show", "-json", str(file)], folder).output)
        content = reader.read(text, stack.name)
        return StackPlan(stack, file, done.code == 2, _review(done.output), content, refusal, text)

    def taint(self, stack: Stack, addresses: Sequence[str]) -> None:
        """Mark resources in the state for replacement, so that the next apply replaces them, also after interruptions.

        Raises:
            ToolError: Terraform failed.
        """
        for address in addresses:
            arguments = ["taint", f"-lock-timeout={LOCK_TIMEOUT}", address]
            self._terraform.run(arguments, self.synthesis.folder(stack))

    def _resources(self, stack: Stack) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
        """The resources of a stack as they are synthesized: type -> name -> attributes."""
        text = (self.synthesis.folder(stack) / "cdk.tf.json").read_text(encoding="utf-8")
        return dict(json.loads(text).get("resource", {}))

    def members(self, stack: Stack) -> Mapping[str, Mapping[str, object]]:
        """Members of a stack as they are synthesized: node -> attributes."""
        return self._resources(stack).get(MEMBER, {})

    def digests(self) -> dict[str, Mapping[str, str]]:
        """Node -> name of a secret -> keyed digest, as synthesized."""
        found: dict[str, Mapping[str, str]] = {}
        for stack in self.stacks:
            for node, attributes in self.members(stack).items():
                digests = attributes.get("secrets")
                if isinstance(digests, dict):
                    found[node] = digests
        return found

    def apply(self, plan: StackPlan, on_line: OnLine, *, progress: Path, destroy: bool = False) -> None:
        """Apply a saved plan.

        Args:
            plan: a result of `plan`; it cannot be applied twice.
            on_line: called with each of Terraform's JSON lines.
            progress: file to which the provider appends its own progress.
            destroy: whether the plan is meant to destroy the environment.

        Raises:
            RefusedError: the provider refused the plan.
            ToolError: Terraform failed or was interrupted.
        """
        if plan.refusal:
            raise RefusedError(plan.refusal)
        folder = self.synthesis.folder(plan.stack)
        env = {**self._override(destroy), "HACIENDA_PROGRESS": str(progress)}
        arguments = ["apply", "-input=false", "-json", f"-lock-timeout={LOCK_TIMEOUT}", f"-parallelism={PARALLELISM}"]
        try:
            self._terraform.run([*arguments, str(plan.file)], folder, env=env, on_line=on_line)
        finally:
            plan.file.unlink(missing_ok=True)

    def _override(self, destroy: bool) -> Mapping[str, str]:
        return {ALLOW_DESTROY: self.environment} if destroy else {}

    def _file(self, stack: Stack) -> Path:
        try:
            self._plans.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ToolError(f"{self._plans}: cannot be created: {error.strerror}") from None
        return self._plans / f"{stack.name}.tfplan"


def _init(folder: Path) -> list[str]:
    """Arguments of `terraform init`. If all providers are Hacienda's, they come from the stack's own folder only, which a
    `provider_installation` block in the operator's CLI configuration would otherwise hide."""
    providers = json.loads((folder / "cdk.tf.json").read_text())["terraform"].get("required_providers", {})
    local = all(str(provider["source"]).startswith(_LOCAL_SOURCE) for provider in providers.values())
    return ["init", "-input=false", "-no-color", *([f"-plugin-dir={_PLUGINS}"] if local else [])]


def _review(output: str) -> str:
    """The changes in a plan's output, without the text before and after them."""
    text = output.partition("Terraform will perform the following actions:")[2] or output
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if _RULE in line), len(lines))
    return "\n".join(lines[:end]).strip("\n")


def _plan(file: Path, destroy: bool, colour: bool) -> list[str]:
    """Arguments of `terraform plan` that saves the plan to a file. Exit code 2: there are changes."""
    plan = ["plan", "-input=false", f"-lock-timeout={LOCK_TIMEOUT}", f"-parallelism={PARALLELISM}"]
    plan += [f"-out={file}", "-detailed-exitcode"]
    return [*plan, *([] if colour else ["-no-color"]), *(["-destroy"] if destroy else [])]


def refusal_of(failure: str) -> str:
    """The provider's message, without Terraform's frames, if a plan failed because a quorum would be lost; otherwise empty."""
    lines = [line.strip("│╷╵ ") for line in _COLOUR.sub("", failure).splitlines()]
    if not any(words in " ".join(lines) for words in (REFUSAL, TOO_FEW)):
        return ""
    begins = next((number for number, line in enumerate(lines) if line.startswith("Error:")), 0)
    return "\n".join(lines[begins:]).removeprefix("Error:").strip()


def json_line(output: str) -> str:
    """The JSON document in an output that may have warnings around it."""
    return next((line for line in output.splitlines() if line.startswith("{")), "{}")
