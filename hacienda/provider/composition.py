"""The provider `hacienda`, put together."""

from __future__ import annotations

from hacienda.provider.framework.operations import Provider
from hacienda.provider.gate.resource import Gate
from hacienda.provider.machines.image import Image
from hacienda.provider.machines.instance import Instance
from hacienda.provider.machines.network import Network
from hacienda.provider.member.resource import Member
from hacienda.provider.site import ATTRIBUTES, Site


def provider() -> Provider:
    """A provider with all of its resource types, not yet configured."""
    site = Site()
    resources = (Member(site), Gate(site), Network(site), Image(), Instance(site))
    return Provider(resources, ATTRIBUTES, site.configure, site.stop)
