"""HAProxy: what is derived from the front ends, and the promise of one writer."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import Cloud, entrance
from hacienda.services import haproxy
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

LISTENERS = r"^(?:defaults|listen|backend)\s*(\S*)$"
"""Sections that set times; those of `defaults`, which has no name, hold wherever a listener says nothing."""
STATED = {
    "connect time-out": Found(r"^    timeout connect (\S+)$", "ms", r"^(?:defaults)(\S*)$"),
    "writer connect time-out": Found(r"^    timeout connect (\S+)$", "ms", r"^listen (galera-mysql\.\S+)$"),
    **{
        f"{what} time-out": Found(rf"^    timeout {what} (\S+)$", "ms", LISTENERS)
        for what in ("client", "server", "tunnel")
    },
    "check time-out": Found(r"^    timeout check (\S+)$", "ms", LISTENERS),
    **{what: Found(rf"^    default-server check .*\b{what} (\S+)", "ms", LISTENERS) for what in ("inter", "fastinter")},
    "fall": Found(r"^    default-server check .*\bfall (\S+)", "count", LISTENERS),
    "hard-stop-after": Found(r"^    hard-stop-after (\S+)$"),
    "connections": Found(r"^global\n(?:[ ].*\n)*?    maxconn (\d+)$", "count", below=True),
}

CFG = "/etc/haproxy/haproxy.cfg"
CONTROLLERS = ("ctl-1", "ctl-2", "ctl-3")
BALANCED = [entrance.name(own, front) for own in services.registry() for front in own.frontends]
TWO_NETWORKS = """
name: lab
platform: existing
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
  outside: {cidr: 192.0.2.0/24, vip: 192.0.2.20, purpose: public}
machines:
  controller: 3
"""


def configuration(cloud: Cloud, node: str = "ctl-1") -> str:
    return composed.rendered(cloud, "haproxy", node)[CFG].text


def sections(text: str) -> dict[str, list[str]]:
    """Section heading -> its lines, without comments."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            found[line] = current = []
        elif line.strip() and not line.strip().startswith("#"):
            current.append(line.strip())
    return found


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


@pytest.fixture
def parsed(cloud: Cloud) -> dict[str, list[str]]:
    return sections(configuration(cloud))


def servers(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("server ")]


def test_every_front_end_has_its_listener(cloud: Cloud, parsed: dict[str, list[str]]) -> None:
    declared = {f"listen {service.name}-{front.port}" for service in cloud.services for front in service.frontends}
    assert declared
    assert declared <= parsed.keys()


def test_every_backend_is_checked_over_verified_tls_by_its_own_name(cloud: Cloud, parsed: dict[str, list[str]]) -> None:
    backend = {entrance.name(own, front): own.name for own in cloud.services for front in own.frontends}
    for listener in haproxy.listeners(cloud):
        lines = parsed[f"listen {listener.name}"]
        assert "option httpchk" in lines
        backends = backend[listener.name]
        assert f"default-server ca-file /etc/haproxy/backends/{backends}/ca.pem verify required" in lines
        for name, line in zip(CONTROLLERS, servers(lines), strict=True):
            assert line.startswith(f"server {name} ")
            assert f"verifyhost {name}.lab.internal" in line
            assert "check-ssl" in line
            assert f"port {listener.check_port}" in line


def test_http_ends_tls_at_the_virtual_ip_and_starts_it_anew(cloud: Cloud, parsed: dict[str, list[str]]) -> None:
    for listener in haproxy.listeners(cloud):
        if listener.front.mode == "http":
            lines = parsed[f"listen {listener.name}"]
            assert [line.split()[2] for line in lines if line.startswith("bind ")] == ["ssl"]
            assert all(" ssl " in line for line in servers(lines))


def test_old_tls_is_refused_on_both_sides(parsed: dict[str, list[str]]) -> None:
    assert any("bind-options ssl-min-ver TLSv1.2" in line for line in parsed["global"])
    assert any("server-options ssl-min-ver TLSv1.2" in line for line in parsed["global"])


