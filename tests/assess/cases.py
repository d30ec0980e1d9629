"""For each rule a cloud that breaks it, with what is said of it, and one that almost does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from hacienda.assess import Held
from hacienda.declare import Redundancy, Script, SecretFile, Service, Template, Timer
from tests import frozen
from tests.assess.samples import BESIDE, NOTHING, TODAY, Change, edit, replaced, service


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


def with_service(added: Service, *pieces: str) -> Change:
    """One service more, and an edit."""
    return edit(*pieces, registry=lambda known: [*known, added])


def accepting(entry: str) -> Change:
    """One more entry of `accept`."""
    return edit("until: 2027-01-31}]", f"until: 2027-01-31}}, {entry}]")


def accepting_line(entry: str) -> Change:
    """One more line of an `accept` that ends the file."""
    return Change(add=f"  - {entry}\n")


def held(name: str, days: int | None = None) -> Change:
    """An entry of the store, a certificate that ends in so many days, or none."""
    end = None if days is None else datetime.combine(TODAY + timedelta(days=days), time(12), UTC)
    return Change(held=(Held(name, end),))


def beside(*pieces: str) -> Change:
    """Another environment of the project, edited."""
    text = BESIDE
    for piece, instead in zip(pieces[::2], pieces[1::2], strict=True):
        text = replaced(text, piece, instead)
    return Change(others=(text,))


def readable(mode: int) -> Change:
    """A secret file with other permissions."""
    files = frozen.registry()["bus"].files
    return service("bus", files=tuple(replace(one, mode=mode) if isinstance(one, SecretFile) else one for one in files))


def timed(name: str, timer: str, value: float) -> Change:
    """Another value of a timer of a service."""
    timers = frozen.registry()[name].timers
    return service(
        name,
        timers=tuple(
            replace(one, value=value) if isinstance(one, Timer) and one.name == timer else one for one in timers
        ),
    )


OVERLAY = Service("overlay", "Logical networks", ("controller",), Script("verify.sh"), provides=("logical network",))
SWITCH = Service("switch", "A machine's switch", ("network", "compute"), Script("verify.sh"), stand_in="controller")
ROUTERS = Service("routers", "Routers of tenant networks", ("network",), Script("verify.sh"))


def wires(interval: float) -> Service:
    """Gateways that expect packets of one another in that interval, in seconds."""
    times = (Timer("bfd interval", interval, frozen.file("wires")), Timer("bfd multiplier", 3, frozen.file("wires")))
    return Service(
        "wires",
        "Logical networks",
        ("controller",),
        Script("verify.sh"),
        provides=("logical network",),
        files=(Template(frozen.file("wires"), checker="text"),),
        timers=times,
    )


def files(copies: int) -> Change:
    """A service on two machines that keeps what it keeps so many times."""
    return with_service(replace(ROUTERS, redundancy=(Redundancy("routes", copies=lambda cloud: copies),)))


CASES = {
    "ACCEPT": Case(
        broken=accepting("{rule: LINK, concerns: public, reason: there is only one switch, until: 2026-12-31}"),
        where="accept[1]",
        says="LINK finds nothing about public",
        kept=edit(
            "tenant: {cidr: 10.62.0.0/24, mtu: 9000, vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}}",
            "tenant: {cidr: 10.62.0.0/24, mtu: 9000, vlan: 40}",
            *accepting("{rule: LINK, concerns: tenant, reason: there is only one switch, until: 2026-12-31}").text[0],
        ),
    ),
    "BUDGET": Case(
        broken=Change(add="services: {names: {patience: 2}}\n"),
        where="services.names.patience",
        says="names gives up a query after 2 s, but the database's failover takes up to 2.5 s",
        kept=Change(add="services: {names: {patience: 3}}\n"),
    ),
    "CLOSED": Case(
        broken=edit(
            "  - {name: ceph, ports: [3300, 6789, 6800-7568], sources: [10.61.0.0/24], roles: [storage]}\n", ""
        ),
        where="machines.storage",
        says="nothing from outside reaches the daemons of the storage on sto-1 and 2 more: from the first apply",
        kept=edit("roles: [storage]}", "machines: [sto-1, sto-2, sto-3]}"),
    ),
    "COPIES": Case(
        broken=files(1),
        where="services.routers",
        says="routers keeps its routes on one of its 2 machines, and the other one does not have them",
        kept=files(2),
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
        says="cmp-2 of 2 compute machines cannot be turned off from outside",
    ),
    "GW": Case(
        broken=edit("network: {count: 2,", "network: {count: 1,"),
        where="networks.external",
        says="only net-1 connects the instances to",
        kept=edit("vlan: 50,", "vlan: 50, roles: [controller],"),
    ),
    "LINK": Case(
        broken=edit("vlan: 40, bond: {mode: 802.3ad, nics: [ens1, ens2]}", "vlan: 40"),
        where="networks.tenant",
        says="tenant depends on one card",
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
        says="no network is for tenant",
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
        broken=edit("controller: {count: 3,", "controller: {count: 2,"),
        where="machines.controller",
        says="bus's 2 members keep serving when they lose contact with each other: `minority = goes-on`",
        kept=edit("controller: {count: 3,", "controller: {count: 1,"),
    ),
    "REPL": Case(
        broken=edit("      sto-3: {rack: c, bmc: {type: redfish, address: 10.69.0.13}}\n", ""),
        where="machines.storage",
        says="2 storage machines hold data",
    ),
    "ROUTE": Case(
        broken=edit("10.60.0.0/24, vip", "10.60.0.0/24, gateway: none, vip", "10.60.0.3]", "9.9.9.9]"),
        where="dns.servers",
        says="ctl-1 and 11 more machines have no route to 9.9.9.9, a name server",
        kept=edit(
            *("10.60.0.0/24, vip", "10.60.0.0/24, gateway: none, routes: [{to: 9.9.9.0/24, via: 10.60.0.9}], vip"),
            *("10.60.0.3]", "9.9.9.9]"),
        ),
    ),
    "SINGLE": Case(
        broken=with_service(ROUTERS, "network: {count: 2,", "network: {count: 1,"),
        where="machines.network",
        says="routers runs only on net-1, and no machine can take over",
        kept=with_service(ROUTERS),
    ),
    "SPREAD": Case(
        broken=edit("network: {count: 2, spread: rack}", "network: 2"),
        where="machines.network",
        says="the file does not say which rack 2 network machines are in",
    ),
    "TARGET": Case(
        broken=Change(add="availability: {target: 99.999}\n"),
        where="availability.target",
        says="99.999 % allows 5",
        kept=Change(add="availability: {target: 99.98}\n"),
    ),
    "TIME": Case(
        broken=Change(add="time: {servers: [ntp1.example.org, ntp2.example.org, ntp3.example.org]}\n"),
        where="time.servers",
        says="3 time sources",
        kept=Change(add="time: {servers: [10.60.0.2, 10.60.0.3, 10.61.0.2, 10.61.0.3]}\n"),
    ),
    "TRANSIT": Case(
        broken=edit("  network: {count: 2, spread: rack}\n", "", registry=lambda known: [*known, OVERLAY, SWITCH]),
        where="networks.external",
        says="ctl-1, ctl-2, ctl-3 carry the traffic of instances to external beside the control plane",
        kept=edit(registry=lambda known: [*known, OVERLAY, SWITCH]),
    ),
    "VIPONE": Case(
        broken=edit("controller: {count: 3,", "controller: {count: 1,"),
        where="networks.management.vip",
        says="only ctl-1 can hold 10.60.0.5",
        kept=edit("controller: {count: 3,", "controller: {count: 2,"),
    ),
    "VOTERS": Case(
        broken=edit("controller: {count: 3,", "controller: {count: 4,"),
        where="machines.controller",
        says="4 voters survive the loss of one, as 3 would",
        kept=edit("controller: {count: 3,", "controller: {count: 5,"),
    ),
    "BACKUP": Case(
        broken=edit(f"{{backend: age, recipients: [age1{'q' * 58}]}}", "{backend: file}"),
        where="secrets.backend",
        says="every key of the cloud is in one folder of one machine",
    ),
    "CERT": Case(
        broken=held("nodes/ctl-1/x509/truths/bundle.pem", days=30),
        where="tls",
        says="nodes/ctl-1/x509/truths/bundle.pem will expire within 30 days, the first on 2026-02-14",
        kept=held("nodes/ctl-1/x509/truths/bundle.pem", days=31),
    ),
    "DISK": Case(
        broken=Change(add="services: {bus: {kept_free: 300GiB}}\n"),
        where="services.bus.kept_free",
        says="nobody sends without 300 GiB of ctl-1's disk of 400 GiB",
        kept=Change(add="services: {bus: {kept_free: 200GiB}, sql: {log: 300GiB}}\n"),
    ),
    "EOL": Case(
        broken=Change(today=date(2028, 8, 10)),
        where="operating_system",
        says="Debian 13 had security updates until 2028-08-09",
        kept=Change(today=date(2026, 3, 31)),
    ),
    "KEYS": Case(
        broken=held("nodes/ctl-2/bus/cookie"),
        where="secrets",
        says="ctl-2 has another bus/cookie than the other machines",
        kept=held("nodes/ctl-2/x509/names/bundle.pem", days=80),
    ),
    "LEAK": Case(
        broken=readable(0o444),
        where="services.bus",
        says="every user of the machine can read bus's /etc/bus/cookie (mode 0444)",
        kept=readable(0o440),
    ),
    "MEMORY": Case(
        broken=Change(add="services: {sql: {buffers: 110GiB}}\n"),
        where="machines.controller.memory",
        says="ctl-1's services may take 118.0 GiB (bus 8.0, sql 110.0) of the 128.0 GiB",
        kept=Change(add="services: {sql: {buffers: 100GiB}}\n"),
    ),
    "NAME": Case(
        broken=beside("name: beside", "name: sound\ndomain: other.example.org"),
        where="name",
        says="is also the name in other-0.yaml",
        kept=beside(),
    ),
    "OPEN": Case(
        broken=Change(add="services: {filter: {operators: [192.0.2.0/24, 0.0.0.0/0]}}\n"),
        where="services.filter.operators[1]",
        says="0.0.0.0/0, 4,294,967,296 addresses, is one of the networks from where SSH is reached",
        kept=Change(add="services: {filter: {operators: [10.0.0.0/8, 9.9.0.0/16]}}\n"),
    ),
    "FLOOD": Case(
        broken=Change(add="services: {door: {connections: 989}}\n"),
        where="services.door.connections",
        says="the front ends need 990 connections at a time (sql-clients 235, names-api 400), but a load balancer accepts 989",
        kept=Change(add="services: {door: {connections: 990}}\n"),
    ),
    "PACE": Case(
        broken=Change(add="services: {holder: {interval: 0.05}}\n"),
        where="services.holder.interval",
        says="a machine that is busy for 0.15 s loses its virtual IPs",
        kept=Change(add="services: {holder: {interval: 1}, truths: {heartbeat: 0.1}}\n"),
    ),
    "POOL": Case(
        broken=Change(add="services: {names: {threads: 200}}\n"),
        where="services.sql.clients",
        says="the database accepts 1000 connections, and its clients may open 1215 (names 1215)",
        kept=Change(add="services: {names: {threads: 200}, sql: {clients: 1315}}\n"),
    ),
    "RANGE": Case(
        broken=beside("10.90.0.0/24, vip: 10.90.0.99", "10.62.0.0/16, vip: 10.62.0.99"),
        where="networks.tenant",
        says="10.62.0.0/24 overlaps 10.62.0.0/16 in other-0.yaml (networks.management)",
        kept=beside("10.90.0.0/24, vip: 10.90.0.99", "10.63.0.0/24, vip: 10.63.0.99"),
    ),
    "STATE": Case(
        broken=edit("state: {backend: s3, options: {bucket: sound, region: eu-1, use_lockfile: true}}\n", ""),
        where="state.backend",
        says="no lock prevents another apply",
        kept=edit(
            "{backend: s3, options: {bucket: sound, region: eu-1, use_lockfile: true}}",
            "{backend: consul, options: {path: sound}}",
        ),
    ),
    "TIMERS": Case(
        broken=Change(add="services: {door: {patience: 5}}\n"),
        where="services.door.patience",
        says="the load balancer waits 5 s for names, which itself waits 5 s for the database",
        kept=Change(add="services: {door: {patience: 6, drain: 601}}\n"),
    ),
    "VRID": Case(
        broken=beside("vip: 10.90.0.99, vlan: 99", "vip: 10.90.0.5"),
        where="networks.management.vip",
        says="10.60.0.5 has the VRRP id 5, like 10.90.0.5 in other-0.yaml (networks.management.vip)",
        kept=beside("vip: 10.90.0.99", "vip: 10.90.0.5"),
    ),
}
