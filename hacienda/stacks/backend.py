"""Where each stack keeps its Terraform state: never below cdktf.out, where folders of stacks that left the app are deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hacienda import cdk
from hacienda.cloud.model import StateBackend
from hacienda.constructs.places import Places

Options = Mapping[str, Any]


def add_backend(stack: cdk.Stack, name: str, declared: StateBackend, places: Places) -> None:
    """Give a stack its state back end; each stack has a state of its own, at a place derived from its name.

    Args:
        stack: the stack.
        name: its name.
        declared: as the environment file says.
        places: of the environment.
    """
    if declared.backend == "local":
        options = _local(declared.options, name, places)
    else:
        options = _REMOTE[declared.backend](declared.options, name)
    cdk.Backend(stack, "state", type=declared.backend, options=options)


def _local(options: Options, stack: str, places: Places) -> Options:
    """`path` is a folder; relative, so that the project can be moved."""
    folder = str(options.get("path", f".hacienda/{places.environment}/state"))
    return {**options, "path": places.from_stack(f"{folder}/{stack}.tfstate")}


def _http(options: Options, stack: str) -> Options:
    """Addresses get the stack's name as their last part."""
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
