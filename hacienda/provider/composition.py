"""The provider `hacienda`, put together."""

from __future__ import annotations

from hacienda.provider.framework.operations import Provider
from hacienda.provider.member.resource import Member
from hacienda.provider.site import ATTRIBUTES, Site


def provider() -> Provider:
    """A provider with all of its resource types, not yet configured."""
    site = Site()
    return Provider((Member(site),), ATTRIBUTES, site.configure, site.stop)
