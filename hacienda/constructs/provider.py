"""The provider block of a stack. The first construct that needs it makes it."""

from __future__ import annotations

from hacienda import cdk
from hacienda.constructs.places import Places
from hacienda.declare import launcher

NAME = "hacienda"
"""The provider's local name, and the construct id of its block."""


def ensure_provider(scope: cdk.Construct, places: Places) -> None:
    """Makes sure that the stack of a construct configures the provider `hacienda`.

    Args:
        scope: any construct of the stack.
        places: folders of the stack's environment. One stack serves one environment.
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
