"""Files and scripts a service puts on its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hacienda.declare.vocabulary import Capability

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
        source: template name; empty: the base name of `path` plus `.j2`. `../openstack/uwsgi.ini.j2` is one that services share.
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


Usage = Literal["server", "client", "peer"]
"""What a certificate is good for: a TLS server, a TLS client, or both (a member of a group whose members connect to each other)."""


@dataclass(frozen=True)
class Certificate:
    """A leaf of one of the environment's authorities, as `ca.pem`, `cert.pem`, `key.pem` and `bundle.pem` (cert, then key) in one
    folder.

    An authority is a purpose: who accepts its leaves accepts all of them for that purpose. A service has an authority of its own
    unless it names another one. The leaf of a server names the node, its management address and what else it serves as; the leaf of
    a client names no machine.

    Args:
        directory: absolute path on the node, created 0750.
        group: who reads the files (mode 0440) beside root, to whom folder and files belong.
        usage: what the leaf is good for, and nothing else.
        authority: who signs it; empty: the authority named as the service.
        role: tells leaves of one authority on one node apart; empty for the first.
        virtual_ips: add the virtual IPs and their DNS names to the leaf: it answers for every balanced service.
        verifies_clients: the server asks its clients for a certificate of the same authority. Members of a group always do.
        on_change: what running daemons need when the leaf is renewed, or the authority that they verify by.
    """

    directory: str
    group: str = "root"
    usage: Usage = "server"
    authority: str = ""
    role: str = ""
    virtual_ips: bool = False
    verifies_clients: bool = False
    on_change: Action = "reload"

    @property
    def on_change_of_authority(self) -> Action:
        """What running daemons need when the authority changes: nothing, where they show their leaf and verify nobody by it."""
        return self.on_change if self.verifies_clients or self.usage != "server" else "none"

    def name(self, service: str) -> str:
        """Name of the leaf in the store of secrets, `x509/<name>/cert.pem`: its authority and its role."""
        return "/".join(part for part in (self.authority or service, self.role) if part)


def authority_secret(authority: str) -> str:
    """Name of the secret (which is none) with the certificates that are trusted of an authority."""
    return f"x509/{authority}/ca.pem"


@dataclass(frozen=True)
class TrustAnchor:
    """The authority that clients of a capability trust, as `ca.pem` in a folder.

    Args:
        directory: absolute path on the node.
        capability: what the service is a client of.
        group: who reads the file (mode 0440) beside root, to whom it belongs.
        on_change: what running daemons need when the authority changes.
    """

    directory: str
    capability: Capability
    group: str = "root"
    on_change: Action = "reload"


@dataclass(frozen=True)
class Script:
    """A bash script in the service's template folder, installed as /usr/lib/hacienda/<service>/<name>; it can be run twice.

    Args:
        name: file name; not a template: it reads /etc/hacienda/services/<service>.env.
        on_change: what running daemons need after a change. `none` suits what is started anew each time; a script that a unit of
            the service keeps running, or that such a script reads when it starts, says `reload` or `restart`.
        source: its path from the service's template folder; empty: `name`. `../openstack/reload.sh` is one that services share.
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
