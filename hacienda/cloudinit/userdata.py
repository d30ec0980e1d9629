"""User-data: what makes a blank machine one of ours. It carries no secret and no cluster configuration."""

from __future__ import annotations

import base64
from pathlib import Path

from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import templating
from hacienda.errors import InputError, Problem

_LIMITS = {"openstack": 65_535}
"""Platform -> most bytes its API takes, base64 encoded (Nova: `user_data` is a base64 string of at most 65535)."""

_ANNOUNCE = Path(__file__).parent / "announce.py"


def user_data(cloud: Cloud, node: Node, deployer_key: str) -> str:
    """The node's cloud-config.

    Args:
        deployer_key: the deployer's public key, as one line of authorized_keys; empty where the store is not at hand.

    Raises:
        InputError: it exceeds what the platform takes.
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
                    reason=f"the user-data of {node.name} has {size} bytes, {platform} takes {limit}",
                    fix="Name fewer operator keys, or one certificate authority's key.",
                )
            ]
        )
