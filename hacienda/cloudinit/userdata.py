"""User-data, which makes a blank machine one of the environment's. It has no secret and no cluster configuration."""

from __future__ import annotations

import base64
from pathlib import Path

from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import templating
from hacienda.errors import InputError, Problem

_LIMITS = {"openstack": 65_535}
"""Platform -> most bytes that its API accepts, base64 encoded (Nova: `user_data` is a base64 string of at most 65535)."""

_ANNOUNCE = Path(__file__).parent / "announce.py"


def user_data(cloud: Cloud, node: Node, deployer_key: str) -> str:
    """The node's cloud-config.

    Args:
        deployer_key: the deployer's public key, as one line of authorized_keys; empty if the store is not open.

    Raises:
        InputError: it is larger than the platform accepts.
    """
    text = templating.render(
        templating.OWN_TEMPLATES,
        "user-data.j2",
        cloud=cloud,
        node=node,
        fqdn=cloud.fqdn(node),
        user=cloud.ssh.user,
        announce=templating.static(_ANNOUNCE),
        keys=sorted({key.strip() for key in (deployer_key, *cloud.ssh.keys)} - {""}),
    )
    _check_size(cloud.platform.type, node, text)
    return text


def _check_size(platform: str, node: Node, text: str) -> None:
    limit = _LIMITS.get(platform)
    size = len(base64.b64encode(text.encode()))
    if limit is not None and size > limit:
        raise InputError(
            [
                Problem(
                    where="ssh.keys",
                    reason=f"the user-data of {node.name} has {size} bytes, but {platform} accepts {limit}",
                    fix="Name fewer operator keys, or one certificate authority's key.",
                )
            ]
        )
