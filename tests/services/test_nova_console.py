"""Consoles: who reaches a guest's screen and how, what ends one, and what the proxy verifies."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from datetime import timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync import server as websockets

from hacienda.cloud import Cloud
from hacienda.cloudinit import render
from hacienda.declare import Certificate
from hacienda.secrets import Leaf, pki
from hacienda.services import nova_compute, nova_console
from hacienda.services.openstack import guest_console
from tests.services import composed
from tests.services.sandbox import Sandbox
from tests.services.stated import Found

STATED = {"restart": Found(r"^RestartSec=(\d+)$")}
LEFT_OUT = composed.CHOSEN.replace("  nova-console: true\n", "")
NODE, COMPUTE = "ctl-1", "cmp-1"
ADDRESS = "127.0.0.1"
ASK = composed.program("nova-console", "ask.py")


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Cloud:
    return composed.cloud(tmp_path)


def parsed(text: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False, default_section="(none)")
    parser.read_string(text)
    return parser


def of_proxy(cloud: Cloud) -> ConfigParser:
    return parsed(composed.rendered(cloud, "nova-console", NODE)[nova_console.CONFIGURATION].text)


def of_compute(cloud: Cloud) -> ConfigParser:
    return parsed(composed.rendered(cloud, "nova-compute", COMPUTE)[nova_compute.CONFIGURATION].text)


def of_qemu(cloud: Cloud) -> dict[str, str]:
    return composed.settings(composed.rendered(cloud, "nova-compute", COMPUTE)["/etc/libvirt/qemu.conf"].text)


def test_a_screen_is_at_one_address_of_its_compute_and_only_with_certificates(lab: Cloud) -> None:
    address = str(lab.address(lab.node(COMPUTE)))
    vnc, qemu = of_compute(lab)["vnc"], of_qemu(lab)
    assert (vnc["enabled"], vnc["server_listen"], vnc["server_proxyclient_address"]) == ("true", address, address)
    assert (qemu["vnc_listen"], qemu["vnc_tls"], qemu["vnc_tls_x509_verify"]) == (f'"{address}"', "1", "1")
    assert of_proxy(lab)["vnc"]["auth_schemes"] == "vencrypt"


def test_the_url_is_the_public_name_by_tls(tmp_path: Path) -> None:
    text = composed.LAB.replace("platform: incus", "platform: incus\napi: {public_name: cloud.example.org}")
    cloud = composed.cloud(tmp_path, text + composed.CHOSEN)
    assert of_compute(cloud)["vnc"]["novncproxy_base_url"] == "https://cloud.example.org:6080/vnc_lite.html"


def test_without_the_service_instances_have_no_screen(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, composed.LAB + LEFT_OUT)
    assert dict(of_compute(cloud)["vnc"]) == {"enabled": "false"}
    unit = composed.rendered(cloud, "nova-compute", COMPUTE)[nova_compute.LIBVIRT].text
    assert "displays.sh" not in unit


def test_without_computes_it_is_refused(tmp_path: Path) -> None:
    from hacienda.errors import InputError

    text = composed.LAB + "services: {glance: true, neutron: true, nova: true, nova-console: true, ovn: true}\n"
    with pytest.raises(InputError, match="nova-compute"):
        composed.cloud(tmp_path, text)


def test_proxies_and_screens_trust_one_authority_which_controls_nothing_else(lab: Cloud) -> None:
    guests = {
        (service.name, one.directory): one
        for service in lab.services
        for one in service.certificates
        if (one.authority or service.name) == guest_console.AUTHORITY
    }
    assert {place: one.usage for place, one in guests.items()} == {
        ("nova-compute", nova_compute.CONSOLE_TLS): "server",
        ("nova-console", nova_console.GUESTS): "client",
    }
    assert guests["nova-compute", nova_compute.CONSOLE_TLS].verifies_clients
    vnc = of_proxy(lab)["vnc"]
    named = [vnc[f"vencrypt_{name}"] for name in ("client_key", "client_cert", "ca_certs")]
    assert named == [f"{nova_console.GUESTS}/{part}.pem" for part in ("key", "cert", "ca")]
    assert set(named) <= composed.rendered(lab, "nova-console", NODE).keys()


def test_screens_are_open_to_the_proxies_machines_alone(lab: Cloud, tmp_path: Path) -> None:
    def rules(cloud: Cloud) -> str:
        return composed.rendered(cloud, "firewall", COMPUTE)["/etc/nftables.conf"].text

    qemu, text = of_qemu(lab), rules(lab)
    ports = f"{qemu['remote_display_port_min']}-{qemu['remote_display_port_max']}"
    (rule,) = [line.strip() for line in text.splitlines() if ports in line]
    assert rule.startswith("ip saddr @nova_compute_users tcp dport")
    (listed,) = [line for line in text.partition("set nova_compute_users {")[2].splitlines() if "elements" in line][:1]
    assert all(str(lab.address(one)) in listed for one in lab.nodes if one.role == "controller")
    assert not any(str(lab.address(one)) in listed for one in lab.nodes if one.role != "controller")
    assert ports not in rules(composed.cloud(tmp_path, composed.LAB + LEFT_OUT))


def test_every_console_has_a_connection_to_the_database(tmp_path: Path) -> None:
    text = (composed.LAB + composed.CHOSEN).replace("nova-console: true", "nova-console: {consoles: 12}")
    cloud = composed.cloud(tmp_path, text)
    (counted,) = [one.connections for one in cloud.registry["nova-console"].accounts if one.connections]
    assert counted(cloud, cloud.node(NODE)) == 12
    database = of_proxy(cloud)["database"]
    assert (database["max_pool_size"], database["max_overflow"]) == ("1", "0")
    balanced = composed.rendered(cloud, "haproxy", NODE)["/etc/haproxy/haproxy.cfg"].text
    _, _, section = balanced.partition("listen nova-console-novnc\n")
    servers = [line for line in section.partition("\nbackend")[0].splitlines() if line.startswith("    server ")]
    assert [line.rpartition(" ")[2] for line in servers] == ["11", "11", "11"]


def test_a_controller_gets_no_more_secrets_than_nova_has(lab: Cloud) -> None:
    account = {one.password for one in lab.registry["nova-console"].accounts}
    assert account == {"database/nova", "messaging/nova"}
    text = composed.rendered(lab, "nova-console", NODE)[nova_console.CONFIGURATION].text
    assert "identity" not in text
    assert "database/nova" not in render(lab, lab.node(COMPUTE), "").secret_names


def test_replies_leave_no_queue_behind(lab: Cloud) -> None:
    """Each console is a process with a queue of its own."""
    assert of_proxy(lab)["oslo_messaging_rabbit"]["rabbit_transient_queues_ttl"] == "60"
    nova = parsed(composed.rendered(lab, "nova", NODE)["/etc/nova/nova.conf"].text)
    assert "rabbit_transient_queues_ttl" not in nova["oslo_messaging_rabbit"]


def test_qemu_finds_its_certificate(lab: Cloud, tmp_path: Path) -> None:
    script = composed.rendered(lab, "nova-compute", COMPUTE)["/usr/lib/hacienda/nova-compute/prepare.sh"].text
    for _ in range(2):
        subprocess.run(["bash", "-c", script.replace("/etc/", f"{tmp_path}/etc/")], check=True)
    folder = of_qemu(lab)["vnc_tls_x509_cert_dir"].strip('"')
    links = {one.name: str(one.readlink()) for one in Path(f"{tmp_path}{folder}").iterdir() if one.is_symlink()}
    assert links == {
        f"{name}.pem": f"{tmp_path}{nova_compute.CONSOLE_TLS}/{part}.pem"
        for name, part in (("ca-cert", "ca"), ("server-cert", "cert"), ("server-key", "key"))
    }


VIRSH = """
case $* in
    *" list "*) printf 'instance-1\\ninstance-2\\ninstance-3\\n' ;;
    *instance-2*) echo "error: no graphics device of type 'vnc'" >&2; exit 1 ;;