def test_all_balancers_rank_the_writers_alike(cloud: Cloud) -> None:
    ranked = [servers(sections(configuration(cloud, node))["listen galera-mysql"]) for node in CONTROLLERS]
    assert ranked[0] == ranked[1] == ranked[2]
    assert [line.endswith(" backup") for line in ranked[0]] == [False, True, True]


def test_the_writer_is_kept_under_one_key_that_every_connection_can_update(parsed: dict[str, list[str]]) -> None:
    lines = parsed["listen galera-mysql"]
    assert "stick on int(1)" in lines
    table = next(line for line in lines if line.startswith("stick-table"))
    assert "nopurge" in table
    assert "expire" not in table
    assert re.search(r"size (\d+)", table)
    assert "size 1 " not in table


def test_a_server_that_gives_a_copy_or_drains_keeps_its_clients(cloud: Cloud, parsed: dict[str, list[str]]) -> None:
    keeps = {name for name, lines in parsed.items() if "http-check disable-on-404" in lines}
    assert keeps == {f"listen {one.name}" for one in haproxy.listeners(cloud)}


def test_no_attempt_elsewhere_while_the_writer_is_thought_to_live(parsed: dict[str, list[str]]) -> None:
    assert "no option redispatch" in parsed["listen galera-mysql"]
    assert "option redispatch" in parsed["defaults"]


def test_a_process_that_does_not_know_the_writer_waits_for_it(parsed: dict[str, list[str]]) -> None:
    rules = [line for line in parsed["listen galera-mysql"] if line.startswith("tcp-request")]
    lines = [line for line in rules if not line.startswith("tcp-request connection")]
    assert lines[0].startswith("tcp-request inspect-delay")
    assert "in_table(galera-mysql)" in lines[1]
    assert lines[2] == "tcp-request content accept if WAIT_END"


def test_every_balancer_tells_every_other_who_writes_over_tls(cloud: Cloud) -> None:
    for node in CONTROLLERS:
        lines = sections(configuration(cloud, node))["peers balancers"]
        assert [line.split()[1] for line in servers(lines)] == list(CONTROLLERS)
        assert any(line.startswith("bind 10.77.0.") and line.endswith("verify required") for line in lines)
        assert any(line.startswith("default-server ssl") and line.endswith("verify required") for line in lines)
        assert sum("verifyhost" in line for line in servers(lines)) == 2


def test_pass_through_connects_at_once_and_to_the_backend_in_a_second_step(
    cloud: Cloud, parsed: dict[str, list[str]]
) -> None:
    for listener in haproxy.listeners(cloud):
        if listener.front.mode == "tcp":
            for server in listener.servers:
                inner = f"abns@{listener.name}.{server.name}"
                assert any(f" {inner} " in line for line in servers(parsed[f"listen {listener.name}"]))
                second = parsed[f"listen {listener.name}.{server.name}"]
                assert f"bind {inner}" in second
                assert servers(second) == [f"server {server.name} {server.address}:{listener.port}"]


def test_statistics_want_a_password_that_is_not_in_the_template(cloud: Cloud, parsed: dict[str, list[str]]) -> None:
    lines = parsed["frontend statistics"]
    assert lines.index("http-request auth realm hacienda unless { http_auth(operators) }") < next(
        number for number, line in enumerate(lines) if "prometheus-exporter" in line
    )
    assert any(line.startswith("bind 10.77.0.11:8404 ssl") for line in lines)
    file = composed.rendered(cloud, "haproxy")[CFG]
    assert file.mode == 0o600
    assert parsed["userlist operators"] == ["user operator insecure-password @{secret:haproxy/statistics}@"]


def test_health_is_asked_on_the_machine_alone(parsed: dict[str, list[str]]) -> None:
    assert "bind 127.0.0.1:8404" in parsed["frontend health"]


