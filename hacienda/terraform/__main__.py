"""`hacienda-terraform ARGS...`: the Terraform that `hacienda` uses, for programs that start one by its path.

TERRAFORM_BINARY_NAME="$PWD/.venv/bin/hacienda-terraform" cdktf deploy 'lab-*'
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from hacienda import printing
from hacienda.errors import HaciendaError
from hacienda.terraform import child
from hacienda.terraform.program import find, surroundings


def main() -> NoReturn:
    """Become Terraform, with this process' arguments, standard streams and working folder."""
    try:
        found = find()
    except HaciendaError as error:
        sys.stderr.write(printing.lines(f"{error}\n"))
        sys.exit(error.exit_code)
    # The wheel's Terraform sees the environment that its process was started with, whatever that process changes in it.
    command = [*child.command(found.path), *sys.argv[1:]]
    os.execve(sys.executable, command, surroundings())  # noqa: S606 (an argument list of ours)


if __name__ == "__main__":
    main()