esac
"""


def test_running_guests_read_a_new_certificate(lab: Cloud, tmp_path: Path) -> None:
    unit = composed.rendered(lab, "nova-compute", COMPUTE)[nova_compute.LIBVIRT].text
    assert "ExecStartPost=/usr/lib/hacienda/nova-compute/displays.sh" in unit.splitlines()
    (leaf,) = [
        one
        for one in lab.registry["nova-compute"].files
        if isinstance(one, Certificate) and one.directory == nova_compute.CONSOLE_TLS
    ]
    assert leaf.on_change == leaf.on_change_of_authority == "restart"
    node = Sandbox(tmp_path / "node", lab, COMPUTE, "nova-compute", {"virsh": VIRSH, "timeout": 'shift; exec "$@"'})
    assert node.run("displays.sh").code == 0
    reloaded = [call.split()[-3] for call in node.calls("virsh") if "domdisplay-reload" in call]
    assert reloaded == ["instance-1", "instance-2", "instance-3"], "a guest without a screen keeps no other from it"


# What novncproxy.py changes in Nova's proxy. The real one is not here, so its modules are stand-ins.


class InvalidTokenError(Exception):
    pass


class CClose(Exception):  # noqa: N818 websockify's name
    pass


class Terminate(Exception):  # noqa: N818 websockify's name
    pass


class Handler:
    """Stands for Nova's handler: `connects` and `closes` are what happens to a browser."""

    CClose = CClose
    server = SimpleNamespace(Terminate=Terminate)
    connects: Callable[[], None]
    closes: Callable[[], None]

    def new_websocket_client(self) -> None:
        self.connects()

    def send_close(self, code: int, reason: str) -> None:
        self.closes()

    def print_traffic(self, *_: str) -> None:
        raise AssertionError("it prints")


