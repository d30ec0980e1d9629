"""Where each stack keeps its Terraform state. It is never below cdktf.out, because folders of former stacks are deleted there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hacienda import cdk
from hacienda.cloud.model import StateBackend
from hacienda.constructs.places import Places

Options = Mapping[str, Any]


def add_backend(stack: cdk.Stack, name: str, declared: StateBackend, places: Places) -> None:
    """Adds the state back end to a stack. Each stack has its own state, at a place derived from the stack's name.

    Args:
        stack: the stack.
        name: its name.
        declared: the back end of the environment file.
        places: folders of the environment.
    """
    if declared.backend == "local":
        options = _local(declared.options, name, places)
    else:
        options = _REMOTE[declared.backend](declared.options, name)
    cdk.Backend(stack, "state", type=declared.backend, options=options)


def _local(options: Options, stack: str, places: Places) -> Options:
    """`path` is a folder. It is relative, so that the project can be moved."""
    folder = str(options.get("path", f".hacienda/{places.environment}/state"))
    return {**options, "path": places.from_stack(f"{folder}/{stack}.tfstate")}


def _http(options: Options, stack: str) -> Options:
    """The stack's name is appended to each address."""
    found = {**options}
    for key in ("address", "lock_address", "unlock_address"):
        if key in options:
            found[key] = f"{str(options[key]).rstrip('/')}/{stack}"
    return found


def _s3(options: Options, stack: str) -> Options:
    """`key` is a prefix. Default: `hacienda`."""
    return {**options, "key": f"{options.get('key', 'hacienda')}/{stack}.tfstate"}


def _pg(options: Options, stack: str) -> Options:
    """`schema_name` is a prefix. Default: `hacienda`."""
    return {**options, "schema_name": f"{options.get('schema_name', 'hacienda')}_{stack.replace('-', '_')}"}


def _consul(options: Options, stack: str) -> Options:
    """`path` is a prefix. Default: `hacienda`."""
    return {**options, "path": f"{options.get('path', 'hacienda')}/{stack}"}


_REMOTE: Mapping[str, Callable[[Options, str], Options]] = {"consul": _consul, "http": _http, "pg": _pg, "s3": _s3}
