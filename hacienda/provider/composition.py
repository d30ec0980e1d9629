"""The provider `hacienda`, put together."""

from __future__ import annotations

from hacienda.provider.framework.operations import Provider
from hacienda.provider.gate.resource import Gate
from hacienda.provider.machines.image import Image
from hacienda.provider.machines.instance import Instance
from hacienda.provider.machines.network import IncusNetwork
from hacienda.provider.member.resource import Member
from hacienda.provider.provider_data import ATTRIBUTES, ProviderData


def provider() -> Provider:
    """A provider with all of its resource types, not yet configured."""
    data = ProviderData()
    resources = (Member(data), Gate(data), IncusNetwork(data), Image(), Instance(data))
    return Provider(resources, ATTRIBUTES, data.configure, data.stop)