@pytest.fixture(name="handler")
def _handler() -> type[Handler]:
    """Nova's handler, before anything changes it."""
    return type("NovaProxyRequestHandler", (Handler,), dict(vars(Handler)))


@pytest.fixture(name="proxy")
def _proxy(handler: type[Handler], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    modules: dict[str, dict[str, Any]] = {
        "nova": {"exception": SimpleNamespace(InvalidToken=InvalidTokenError)},
        "nova.cmd": {"novncproxy": SimpleNamespace()},
        "nova.console": {"websocketproxy": SimpleNamespace(NovaProxyRequestHandler=handler)},
        "oslo_log": {"log": logging},
    }
    for name, attributes in modules.items():
        module = ModuleType(name)
        vars(module).update(attributes)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(ssl, "wrap_socket", None, raising=False)
    changed = composed.program("nova-console", "novncproxy.py")
    changed.change()
    return changed


def raising(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CClose(1000, "Target closed"), 1000),
        (Terminate(), 1001),
        (InvalidTokenError(), 1008),
        (ConnectionRefusedError("nobody listens"), 1011),
    ],
)
def test_a_console_that_ends_says_why(error: Exception, code: int, proxy: ModuleType, handler: type[Handler]) -> None:
    browser = handler()
    browser.connects = raising(error)
    with pytest.raises(CClose) as said:
        browser.new_websocket_client()
    assert said.value.args[0] == code
    browser.print_traffic()


def test_a_browser_that_is_gone_is_no_error(proxy: ModuleType, handler: type[Handler]) -> None:
    browser = handler()
    browser.closes = raising(OSError("not connected"))
    browser.send_close(1000, "gone")


