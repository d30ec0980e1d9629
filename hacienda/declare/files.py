"""Files and scripts that a service installs on its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hacienda.declare.vocabulary import Capability

SCRIPTS = "/usr/lib/hacienda"
"""Folder on a node with one folder of scripts per service."""

Action = Literal["restart", "reload", "none"]
"""What the service's daemons need after a file changed. A service with voters restarts on one node at a time."""


@dataclass(frozen=True)
class Template:
    """A configuration file rendered from the service's template folder.

    Args:
        path: absolute path on the node.
        checker: name of the program that reads the file and can check it offline (`haproxy`, `nft`, `mariadbd`, ...).
        source: template name; empty: the base name of `path` plus `.j2`. Services share `../openstack/uwsgi.ini.j2`, for example.
        group, mode: who can read it besides root, which owns every file. A file with a secret placeholder has mode 0o640 or less.
        on_change: what a running daemon needs after a change.
        only_with: the file exists only where the cloud has this capability, which the service wants; None: always.
    """

    path: str
    checker: str
    source: str = ""
    group: str = "root"
    mode: int = 0o644
    on_change: Action = "restart"
    only_with: Capability | None = None


@dataclass(frozen=True)
class SecretFile:
    """A file whose whole content is one secret.

    Args:
        only_with: the file exists only where the cloud has this capability, which the service wants; None: always.
    """

    path: str
    secret: str
    group: str = "root"
    mode: int = 0o400
    on_change: Action = "restart"
    only_with: Capability | None = None


@dataclass(frozen=True)
class SecretDirectory:
    """A folder with one file per key of a keyed secret, for example a Fernet key repository. Files of removed keys are deleted.

    Args:
        only_with: the folder exists only where the cloud has this capability, which the service wants; None: always.
    """

    path: str
    secret: str
    group: str = "root"
    mode: int = 0o400
    on_change: Action = "none"
    only_with: Capability | None = None


Usage = Literal["server", "client", "peer"]
"""What a certificate is valid for: a TLS server, a TLS client, or (`peer`) both. Members of a cluster that connect to each other
need both."""


@dataclass(frozen=True)
class Certificate:
    """A leaf certificate of one of the environment's authorities, as `ca.pem`, `cert.pem`, `key.pem` and `bundle.pem` (certificate,
    then key) in one folder.

    Each authority serves one purpose: a program that trusts it accepts all of its leaves for that purpose. A service has its own
    authority unless it names another one. A server's leaf names the node, its management address and its other names. A client's
    leaf names no machine.

    Args:
        directory: absolute path on the node, created with mode 0750.
        group: group that reads the files (mode 0440). Root owns folder and files.
        usage: the only use that the leaf is valid for.
        authority: name of the authority that signs it; empty: that of the service.
        role: distinguishes leaves of one authority on one node; empty for the first.
        virtual_ips: the leaf also names the virtual IPs and their DNS names, so that it answers for every balanced service.
        verifies_clients: the server asks its clients for a certificate of the same authority. With usage `peer` it always does.
        on_change: what running daemons need when the leaf or the authority that they verify with changes.
        only_with: the file exists only where the cloud has this capability, which the service wants; None: always.
    """

    directory: str
    group: str = "root"
    usage: Usage = "server"
    authority: str = ""
    role: str = ""
    virtual_ips: bool = False
    verifies_clients: bool = False
    on_change: Action = "reload"
    only_with: Capability | None = None

    @property
    def on_change_of_authority(self) -> Action:
        """What running daemons need when the authority changes. A server that verifies no clients needs nothing."""
        return self.on_change if self.verifies_clients or self.usage != "server" else "none"

    def name(self, service: str) -> str:
        """Name of the leaf in the store, `x509/<name>/cert.pem`: its authority and its role."""
        return "/".join(part for part in (self.authority or service, self.role) if part)


def authority_secret(authority: str) -> str:
    """Name of the store's entry with an authority's trusted certificates. They are public, but kept with the secrets."""
    return f"x509/{authority}/ca.pem"


@dataclass(frozen=True)
class TrustAnchor:
    """The authority that clients of a capability trust, as `ca.pem` in a folder.

    Args:
        directory: absolute path on the node.
        capability: capability that the service is a client of.
        group: group that reads the file (mode 0440). Root owns it.
        on_change: what running daemons need when the authority changes.
    """

    directory: str
    capability: Capability
    group: str = "root"
    on_change: Action = "reload"

    @property
    def only_with(self) -> Capability:
        """The file exists only where the cloud has the capability."""
        return self.capability


@dataclass(frozen=True)
class Script:
    """A Bash or Python script in the service's template folder, installed as /usr/lib/hacienda/<service>/<name>. It can be run
    twice.

    Args:
        name: file name. The script is no template; it reads /etc/hacienda/services/<service>.env.
        on_change: what running daemons need after a change. `none` suits a script that ends after each run. A script that a unit
            keeps running, or that such a script reads when it starts, needs `reload` or `restart`.
        source: its path from the service's template folder; empty: `name`. Services share `../openstack/reload.sh`, for example.
    """

    name: str
    on_change: Action = "none"
    source: str = ""


@dataclass(frozen=True)
class NodeFile:
    """A file whose content the service computes, for example one file per client.

    Args:
        path: absolute path on the node.
        content: the text, with secret placeholders if needed.
        checker: name of the program that reads it.
    """

    path: str
    content: str
    checker: str
    group: str = "root"
    mode: int = 0o644
    on_change: Action = "none"
