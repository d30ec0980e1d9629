"""What every service keeps, whoever adds it: properties of the declarations and of what is rendered from them. No environment file
can break one, so none is a rule of `hacienda check`. Each is shown to find a wrong declaration, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hacienda import services
from hacienda.cloud import Cloud
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import DeclarationError, Registry, Service
from hacienda.declare.timer import EVERY
from tests.services import composed, reading
from tests.shipped import ROOT

NAMES = services.registry().names()
SENDING = ("use_backend", "default_backend")
"""Directives of haproxy.cfg that send requests to a backend of that name."""
QUORUM_QUEUES = ("rabbit_quorum_queue", "rabbit_transient_quorum_queue")
POOLED = {"connection_recycle_time", "database read_timeout", "database connect_timeout"}
"""Timers of a service with a pool of database connections."""
IGNORING = re.compile(
    r"cluster_partition_handling\s*=\s*(?:ignore|autoheal)\b"
    r"|pc\.ignore_(?:quorum|sb)\s*=\s*(?:true|yes|on|1)\b"
    r"|no-quorum-policy\s*[=:\"]+\s*ignore\b",
    re.IGNORECASE,
)
"""RabbitMQ (`autoheal` throws one side's messages away), Galera, Pacemaker."""


def founders(cloud: Cloud) -> Iterator[str]:
    """Clusters that two members may found: their first start is claimed from nobody."""
    for service in cloud.services:
        if service.bootstrap is None or "coordination" in service.provides:
            continue
        if "coordination" not in service.requires:
            yield f"{service.name} is founded without a claim"


def unfailing(service: Service) -> Iterator[str]:
    """Verify scripts that never fail."""
    for one in {service.verify, service.on("arbiter").verify}:
        text = (services.TEMPLATES / service.name / (one.source or one.name)).read_text()
        if not re.search(r"^\s*(exit 1|fail )|\|\| (exit 1|fail )|\{ ?fail ", text, re.MULTILINE):
            yield f"{service.name}: {one.source or one.name} cannot fail"


def unreconciled(service: Service) -> Iterator[str]:
    """Secrets that a reconcile script is to apply, of a service that has none."""
    if service.reconcile is None:
        yield from (secret.name for secret in service.secrets if secret.reconciled)


def weak_checks(text: str) -> Iterator[str]:
    """Listeners of haproxy.cfg whose servers go on getting requests while they hang."""
    found = reading.sections(text)
    used = {name.split()[0] for one in found for how in SENDING for name in one.values(how)}
    for one in found:
        servers = one.values("server")
        # A backend that nobody sends anything to is there to be counted: who of the others can be reached.
        serves = one.kind == "listen" or (one.kind == "backend" and one.name in used)
        if serves and len(servers) > 1:
            defaults = " ".join(one.values("default-server")).split()
            asked = all("check" in (*defaults, *server.split()) for server in servers)
            bare = any(line.startswith(("option mysql-check", "option tcp-check")) for line in one.lines)
            if bare or not asked or not any(line.startswith("option httpchk") for line in one.lines):
                yield one.name


def writers(cloud: Cloud, text: str) -> Iterator[str]:
    """Listeners of single writers that have several, or forget who it was."""
    single = {f"{one.name}-{front.port}" for one in cloud.services for front in one.frontends if front.single_writer}
    for one in reading.sections(text):
        if one.kind == "listen" and one.name in single:
            servers = one.values("server")
            active = [server for server in servers if "backup" not in server.split()]
            if len(active) > 1 or (len(servers) > 1 and not one.values("stick")):
                yield one.name


def lone_copies(files: Iterable[RenderedFile]) -> Iterator[str]:
    """Configurations by which locks, queues or load balancers of tenants are on one machine each, although there are several."""
    for file in files:
        if file.kind != "file":
            continue
        if file.checker == "rabbitmq" and not re.search(r"^default_queue_type = quorum$", file.text, re.MULTILINE):
            yield f"{file.path}: classic queues"
        if "[coordination]" in file.text:
            place = reading.ini(file.text)["coordination"].get("backend_url") or "file:"
            if place.startswith(("file:", "memcached:")):
                yield f"{file.path}: locks in {place}"
        if "[oslo_messaging_rabbit]" in file.text:
            section = reading.ini(file.text)["oslo_messaging_rabbit"]
            yield from (f"{file.path}: {key}" for key in QUORUM_QUEUES if section.get(key, "").lower() != "true")
        if "[controller_worker]" in file.text:
            topology = reading.ini(file.text)["controller_worker"].get("loadbalancer_topology", "SINGLE")
            if topology.upper() == "SINGLE":
                yield f"{file.path}: load balancers of one instance each"


def impatient_pools(service: Service, files: Iterable[RenderedFile]) -> Iterator[str]:
    """Services with a pool of connections that say nothing of when it renews them: the assessment compares that."""
    declared = {timer.name for timer in service.timers}
    if EVERY not in declared and any("[database]" in file.text for file in files if file.kind == "file"):
        yield from POOLED - declared


@pytest.mark.parametrize("name", NAMES)
def test_a_health_check_can_fail(name: str) -> None:
    assert list(unfailing(services.registry()[name])) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_reconciled_has_a_script_that_does_it(name: str) -> None:
    assert list(unreconciled(services.registry()[name])) == []


@pytest.mark.parametrize("text", [composed.LAB, composed.TWO_NODE], ids=["three", "two and an arbiter"])
def test_a_cluster_is_founded_once(text: str, tmp_path: Path) -> None:
    assert list(founders(composed.cloud(tmp_path, text))) == []


def test_a_cluster_that_two_may_found_is_found(tmp_path: Path) -> None:
    """A member that cannot reach the claims is refused when the registry is made."""
    built = composed.cloud(tmp_path)

    def registry(**fields: Any) -> Registry:
        return Registry(replace(one, **fields) if one.name == "rabbitmq" else one for one in built.registry)

    assert list(founders(replace(built, registry=registry(requires=(), serves_without=()))))
    with pytest.raises(DeclarationError, match="needs etcd on the same machines"):
        registry(roles=("every",))


def test_every_front_end_is_asked_whether_it_works_and_has_one_writer_if_it_says_so(tmp_path: Path) -> None:
    built = composed.cloud(tmp_path)
    text = composed.rendered(built, "haproxy")["/etc/haproxy/haproxy.cfg"].text
    listed = {one.name for one in reading.sections(text) if one.kind == "listen"}
    assert {f"{one.name}-{front.port}" for one in built.services for front in one.frontends} <= listed
    assert list(weak_checks(text)) == []
    assert list(writers(built, text)) == []


@pytest.mark.parametrize(
    ("piece", "instead"),
    [
        ("    option httpchk\n", "    option mysql-check user haproxy\n"),
        ("    option httpchk\n", "    option tcp-check\n"),
        ("    option httpchk\n", ""),
        ("    default-server check ", "    default-server "),
        ("    monitor-uri /health\n", "    default_backend balancers\n"),
        ("    monitor-uri /health\n", "    use_backend balancers\n"),
    ],
)
def test_a_check_that_a_hanging_server_passes_is_found(piece: str, instead: str, tmp_path: Path) -> None:
    text = composed.rendered(composed.cloud(tmp_path), "haproxy")["/etc/haproxy/haproxy.cfg"].text
    assert piece in text
    assert list(weak_checks(text.replace(piece, instead)))


@pytest.mark.parametrize(("piece", "instead"), [(" backup\n", "\n"), ("    stick on int(1)\n", "")])
def test_two_writers_of_one_schema_are_found(piece: str, instead: str, tmp_path: Path) -> None:
    built = composed.cloud(tmp_path)
    text = composed.rendered(built, "haproxy")["/etc/haproxy/haproxy.cfg"].text
    assert piece in text
    assert list(writers(built, text.replace(piece, instead))) == ["galera-mysql"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shared_has_copies_and_pools_say_when_they_renew(name: str, tmp_path: Path) -> None:
    built = composed.cloud(tmp_path)
    if built.members(name):
        files = list(composed.rendered(built, name).values())
        assert list(lone_copies(files)) == []
        assert list(impatient_pools(built.registry[name], files)) == []


@pytest.mark.parametrize(
    ("checker", "text"),
    [
        ("rabbitmq", "default_queue_type = classic\n"),
        ("rabbitmq", ""),
        ("oslo", "[coordination]\n"),
        ("oslo", "[coordination]\nbackend_url = file:///var/lib/sample\n"),
        ("oslo", "[coordination]\nbackend_url = memcached://10.0.0.1\n"),
        ("oslo", "[oslo_messaging_rabbit]\nrabbit_quorum_queue = true\n"),
        ("oslo", "[controller_worker]\namp_flavor_id = small\n"),
    ],
)
def test_a_copy_that_is_alone_is_found(checker: str, text: str) -> None:
    assert list(lone_copies([RenderedFile("/etc/sample.conf", text, checker, "sample")]))


@pytest.mark.parametrize(
    "text",
    [
        "[coordination]\nbackend_url = etcd3+https://10.60.0.5:2379\n",
        "[oslo_messaging_rabbit]\nrabbit_quorum_queue = true\nrabbit_transient_quorum_queue = true\n",
        "[controller_worker]\nloadbalancer_topology = ACTIVE_STANDBY\n",
    ],
)
def test_copies_are_left_alone(text: str) -> None:
    assert list(lone_copies([RenderedFile("/etc/sample.conf", text, "oslo", "sample")])) == []


def test_a_pool_that_says_nothing_and_a_script_that_cannot_fail_are_found() -> None:
    keystone = services.registry()["keystone"]
    file = RenderedFile("/etc/sample.conf", "[database]\nconnection = x\n", "oslo", "keystone")
    assert list(impatient_pools(keystone, [file])) == []
    assert len(list(impatient_pools(replace(keystone, timers=()), [file]))) == 3
    assert list(unreconciled(replace(keystone, reconcile=None)))
    assert list(unfailing(replace(keystone, verify=replace(keystone.verify, source="catalogue.py"))))


@pytest.mark.parametrize("text", [composed.LAB, composed.TWO_NODE], ids=["three", "two and an arbiter"])
def test_who_ignores_the_quorum_says_so(text: str, tmp_path: Path) -> None:
    """The rule QIGNORE reads the declaration; here the files."""
    built = composed.cloud(tmp_path, text)
    for service in built.services:
        files = composed.rendered(built, service.name, built.servers(service.name)[0].name).values()
        found = [
            match[0]
            for file in files
            if file.kind == "file" and file.checker != "shellcheck"
            for match in IGNORING.finditer(file.text)
        ]
        stated = service.ignores_quorum(built)
        assert found == ([stated] if stated else [])


def test_two_brokers_say_that_they_ignore_it(tmp_path: Path) -> None:
    two = composed.cloud(tmp_path, composed.LAB.replace("controller: 3", "controller: 2"))
    rabbitmq = two.registry["rabbitmq"]
    assert rabbitmq.ignores_quorum(two) == "cluster_partition_handling = ignore"
    assert rabbitmq.ignores_quorum(two) in composed.rendered(two, "rabbitmq")["/etc/rabbitmq/rabbitmq.conf"].text


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_of_a_disk_names_disks_that_the_guide_knows(name: str) -> None:
    guide = (ROOT / "docs/environment-guide.md").read_text()
    for limit in services.registry()[name].limits:
        assert bool(limit.purposes) == (limit.of == "disk")
        assert [purpose for purpose in limit.purposes if f"`{purpose}`" not in guide] == []