class Guest:
    """A TLS server that asks clients for a certificate, as a guest's VNC server does."""

    def __init__(self, folder: Path, authority: pki.Pair, address: str) -> None:
        now = pki.utc_now()
        leaf = pki.issue(authority, Leaf("cmp-1", "guest-console", ("cmp-1",), (address,), "server"), timedelta(2), now)
        (folder / "server.pem").write_bytes(leaf.pem())
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_cert_chain(folder / "server.pem")
        self._listening = socket.create_server((ADDRESS, 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        try:
            with self._context.wrap_socket(connection, server_side=True) as secure:
                secure.sendall(b"screen")
                secure.recv(1)
        except OSError:
            connection.close()


@pytest.mark.parametrize(
    ("authority", "address", "refused"),
    [
        ("own", ADDRESS, ""),
        ("own", "192.0.2.7", "IP address mismatch"),
        ("another", ADDRESS, "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_a_proxy_shows_its_certificate_and_verifies_the_guests(
    authority: str, address: str, refused: str, proxy: ModuleType, tmp_path: Path
) -> None:
    now = pki.utc_now()
    own, another = pki.authority("lab", "guest-console", now), pki.authority("lab", "guest-console", now)
    (tmp_path / "ca.pem").write_bytes(pki.certificate_pem(own.pem()))
    mine = pki.issue(own, Leaf("ctl-1", "guest-console", (), (), "client"), timedelta(2), now)
    (tmp_path / "bundle.pem").write_bytes(mine.pem())
    bundle = str(tmp_path / "bundle.pem")
    guest = Guest(tmp_path, own if authority == "own" else another, address)
    with socket.create_connection((ADDRESS, guest.port), timeout=10) as plain:
        arguments = {"keyfile": bundle, "certfile": bundle, "ca_certs": str(tmp_path / "ca.pem"), "server_side": False}
        if refused:
            with pytest.raises(ssl.SSLError, match=refused):
                proxy.verified(plain, cert_reqs=ssl.CERT_REQUIRED, **arguments)
            return
        with proxy.verified(plain, cert_reqs=ssl.CERT_REQUIRED, **arguments) as secure:
            assert secure.recv(6) == b"screen"


@pytest.fixture(name="listening")
def _listening(tmp_path: Path) -> Iterator[Callable[[Callable[[Any], None]], int]]:
    """Starts a real WebSocket server with TLS; returns its port."""
    now = pki.utc_now()
    authority = pki.authority("lab", "nova-console", now)
    leaf = pki.issue(authority, Leaf("ctl-1", "nova-console", (), (ADDRESS,), "server"), timedelta(2), now)
    (tmp_path / "ca.pem").write_bytes(pki.certificate_pem(authority.pem()))
    (tmp_path / "leaf.pem").write_bytes(leaf.pem())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "leaf.pem")
    servers: list[websockets.Server] = []

    def start(answer: Callable[[Any], None]) -> int:
        made = websockets.serve(answer, ADDRESS, 0, ssl=context)
        servers.append(made)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        return int(made.socket.getsockname()[1])

    yield start
    for made in servers:
        made.shutdown()


@pytest.mark.parametrize(
    ("code", "said"), [(1008, ""), (1011, "the proxy cannot look a token up: no database"), (1000, "no database")]
)
def test_a_proxy_that_refuses_a_token_nobody_has_is_healthy(
    code: int, said: str, listening: Callable[..., int], tmp_path: Path
) -> None:
    asked: list[str] = []

    def answer(connection: Any) -> None:
        asked.append(connection.request.path)
        connection.close(code, "no database")

    found = ASK.ask(ADDRESS, listening(answer), str(tmp_path / "ca.pem"))
    assert said in found
    assert bool(found) == bool(said)
    assert asked == ["/?token=hacienda-verify"]


def test_a_database_that_does_not_answer_is_said(
    listening: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ASK, "SECONDS", 0.3)

    def wait(connection: Any) -> None:
        with pytest.raises(ConnectionClosed):
            connection.recv()

    assert "the database does not answer" in ASK.ask(ADDRESS, listening(wait), str(tmp_path / "ca.pem"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "no answer"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "404"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "without saying why"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x82\x02ab", "without saying why"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x88\x02\x03\xf0", ""),
    ],
)
def test_an_answer_is_read_as_it_is(answer: bytes, said: str) -> None:
    assert said in ASK.problem(answer)
    assert bool(ASK.problem(answer)) == bool(said)


def test_a_proxy_that_nobody_reaches_is_said(tmp_path: Path, listening: Callable[..., int]) -> None:
    with socket.create_server((ADDRESS, 0)) as silent:
        port = silent.getsockname()[1]
    assert "does not answer" in ASK.ask(ADDRESS, port, str(tmp_path / "ca.pem"))


@pytest.fixture(name="node")
def _node(tmp_path: Path, lab: Cloud) -> Sandbox:
    programs = {
        "systemctl": "[[ ! -e $STATE_DIR/down ]]",
        "curl": "[[ ! -e $STATE_DIR/deaf ]]",
        "python3": '[[ ! -e $STATE_DIR/says ]] || { cat "$STATE_DIR/says"; exit 1; }',
        "timeout": 'shift; exec "$@"',
    }
    return Sandbox(tmp_path / "node", lab, NODE, "nova-console", programs)


def test_a_healthy_proxy_is_asked_for_its_page_and_a_token(node: Sandbox, lab: Cloud) -> None:
    assert node.run("verify.sh").output == "the proxy serves consoles\n"
    address = lab.address(lab.node(NODE))
    assert f"https://{address}:6080/vnc_lite.html" in node.calls("curl")[0]
    assert f"ask.py {address} 6080 " in node.calls("python3")[0]


@pytest.mark.parametrize(
    ("state", "said"), [("down", "nova-console.service is not running"), ("deaf", "does not serve")]
)
def test_what_is_wrong_is_said(state: str, said: str, node: Sandbox) -> None:
    (node.state / state).touch()
    outcome = node.run("verify.sh", "--local")
    assert (outcome.code, said in outcome.errors) == (1, True)


def test_a_database_out_of_reach_is_said_but_does_not_keep_it_from_starting(node: Sandbox) -> None:
    (node.state / "says").write_text("the database does not answer|look there")
    assert "the database does not answer" in node.run("verify.sh").errors
    assert node.run("verify.sh", "--local").code == 0
