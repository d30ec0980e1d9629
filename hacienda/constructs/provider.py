"""The provider block of a stack: made once, by whichever construct needs it first."""

from __future__ import annotations

from hacienda import cdk
from hacienda.constructs.places import Places
from hacienda.declare import launcher

NAME = "hacienda"
"""The provider's local name, and the construct id of its block."""


def ensure_provider(scope: cdk.Construct, places: Places) -> None:
    """Have the provider `hacienda` configured in the stack of a construct.

    Args:
        scope: any construct of the stack.
        places: of the environment that the stack belongs to. One stack serves one environment.
    """
    stack = cdk.stack_of(scope)
    if stack.node.try_find_child(NAME) is not None:
        return
    cdk.Provider(
        stack,
        NAME,
        name=NAME,
        source=launcher.SOURCE,
        version=launcher.VERSION,
        attributes={
            "environment": places.environment,
            "record": places.from_stack(places.operator / "cluster.json"),
        },
    )
