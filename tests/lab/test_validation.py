"""The programs of the machine image read every rendered file; a wrong value in each kind of file is caught."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda import lab as host
from hacienda.cloudinit import NodeOutput
from hacienda.review import validation
from tests import shipped

LAB = shipped.ROOT / "environments/lab.yaml"
NETWORKS = shipped.ROOT / "examples/environments/networks.yaml"
TWO_NODE = shipped.ROOT / "examples/environments/two-node.yaml"
LARGE = shipped.ROOT / "examples/environments/large.yaml"
PACKAGES = cloud.read(LAB, services.registry()).packages
READABLE = [path for path in shipped.environments() if {*cloud.read(path, services.registry()).packages} <= {*PACKAGES}]
"""Environments whose programs the lab's image holds. That of `lab-full` would take another image, with Ceph, OVN and libvirt."""


@pytest.fixture(scope="module")
def machine() -> Iterator[validation.Scratch]:
    """A machine made from the image that the lab boots."""
    host.prepare("lab")
    with validation.Scratch(host.build(PACKAGES)) as scratch:
        yield scratch


@pytest.mark.parametrize(
    "paths",
    [
        pytest.param([path for path in READABLE if path != LARGE], id="all-but-large"),
        pytest.param([LARGE], id="large", marks=pytest.mark.long),
    ],
)
def test_every_file_of_every_shipped_environment_is_accepted(machine: validation.Scratch, paths: list[Path]) -> None:
    assert {path.stem for path in shipped.environments()} - {path.stem for path in READABLE} == {"lab-full"}
    outputs = [output for path in paths for output in shipped.rendered(path)[0]]
    report = validation.validate(outputs, [shipped.rendered(path)[1] for path in paths], machine)
    print(f"\n{report.total} files on {len(outputs)} nodes, {len(report.results)} checks, {report.seconds:.0f} s")
    for title, count in validation.counts(report).items():
        print(f"  {title:<32}{count:>6}")
    assert [str(result) for result in report.refused] == []
    assert {result.said for result in report.unchecked} == {"no content of it is rendered"}
    assert all(result.version for result in report.results if result.accepted)


