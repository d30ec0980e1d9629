"""What guests' graphical consoles, on computes, and the proxies before them have in common."""

from __future__ import annotations

from hacienda.cloud.model import Cloud

AUTHORITY = "guest-console"
"""Signs the certificates by which guests' VNC servers and the proxies know each other, and nothing else. With a certificate of the
computes' own authority, a proxy could control libvirt."""

PAGE = "vnc_lite.html"
"""noVNC's page that connects without a question."""


def url(cloud: Cloud) -> str:
    """Where a user's browser begins, without the token that Nova adds; empty: the cloud has no proxies."""
    provider = cloud.provider("console")
    if provider is None:
        return ""
    host, port = cloud.endpoint(provider.name, provider.frontends[0].port, "public")
    return f"https://{host}:{port}/{PAGE}"
