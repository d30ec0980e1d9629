"""OVN's databases, as the services of OpenStack reach them: every server of each."""

from __future__ import annotations

from collections.abc import Mapping

from hacienda.cloud.model import Cloud


def databases(cloud: Cloud) -> Mapping[str, str]:
    """Connection strings: `nb` of the northbound database, `sb` of the southbound one."""
    provider = cloud.registry.provider("logical network")
    return {
        database: ",".join(
            f"ssl:{cloud.address(one)}:{provider.port(port).number}" for one in cloud.members(provider.name)
        )
        for database, port in (("nb", "northbound"), ("sb", "southbound"))
    }
