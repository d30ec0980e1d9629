"""Files and scripts a service puts on its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SCRIPTS = "/usr/lib/hacienda"
"""Folder on a node with one folder of scripts per service."""

Action = Literal["restart", "reload", "none"]
"""What the service's daemons need after a file changed. Restarts of a service that votes are rolling: one node at a time."""


@dataclass(frozen=True)
class Template:
    """A configuration file rendered from the service's template folder.

    Args:
        path: absolute path on the node.
        checker: name of the program that reads the file and can refuse it offline (`haproxy`, `nft`, `mariadbd`, ...).
        source: template name; empty: the base name of `path` plus `.j2`.
        group, mode: who reads it beside root, to whom every file belongs. A file with a secret placeholder wants 0o640 or less.
        on_change: what a running daemon needs after a change.
    """

    path: str
    checker: str
    source: str = ""
    group: str = "root"
    mode: int = 0o644
    on_change: Action = "restart"


@dataclass(frozen=True)
class SecretFile:
    """A file whose whole content is one secret."""

    path: str
    secret: str
    group: str = "root"
    mode: int = 0o400
    on_change: Action = "restart"


@dataclass(frozen=True)
class SecretDirectory:
    """A folder with one file per key of a keyed secret (fernet repositories); files that left the secret are removed."""

    path: str
    secret: str
    group: str = "root"
    mode: int = 0o400
    on_change: Action = "none"


@dataclass(frozen=True)
class Certificate:
    """A leaf of the environment's CA, as `ca.pem`, `cert.pem`, `key.pem` and `bundle.pem` (cert, then key) in one folder.

    The leaf names the node, its addresses and, where the service has front ends, the virtual IPs and their names; it serves
    for both TLS server and client authentication.

    Args:
        directory: absolute path on the node, created 0750.
        group: who reads the files (mode 0440) beside root, to whom folder and files belong.
        virtual_ips: add the virtual IPs and their DNS names to the leaf.
        on_change: what running daemons need when the leaf is renewed.
    """

    directory: str
    group: str = "root"
    virtual_ips: bool = False
    on_change: Action = "reload"


@dataclass(frozen=True)
class Script:
    """A bash script in the service's template folder, installed as /usr/lib/hacienda/<service>/<name>; it can be run twice.

    Args:
        name: file name; not a template: it reads /etc/hacienda/services/<service>.env.
        on_change: what running daemons need after a change. `none` suits what is started anew each time; a script that a unit of
            the service keeps running, or that such a script reads when it starts, says `reload` or `restart`.
        source: its path in the template folder; empty: `name`.
    """

    name: str
    on_change: Action = "none"
    source: str = ""


@dataclass(frozen=True)
class NodeFile:
    """A file whose content the service computes: one per consumer, for instance.

    Args:
        path: absolute path on the node.
        content: the text; may hold secret placeholders.
        checker: name of the program that reads it.
    """

    path: str
    content: str
    checker: str
    group: str = "root"
    mode: int = 0o644
    on_change: Action = "none"