@pytest.mark.parametrize(("controllers", "majority"), [(2, 2), (3, 2), (5, 3)])
def test_a_machine_that_is_cut_off_says_so(tmp_path: Path, controllers: int, majority: int) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB.replace("controller: 3", f"controller: {controllers}"))
    found = sections(configuration(cloud))
    fails = [line for line in found["frontend health"] if line.startswith("monitor fail")]
    no_writer = " ".join(f"!{{ srv_is_up(galera-mysql/{node.name}) }}" for node in cloud.servers("galera"))
    assert fails == [f"monitor fail if {no_writer} {{ nbsrv(balancers) lt {majority} }}"]
    port = haproxy.service.port("writer-table").number
    asked = [line.split()[2] for line in servers(found["backend balancers"])]
    assert asked == [f"{cloud.address(node)}:{port}" for node in cloud.servers("haproxy")]


def test_nobody_is_cut_off_from_himself_or_where_nobody_has_to_be_the_only_writer(tmp_path: Path) -> None:
    alone = configuration(composed.cloud(tmp_path, composed.LAB.replace("controller: 3", "controller: 1")))
    assert "monitor fail" not in alone
    assert "backend balancers" not in alone


def test_a_reload_hands_sockets_over_and_starts_the_watch_over_what_it_leaves(cloud: Cloud) -> None:
    files = composed.rendered(cloud, "haproxy")
    assert "expose-fd listeners" in files[CFG].text
    assert files[CFG].on_change == "reload"
    assert "haproxy-drain.service" in files["/etc/systemd/system/haproxy.service"].text


def test_a_reload_answers_one_more_request_on_every_idle_connection(parsed: dict[str, list[str]]) -> None:
    http = [lines for head, lines in parsed.items() if head.startswith("listen") and "mode http" in lines]
    assert http
    assert all("option idle-close-on-response" in lines for lines in http)


def maxconn(lines: list[str]) -> int:
    (found,) = [int(line.split()[1]) for line in lines if line.startswith("maxconn ")]
    return found


ENVIRONMENTS = {
    "lab": composed.LAB,
    "two networks": TWO_NETWORKS,
    "two-node": composed.TWO_NODE,
    "many workers": composed.LAB + "services: {keystone: {workers: 16, threads: 16}}\n",
    "few connections": composed.LAB + "services: {haproxy: {connections: 1000, connections_per_source: 7}}\n",
}