@dataclass(frozen=True)
class Wrong:
    """A deliberately wrong value.

    Args:
        path: the file; a suffix of its path will do.
        old, new: what is replaced, once; `old` is a pattern.
        check: title of the check that must refuse the file.
        said: part of what it says.
    """

    path: str
    old: str
    new: str
    check: str
    said: str = ""

    @property
    def id(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", f"{self.path} {self.check} {self.new or self.old}".lower()).strip("-")

    def output(self, good: Sequence[NodeOutput]) -> NodeOutput:
        """The first node that has the file, with the wrong value, in an environment of this case's own."""
        for node in good:
            if self.path in ("user-data", "network-config") or any(f.path.endswith(self.path) for f in node.files):
                return self._wrong(node)
        raise LookupError(f"no file {self.path}")

    def _wrong(self, good: NodeOutput) -> NodeOutput:
        changed = replace(good, manifest={**good.manifest, "environment": self.id})
        if self.path == "user-data":
            return replace(changed, user_data=self._edit(good.user_data))
        if self.path == "network-config":
            return replace(changed, network_config=self._edit(good.network_config))
        files = tuple(replace(f, text=self._edit(f.text)) if f.path.endswith(self.path) else f for f in good.files)
        return replace(changed, files=files)

    def _edit(self, text: str) -> str:
        edited, count = re.subn(self.old, self.new, text, count=1, flags=re.MULTILINE)
        assert count == 1, f"{self.old!r} is not in {self.path}"
        return edited


UNIT = "systemd-analyze verify"
START = r"\A"
END = r"\Z"

CASES = (
    Wrong("/hacienda.sources", r"^Types: deb$", "Types: dab", "apt-get indextargets", "dab"),
    Wrong("/91hacienda-upgrades", START, "Foo {{;\\n", "apt-config", "Syntax error"),
    Wrong(
        "/needrestart/conf.d/90-hacienda.conf",
        r"\{override_rc\}",
        "{override_rc",
        "Perl, as needrestart",
        "syntax error",
    ),
    Wrong("/haproxy.cfg", r"option redispatch", "option redispatches", "haproxy -c", "redispatches"),
    Wrong("/haproxy.cfg", r"inter \d+ms", "inter fast", "haproxy -c", "unexpected character"),
    Wrong(
        "/haproxy.cfg", r"crt /etc/haproxy/tls/bundle.pem", "crt /etc/haproxy/tls/none.pem", "haproxy -c", "none.pem"
    ),
    Wrong("/haproxy.cfg", r"on-marked-down shutdown-sessions", "on-marked-down shutdown", "haproxy -c", "shutdown"),
    Wrong("/keepalived.conf", r"virtual_router_id \d+", "virtual_router_id 256", "keepalived -t", "256"),
    Wrong("/keepalived.conf", r"nopreempt", "nopre", "keepalived -t", "nopre"),
    Wrong(
        "/keepalived.conf",
        r"/usr/lib/hacienda/keepalived/check-haproxy.sh",
        "/usr/lib/none",
        "keepalived -t",
        "not found",
    ),
    Wrong(
        "/journald.conf.d/60-hacienda.conf", r"^SyncIntervalSec=", "SyncInterval=", "journald, started", "SyncInterval"
    ),
    Wrong("/journald.conf.d/60-hacienda.conf", r"SystemMaxUse=1G", "SystemMaxUse=lots", "journald, started", "lots"),
    Wrong("/systemd/network/hacienda.conf", r"=static", "=statics", "networkd, started", "statics"),
    Wrong("/systemd/network/hacienda.conf", r"^KeepConf", "KepConf", "networkd, started", "KepConfiguration"),
    Wrong("/nftables.conf", r"dport \{ ", "dport { 70000, ", "nft -c"),
    Wrong("/nftables.conf", r"ip saddr @management", "ip saddr @managment", "nft -c", "managment"),
    Wrong("/90-hacienda.cnf", r"max_connections = \d+", "max_connection = 5", "mariadbd --help", "max_connection"),
    Wrong("/90-hacienda.cnf", r"max_connections = \d+", "max_connections = 5", "mariadbd --help", "adjusted to 10"),
    Wrong("/90-hacienda.cnf", r"binlog_format = ROW", "binlog_format = ROWS", "mariadbd --help", "ROWS"),
    Wrong(
        "/90-hacienda.cnf", r"evs.suspect_timeout=", "evs.suspect_timeouts=", "mariadbd, started", "suspect_timeouts"
    ),
    Wrong("/90-hacienda.cnf", r"evs.suspect_timeout=PT1.5S", "evs.suspect_timeout=soon", "mariadbd, started", "soon"),
    Wrong("/90-hacienda.cnf", r"^ssl_key = .*", "ssl_key = /etc/mysql/none.pem", "mariadbd, started", "none.pem"),
    Wrong("/garbd.cnf", r"^group = ", "grope = ", "garbd, started", "grope"),
    Wrong("/garbd.cnf", r"evs.suspect_timeout=", "evs.suspect_timeouts=", "garbd, started", "suspect_timeouts"),
    Wrong("/garbd.cnf", r"evs.suspect_timeout=PT1.5S", "evs.suspect_timeout=soon", "garbd, started", "soon"),
    Wrong("/garbd.cnf", r"(socket.ssl_key)=[^;\n]*", r"\1=/etc/garbd/none.pem", "garbd, started", "none.pem"),
    Wrong("/garb.service", r"^Restart=always", "Restart=ever", UNIT, "ever"),
    Wrong("/rabbitmq.conf", r"net_ticktime = 10", "net_ticktime = ten", "cuttlefish", "net_ticktime"),
    Wrong("/rabbitmq.conf", r"cluster_partition_handling = \w+", "cluster_partition_handling = hope", "cuttlefish"),
    Wrong("/rabbitmq.conf", r"ssl_options.verify ", "ssl_options.verified ", "cuttlefish", "ssl_options.verified"),
    Wrong("/inter-node-tls.config", r"\]\.\s*\Z", "]", "Erlang's file:consult"),
    Wrong("/inter-node-tls.config", r"verify_peer\}", "verify_peer", "Erlang's file:consult", "syntax error"),
    Wrong("/etc/default/etcd", r"ETCD_HEARTBEAT_INTERVAL=\d+", "ETCD_HEARTBEAT_INTERVAL=soon", "etcd, started", "soon"),
    Wrong("/etc/default/etcd", r"ETCD_ELECTION_TIMEOUT=\d+", "ETCD_ELECTION_TIMEOUT=300", "etcd, started", "election"),
    Wrong("/etc/default/etcd", r"ETCD_TLS_MIN_VERSION=.*", "ETCD_TLS_MIN_VERSION=TLS9", "etcd, started", "TLS9"),
    Wrong("/etc/default/etcd", r"ETCD_CLIENT_CERT_AUTH", "ETCD_CLIENT_CERT_AUTHS", "etcd, started", "AUTHS"),
    Wrong("/etc/default/etcd", r"(ETCD_PEER_KEY_FILE)=.*", r"\1=/etc/etcd/none.pem", "etcd, started", "none.pem"),
    Wrong("/keystone.conf", r"^provider = fernet", "providers = fernet", "oslo-config-validator", "providers"),
    Wrong("/keystone.conf", r"^expiration = \d+", "expiration = long", "oslo-config-validator", "long"),
    Wrong("/keystone.conf", r"^\[token\]", "[tokens", "oslo-config-validator"),
    Wrong("/uwsgi.ini", r"^threads", "thread-count", "uwsgi, started", "thread-count"),
    Wrong("/keystone/uwsgi.ini", r"^wsgi-file = .*", "wsgi-file = /usr/bin/none", "uwsgi, started", "/usr/bin/none"),
    Wrong("/memcached.conf", r"^-c \d+", "-c many", "memcached, started"),
    Wrong("/memcached.conf", r"^-U 0", "--no-such-option", "memcached, started", "no-such-option"),
    Wrong("/clouds.yaml", r"^    auth:", "   auth:", "openstacksdk"),
    Wrong("/clouds.yaml", r"cacert: .*", "cacert: /etc/none.pem", "openstacksdk", "none.pem"),
    Wrong("/clouds.yaml", r"auth_url: .*", "auth_uri: x", "openstacksdk", "auth_url"),
    Wrong("/sshd_config.d/60-hacienda.conf", r"MaxSessions 60", "MaxSessions lots", "sshd -t", "MaxSessions"),
    Wrong("/sshd_config.d/60-hacienda.conf", r"UseDNS no", "UseDNSs no", "sshd -t", "UseDNSs"),
    Wrong("/chrony.conf", r"^(server|pool) ", "srever ", "chronyd -p", "line"),
    Wrong("/chrony.conf", END, "makestep often 3\n", "chronyd -p"),
    Wrong("/sysctl.d/60-hacienda.conf", r"tcp_retries2 = \d+", "tcp_retries2 = few", "sysctl -p", "tcp_retries2"),
    Wrong("/sysctl.d/60-hacienda.conf", r"tcp_retries2", "tcp_retries3", "sysctl -p", "tcp_retries3"),
    Wrong("/sysusers.d/hacienda-galera.conf", r"^u ", "user ", "systemd-sysusers --dry-run"),
    Wrong("/hacienda-galera.service", r"^Restart=on-failure", "Restart=on-failures", UNIT, "on-failures"),
    Wrong("/hacienda-galera.service", r"/hacienda-converge", "/hacienda-converges", UNIT, "hacienda-converges"),
    Wrong("/hacienda.target", r"^Wants=", "Want=", UNIT, "Want"),
    Wrong("/system/etcd.service", r"\[Service\]", "[Service]\nLimitNOFILES=9", UNIT, "LimitNOFILES"),
    Wrong("/hacienda/galera/join.sh", r"^set -euo pipefail", "if then", "bash -n", "then"),
    Wrong("/hacienda/galera/join.sh", r"^set -euo pipefail", "set -euo pipefail\nrm $1", "ShellCheck", "Double quote"),
    Wrong("/hacienda/galera/founder.py", START, "def f(:\n", "Python's compile"),
    Wrong("/etc/hacienda/node.env", END, "HACIENDA_X=one two\n", "bash, as variables", "two"),
    Wrong("/etc/hacienda/services/galera.env", END, "X='open\n", "bash, as variables"),
    Wrong("/etc/hosts", END, "10.77.0.999 nobody\n", "addresses and names"),
    Wrong("user-data", r"^ssh_pwauth: .*", "ssh_pwauth: [1]", "cloud-init schema", "ssh_pwauth"),
    Wrong("user-data", r"^users:", "user_list:", "cloud-init schema", "user_list"),
    Wrong("user-data", START, "#!cloud\n", "cloud-init schema", "not currently evaluated"),
    Wrong("network-config", r"mtu: \d+", "mtu: large", "cloud-init schema, network", "large"),
    Wrong("network-config", r"mtu:", "mtus:", "cloud-init's keys", "mtus"),
    Wrong("network-config", r"0\.0\.0\.0/0", "default", "cloud-init's networkd", "default"),
)


KINDS = {
    "haproxy": "/haproxy.cfg",
    "keepalived": "/keepalived.conf",
    "nftables": "/nftables.conf",
    "my.cnf": "/90-hacienda.cnf",
    "garbd": "/garbd.cnf",
    "rabbitmq": "/rabbitmq.conf",
    "etcd": "/etc/default/etcd",
    "keystone": "/keystone.conf",
    "sshd": "/sshd_config.d/60-hacienda.conf",
    "chrony": "/chrony.conf",
    "systemd unit": "/hacienda-galera.service",
    "script": "/hacienda/galera/join.sh",
    "user-data": "user-data",
}
"""Kinds of files in which a wrong value must be caught."""


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_is_shown_wrong(kind: str) -> None:
    assert any(case.path == KINDS[kind] for case in CASES)


def test_the_command_finds_the_image_and_knows_it_the_second_time(machine: validation.Scratch, tmp_path: Path) -> None:
    outputs, needs = shipped.rendered(LAB)
    found = validation.collect(outputs)
    place = validation.choose(found.packages, PACKAGES)
    assert isinstance(place, validation.Image)
    nft = replace(found, subjects=tuple(subject for subject in found.subjects if subject.file.checker == "nft"))
    for known in (0, len(nft.subjects)):
        report = validation.check(nft, [needs], place, validation.Cache(tmp_path / "cache"))
        assert (report.refused, report.known, len(report.programs)) == ((), known, len(nft.subjects))


@pytest.fixture(scope="module")
def refusals(machine: validation.Scratch) -> dict[str, list[validation.Result]]:
    """Case -> what was refused of its file; all cases are checked in one go, and nothing but their wrong files."""
    controller, needs = shipped.rendered(LAB)[0][0], [shipped.rendered(path)[1] for path in (LAB, TWO_NODE, NETWORKS)]
    arbiter = next(output for output in shipped.rendered(TWO_NODE)[0] if output.node == "arb-1")
    good = (controller, arbiter, shipped.rendered(NETWORKS)[0][0])
    found = validation.collect([*good, *(case.output(good) for case in CASES)])
    fine = {f"{output.manifest['environment']}/{output.node}" for output in good}
    subjects = tuple(subject for subject in found.subjects if not fine & set(subject.nodes))
    report = validation.check(replace(found, subjects=subjects), needs, machine)
    refused: dict[str, list[validation.Result]] = {}
    for result in report.refused:
        for node in result.subject.nodes:
            refused.setdefault(node.rpartition("/")[0], []).append(result)
    return refused


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_wrong_value_is_caught(refusals: dict[str, list[validation.Result]], case: Wrong) -> None:
    said = {result.check: result.said for result in refusals.get(case.id, [])}
    assert case.check in said, said
    assert case.said in said[case.check]
    # It is the file that was refused: no program of ours broke over it.
    assert "probes/" not in said[case.check]


def test_every_program_is_shown_something_wrong() -> None:
    shown = {case.check for case in CASES}
    used = {file.checker for path in READABLE for output in shipped.rendered(path)[0][:4] for file in output.files}
    titles = {check.title for name, checks in validation.CHECKERS.items() if name in used for check in checks}
    # Leaves are made by the secrets' own code; these checks of ours are shown wrong texts in the fast lane.
    assert titles - shown == {"openssl verify", "name servers", "JSON", "Python's compile, here"}
