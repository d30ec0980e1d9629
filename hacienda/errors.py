"""Errors for the operator: message, fix, and exit code of the command."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the operator wrote.

    Args:
        where: the field, dotted as in the file (`machines.controller`); empty: the file as a whole.
        reason: what is wrong with it, in the operator's words.
        fix: what to write or do instead; empty if the reason already says it.
        file: path as the operator gave it; empty: not from a file.
        line: line number from 1; None: unknown.
        value: the value in the file, shortened for display; never a secret. Empty: not shown.
    """

    where: str
    reason: str
    fix: str = ""
    file: str = ""
    line: int | None = None
    value: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line is not None else self.file
        field = f"{self.where} = {self.value}" if self.where and self.value else self.where
        text = ": ".join(part for part in (place, field, self.reason) if part)
        return f"{text}\n  {self.fix}" if self.fix else text


class HaciendaError(Exception):
    """Base of every error an operator may see.

    Args:
        message: what is wrong.
        fix: what to do about it; None: no advice.
    """

    exit_code = 3

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  {self.fix}" if self.fix else self.message


class UnwellError(HaciendaError):
    """The cloud is unwell."""

    exit_code = 1


class InputError(HaciendaError):
    """Bad input: every problem at once.

    Args:
        problems: all problems, in the order of the file; or a message, which becomes one problem.
        fix: what to do, only with a message.
        unseen: what could not be checked because of the problems, a sentence each. It may hold more problems.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | str, fix: str | None = None, unseen: Iterable[str] = ()) -> None:
        if isinstance(problems, str):
            problems = (Problem(where="", reason=problems, fix=fix or ""),)
        self.problems = tuple(problems)
        self.unseen = tuple(dict.fromkeys(unseen))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ToolError(HaciendaError):
    """A tool is missing or failed."""

    exit_code = 3


class RefusedError(HaciendaError):
    """The guard refuses: a quorum, or the last copy of a service, would be lost."""

    exit_code = 4