@pytest.mark.parametrize("text", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_no_section_takes_a_connection_that_another_one_needs(text: str, tmp_path: Path) -> None:
    """Every section that accepts connections has a share, the second steps of those that pass TLS through too; a new one has to."""
    found = sections(configuration(composed.cloud(tmp_path, text)))
    accepting = {name: lines for name, lines in found.items() if any(line.startswith("bind ") for line in lines)}
    # The kernel's limits do not count what load balancers tell each other.
    del accepting["peers balancers"]
    steps = {name for name in accepting if name.count(".") == 1}
    assert {"frontend statistics", "frontend health"} < accepting.keys()
    counted = sum(maxconn(lines) for name, lines in accepting.items() if name not in steps)
    # However many servers there are, each connection has one second step.
    counted += sum(maxconn(accepting[name.partition(".")[0]]) for name in {step.partition(".")[0] for step in steps})
    assert maxconn(found["global"]) == counted
    assert all(maxconn(accepting[step]) == maxconn(accepting[step.partition(".")[0]]) for step in steps)


@pytest.mark.parametrize("text", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_one_source_cannot_fill_a_front_end_and_strangers_leave_the_services_theirs(text: str, tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, text)
    found = sections(configuration(cloud))
    own = set()
    for listener in haproxy.listeners(cloud):
        rules = [line.removeprefix("tcp-request connection ") for line in found[f"listen {listener.name}"]]
        accepted = next(number for number, rule in enumerate(rules) if rule.startswith("accept if { src "))
        tracked = rules.index(f"track-sc0 src table {listener.name}.sources")
        own = set(rules[accepted].split()[4:-1])
        limits = {rule.split()[3]: int(rule.split()[5]) for rule in rules if rule.startswith("reject")}
        assert accepted < tracked < rules.index(f"reject if {{ sc0_conn_cur gt {limits['sc0_conn_cur']} }}")
        assert 4 * limits["sc0_conn_cur"] <= limits["sc1_conn_cur"] < maxconn(found[f"listen {listener.name}"])
        assert f"backend {listener.name}.sources" in found
    assert own == {str(vip.address) for vip in cloud.virtual_ips} | {
        str(address) for node in cloud.role("controller") for address in node.addresses.values()
    }


def test_a_new_compute_changes_no_load_balancer(tmp_path: Path) -> None:
    before = configuration(composed.cloud(tmp_path, composed.LAB))
    assert configuration(composed.cloud(tmp_path, composed.LAB + "  compute: 2\n")) == before


def test_the_database_takes_what_all_pools_may_open(tmp_path: Path) -> None:
    text = composed.LAB + "services: {keystone: {workers: 5, threads: 6}}\n"
    cloud = composed.cloud(tmp_path, text)
    ini = composed.rendered(cloud, "keystone")["/etc/keystone/uwsgi.ini"].text
    conf = composed.settings(composed.rendered(cloud, "keystone")["/etc/keystone/keystone.conf"].text)
    opened = 3 * int(composed.settings(ini)["processes"]) * (int(conf["max_pool_size"]) + int(conf["max_overflow"]))
    assert opened == 195
    listen = sections(configuration(cloud))["listen galera-mysql"]
    (strangers,) = [int(line.split()[-2]) for line in listen if "reject if { sc1_conn_cur" in line]
    assert maxconn(listen) - strangers >= opened


def test_containers_get_what_their_open_files_allow(cloud: Cloud, tmp_path: Path) -> None:
    """Two files a connection; beside them listeners, checks and peers."""
    assert maxconn(sections(configuration(cloud))["global"]) * 2 <= 20000 - 1000
    # Front ends have equal parts, whole connections each.
    shared = maxconn(sections(configuration(composed.cloud(tmp_path, TWO_NETWORKS)))["global"])
    assert 40000 - len(BALANCED) < shared <= 40000
    largest = TWO_NETWORKS + "services: {haproxy: {connections: 250000}}\n"
    # systemd's own hard limit, systemd-system.conf(5).
    assert maxconn(sections(configuration(composed.cloud(tmp_path, largest)))["global"]) * 2 <= 524288 - 1000


def test_a_server_is_given_one_request_fewer_than_it_has_threads(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB + "services: {keystone: {workers: 3, threads: 5}}\n")
    lines = servers(sections(configuration(cloud))["listen keystone-api"])
    assert [line.rpartition(" maxconn ")[2] for line in lines] == ["14"] * 3


def test_only_a_front_end_with_tunnels_lets_a_connection_stay_silent_for_long(
    cloud: Cloud, parsed: dict[str, list[str]]
) -> None:
    tunnels = {entrance.name(own, one): one.tunnel_seconds for own in cloud.services for one in own.frontends}
    assert any(tunnels.values())
    for name, seconds in tunnels.items():
        said = [line for line in parsed[f"listen {name}"] if line.startswith("timeout tunnel")]
        assert said == ([f"timeout tunnel {seconds}s"] if seconds else [])


def test_a_request_is_handed_over_whole(parsed: dict[str, list[str]]) -> None:
    lines = parsed["listen keystone-api"]
    assert "option http-buffer-request" in lines
    (largest,) = [int(line.split()[-2]) for line in lines if "req.body_size gt" in line]
    (buffer,) = [int(line.split()[1]) for line in parsed["global"] if line.startswith("tune.bufsize ")]
    assert buffer - largest >= 16384, "the headers have to fit, too"


@pytest.mark.parametrize(
    "header",
    [
        "forwarded",
        *(f"x-forwarded-{what}" for what in ("for", "host", "proto", "prefix", "port", "server")),
        *("x_forwarded_host", "x-real-ip", "x-client-ip", "true-client-ip", "x-original-url", "proxy", "remote_user"),
    ],
)
def test_nobody_else_says_who_the_client_is(header: str, parsed: dict[str, list[str]]) -> None:
    """What WSGI's middleware believes is removed before ours is set; tests/lab/test_front_door.py has the real programs."""
    lines = parsed["listen keystone-api"]
    removed = [line.split()[2] for line in lines if line.startswith("http-request del-header ")]
    assert any(re.search(pattern, header) for pattern in removed)
    assert lines.index("http-request set-header X-Forwarded-Proto https") > max(
        number for number, line in enumerate(lines) if "del-header" in line
    )


@pytest.mark.parametrize(
    "header", ["x-auth-token", "x-subject-token", "openstack-api-version", "content-type", "host", "accept"]
)
def test_what_clients_have_to_say_is_kept(header: str, parsed: dict[str, list[str]]) -> None:
    lines = parsed["listen keystone-api"]
    removed = [line.split()[2] for line in lines if line.startswith("http-request del-header ")]
    assert not any(re.search(pattern, header) for pattern in removed)


def test_requests_are_not_multiplied_within_a_connection(parsed: dict[str, list[str]]) -> None:
    """With HTTP/2 one connection has a hundred requests at a time, and connections are what is counted."""
    assert not [line for lines in parsed.values() for line in lines if line.startswith("bind ") and "h2" in line]


def test_public_front_ends_listen_on_the_public_address_too(tmp_path: Path) -> None:
    parsed = sections(configuration(composed.cloud(tmp_path, TWO_NETWORKS)))
    binds = [line.split()[1] for line in parsed["listen keystone-api"] if line.startswith("bind ")]
    assert binds == ["10.77.0.10:5000", "192.0.2.20:5000"]
    assert [line for line in parsed["listen galera-mysql"] if line.startswith("bind ")] == ["bind 10.77.0.10:3306"]


def test_an_option_changes_its_own_line(tmp_path: Path) -> None:
    changed = composed.cloud(tmp_path, composed.LAB + "services:\n  haproxy: {connect_timeout: 7}\n")
    plain = composed.cloud(tmp_path, composed.LAB)
    before, after = configuration(plain).splitlines(), configuration(changed).splitlines()
    different = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    assert different == [("    timeout connect 1000ms", "    timeout connect 7000ms")]


SOCAT = r"""
read -r question
case "$* $question" in
  *"show stat"*) cat "$STATE_DIR/servers" 2>/dev/null || exit 1 ;;
  *"show table"*) echo "0x1: key=1 use=0 exp=0 server_id=2 server_key=ctl-2" ;;
  *"show proc"*) cat "$STATE_DIR/processes" 2>/dev/null; rm -f "$STATE_DIR/processes" ;;
  *"show sess"*)
    echo "0xa1: proto=tcpv4 src=10.0.0.1:1 fe=galera-mysql be=galera-mysql srv=ctl-1 ts=00"
    echo "0xa2: proto=tcpv4 src=10.0.0.1:2 fe=galera-mysql be=galera-mysql srv=ctl-2 ts=00"
    echo "0xa3: proto=tcpv4 src=10.0.0.1:3 fe=keystone-api be=keystone-api srv=ctl-3 ts=00" ;;
  *) echo "$question" >>"$STATE_DIR/orders" ;;
esac
"""


def servers_csv(sessions: dict[str, int], *down: str, draining: str = "") -> str:
    """`show stat` of all front ends: name, server, ..., current sessions (5th), status (18th)."""
    lines = []
    for listener in BALANCED:
        for node in CONTROLLERS:
            fields = [listener, node, "", "", str(sessions.get(f"{listener}/{node}", 0)), *[""] * 12]
            name = f"{listener}/{node}"
            lines.append(",".join([*fields, "DOWN" if name in down else "NOLB" if name == draining else "UP", ""]))
    return "\n".join(["# pxname,svname,...", *lines, ""])


@pytest.fixture
def box(tmp_path: Path, cloud: Cloud) -> Sandbox:
    return Sandbox(tmp_path / "node", cloud, "ctl-1", "haproxy", {"socat": SOCAT})


def test_verify_counts_backends_and_blames_none(box: Sandbox) -> None:
    (box.state / "servers").write_text(servers_csv({"galera-mysql/ctl-1": 5}, "keystone-api/ctl-2"))
    up = (f"{name} {2 if name == 'keystone-api' else 3}/3" for name in BALANCED)
    assert box.run("verify.sh").output == f"{', '.join(up)}\n"


def test_verify_sees_a_dead_haproxy(box: Sandbox) -> None:
    assert "HAProxy does not answer" in box.run("verify.sh").errors


def test_verify_sees_two_writers(box: Sandbox) -> None:
    (box.state / "servers").write_text(servers_csv({"galera-mysql/ctl-1": 5, "galera-mysql/ctl-2": 1}))
    outcome = box.run("verify.sh")
    assert outcome.code == 1
    assert "galera-mysql has several writers, ctl-1 ctl-2" in outcome.errors


def test_the_former_process_loses_what_is_down_or_writes_no_more(box: Sandbox) -> None:
    (box.state / "servers").write_text(servers_csv({}, "keystone-api/ctl-3"))
    (box.state / "processes").write_text(
        "7904 master 1\n# workers\n9233 worker 0\n# old workers\n9094 worker 1\n# programs\n"
    )
    assert box.run("drain.sh").code == 0
    assert set((box.state / "orders").read_text().splitlines()) == {
        "@!9094 shutdown session 0xa1",
        "@!9094 shutdown session 0xa3",
    }


def writer_in_table(node: str) -> str:
    """`show table` as HAProxy prints it before the statistics."""
    return (
        "# table: galera-mysql, type: integer, size:10240, used:1\n"
        f"0x1: key=1 use=0 exp=0 shard=0 server_id=2 server_key={node}\n\n"
    )


def test_a_writer_that_keeps_its_clients_stays_the_writer(tmp_path: Path, cloud: Cloud) -> None:
    once = 'if [[ -e $STATE_DIR/slept ]]; then exit 1; fi; touch "$STATE_DIR/slept"'
    box = Sandbox(tmp_path / "node", cloud, "ctl-1", "haproxy", {"socat": SOCAT, "sleep": once})
    others = [f"galera-mysql/{node}" for node in ("ctl-1", "ctl-3")]
    sessions = {"galera-mysql/ctl-1": 1, "galera-mysql/ctl-2": 3}
    stated = servers_csv(sessions, *others, draining="galera-mysql/ctl-2")
    (box.state / "servers").write_text(writer_in_table("ctl-2") + stated)
    assert box.run("writer.sh").code == 0
    assert (box.state / "orders").read_text() == "shutdown sessions server galera-mysql/ctl-1\n"


@pytest.mark.parametrize(
    ("sessions", "down", "orders"),
    [
        (
            {"galera-mysql/ctl-1": 5, "galera-mysql/ctl-2": 1, "galera-mysql/ctl-3": 1, "keystone-api/ctl-1": 3},
            set(),
            {"shutdown sessions server galera-mysql/ctl-1", "shutdown sessions server galera-mysql/ctl-3"},
        ),
        # The table names one that is down: whoever serves now will be written there by the next connection.
        ({"galera-mysql/ctl-1": 5}, {"galera-mysql/ctl-2"}, set()),
        ({"galera-mysql/ctl-2": 5}, set(), set()),
        # Cut off from all: what it takes for the writer must not reach the others when the network is whole again.
        ({}, {f"galera-mysql/{node}" for node in CONTROLLERS}, {"clear table galera-mysql"}),
    ],
)
def test_there_is_one_writer_after_a_partition(
    tmp_path: Path, cloud: Cloud, sessions: dict[str, int], down: set[str], orders: set[str]
) -> None:
    once = 'if [[ -e $STATE_DIR/slept ]]; then exit 1; fi; touch "$STATE_DIR/slept"'
    box = Sandbox(tmp_path / "node", cloud, "ctl-1", "haproxy", {"socat": SOCAT, "sleep": once})
    (box.state / "servers").write_text(writer_in_table("ctl-2") + servers_csv(sessions, *down))
    assert box.run("writer.sh").code == 0
    told = box.state / "orders"
    assert set(told.read_text().splitlines() if told.exists() else ()) == orders
