"""For each rule a cloud that breaks it, with what is said of it, and one that almost does."""

from __future__ import annotations

from dataclasses import dataclass

from hacienda.declare import Script, Service
from tests.assess.samples import NOTHING, Change, edit, service, template


@dataclass(frozen=True)
class Case:
    """What a rule is tested with.

    Args:
        broken: a change of the sound cloud that breaks the rule.
        where: the field that the finding names.
        says: a part of its reason.
        kept: a change that the rule has nothing to say about.
    """

    broken: Change
    where: str
    says: str
    kept: Change = NOTHING


def section(text: str) -> Change:
    """One more section in a configuration file of a service that runs on three machines."""
    return template("keystone/keystone.conf.j2", "[token]", f"{text}\n[token]")


def with_service(added: Service, *pieces: str) -> Change:
    """One service more, and an edit."""
    return edit(*pieces, registry=lambda known: [*known, added])


ROUTERS = Service("routers", "Routers of tenant networks", "network", Script("verify.sh"))

CASES = {
    "ACCEPT": Case(
        broken=Change(
            add="accept: [{rule: LINK, concerns: public, reason: there is only one switch, until: 2026-12-31}]\n"
        ),
        where="accept[0]",
        says="nothing is found by LINK about public",
        kept=edit(
            "tenant: {cidr: 10.62.0.0/24, mtu: 9000, vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}}",
            "tenant: {cidr: 10.62.0.0/24, mtu: 9000, vlan: 40}",
            add="accept: [{rule: LINK, concerns: tenant, reason: there is only one switch, until: 2026-12-31}]\n",
        ),
    ),
    "BOOTONE": Case(
        broken=service("rabbitmq", requires=()),
        where="machines.controller",
        says="rabbitmq is founded by whichever of its 3 members starts first",
    ),
    "COORD": Case(
        broken=section("[coordination]\nbackend_url = file:///var/lib/sample\n"),
        where="services.keystone",
        says="keeps its locks in files of one",
        kept=section("[coordination]\nbackend_url = etcd3+https://10.60.0.5:2379\n"),
    ),
    "CRUSH": Case(
        broken=edit("sto-3: {rack: c,", "sto-3: {rack: b,"),
        where="machines.storage",
        says="the storage machines are in 2 racks (a, b)",
    ),
    "DNS": Case(
        broken=edit("[10.60.0.2, 10.60.0.3]", "[10.60.0.2]"),
        where="dns.servers",
        says="10.60.0.2 is the only name server",
        kept=edit("[10.60.0.2, 10.60.0.3]", "[]"),
    ),
    "DOMAIN": Case(
        broken=edit("{count: 3, spread: rack, cpus", "{count: 3, spread: rack, domains: [a, b], cpus"),
        where="machines.controller",
        says="losing rack a takes 2 of 3 voters",
    ),
    "FENCE": Case(
        broken=edit(", memory: 512GiB, bmc: {type: redfish, address: 10.69.0.2}", ", memory: 512GiB"),
        where="machines.compute",
        says="cmp-2 of 2 compute machines cannot be switched off from outside",
    ),
    "GW": Case(
        broken=edit("network: {count: 2,", "network: {count: 1,"),
        where="networks.external",
        says="net-1 alone is the instances' way out",
        kept=edit("vlan: 50,", "vlan: 50, roles: [controller],"),
    ),
    "LINK": Case(
        broken=edit("vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}", "vlan: 40"),
        where="networks.tenant",
        says="tenant hangs on one card",
    ),
    "MTU": Case(
        broken=edit("vlan: 20,", "vlan: 20, mtu: 9000,"),
        where="networks.management.mtu",
        says="shares its cards with public: machines will send packets of 9000 bytes",
        kept=edit("vlan: 20,", "vlan: 20, mtu: 1400,"),
    ),
    "NETS": Case(
        broken=edit(
            "  tenant: {cidr: 10.62.0.0/24, mtu: 9000, vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}}\n", ""
        ),
        where="networks",
        says="there is none for tenant",
        kept=edit(
            "  tenant: {cidr: 10.62.0.0/24, mtu: 9000, vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}}\n",
            "",
            "storage: {cidr:",
            "storage: {purpose: [storage, tenant], cidr:",
        ),
    ),
    "NPLUS1": Case(
        broken=edit("cmp-2: {rack: b, memory: 512GiB,", "cmp-2: {rack: b, memory: 2TiB,"),
        where="machines.compute",
        says="cmp-2 has more memory than the other compute machines together",
        kept=edit("cmp-2: {rack: b, memory: 512GiB,", "cmp-2: {rack: b,"),
    ),
    "OBS": Case(
        broken=edit("monitoring: {count: 2,", "monitoring: {count: 2, domains: [b],"),
        where="machines.monitoring",
        says="all 2 monitoring machines are in rack b",
        kept=edit("monitoring: {count: 2,", "monitoring: {count: 2, domains: [b, c],"),
    ),
    "QIGNORE": Case(
        broken=template("galera/90-hacienda.cnf.j2", "[sst]", "# pc.ignore_quorum=true\n[sst]"),
        where="machines.controller",
        says="galera's 3 members go on alone",
    ),
    "QUEUE": Case(
        broken=template("rabbitmq/rabbitmq.conf.j2", "default_queue_type = quorum", "default_queue_type = classic"),
        where="services.rabbitmq",
        says="the default queue type is classic",
        kept=section("[oslo_messaging_rabbit]\nrabbit_quorum_queue = true\nrabbit_transient_quorum_queue = true\n"),
    ),
    "REPL": Case(
        broken=edit("      sto-3: {rack: c, bmc: {type: redfish, address: 10.69.0.13}}\n", ""),
        where="machines.storage",
        says="2 storage machines hold data",
    ),
    "SINGLE": Case(
        broken=with_service(ROUTERS, "network: {count: 2,", "network: {count: 1,"),
        where="machines.network",
        says="routers runs on net-1 alone, and nobody takes over",
        kept=with_service(ROUTERS),
    ),
    "SPREAD": Case(
        broken=edit("network: {count: 2, spread: rack}", "network: 2"),
        where="machines.network",
        says="nothing says which rack 2 network machines are in",
    ),
    "TIME": Case(
        broken=Change(add="time: {servers: [ntp1.example.org, ntp2.example.org, ntp2.example.org]}\n"),
        where="time.servers",
        says="2 time sources",
        kept=Change(add="time: {servers: [10.60.0.2, 10.60.0.3, 10.61.0.2, 10.61.0.3]}\n"),
    ),
    "VIPONE": Case(
        broken=edit("controller: {count: 3,", "controller: {count: 1,"),
        where="networks.management.vip",
        says="10.60.0.5 can be held by ctl-1 alone",
        kept=edit("controller: {count: 3,", "controller: {count: 2,"),
    ),
    "VOTERS": Case(
        broken=edit("controller: {count: 3,", "controller: {count: 4,"),
        where="machines.controller",
        says="4 voters survive the loss of one, no more than 3 would",
        kept=edit("controller: {count: 3,", "controller: {count: 5,"),
    ),
    "WRITER": Case(
        broken=template(
            "haproxy/haproxy.cfg.j2", '{{ " backup" if front.single_writer and not loop.first else "" }}', ""
        ),
        where="services.haproxy",
        says="galera-mysql sends writes to ctl-1, ctl-2, ctl-3 at a time",
    ),
}
