"""`hacienda-terraform ARGS...`: the Terraform that `hacienda` uses, for programs that start Terraform by its path.

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
    """Replaces this process by Terraform, with the same arguments, standard streams and working folder."""
    try:
        found = find()
    except HaciendaError as error:
        sys.stderr.write(printing.lines(f"{error}\n"))
        sys.exit(error.exit_code)
    # The wheel's Terraform sees the environment with which its process was started; later changes have no effect.
    command = [*child.command(found.path), *sys.argv[1:]]
    os.execve(sys.executable, command, surroundings())  # noqa: S606 (our argument list)


if __name__ == "__main__":
    main()
