"""Graphical consoles of instances: on each controller Nova's noVNC proxy connects a user's browser with the instance's VNC server.

The user asks Nova for a URL, which has a token. The load balancers pass the browser's WebSocket to any of the proxies. The proxy
looks the token up in the database, and asks the compute whether the console is still there. Then it connects to QEMU by TLS, in
which each side verifies the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    Assumption,
    Certificate,
    Check,
    Frontend,
    NoTimer,
    Port,
    Script,
    Service,
    Template,
    Timer,
    TrustAnchor,
    sandbox,
)
from hacienda.declare.override_values import SectionOverrides
from hacienda.declare.overrides import Sections
from hacienda.services import TEMPLATES
from hacienda.services.openstack import api, daemon, guest_console, messaging

FOLDER = "/etc/nova-console"
CONFIGURATION = f"{FOLDER}/nova-console.conf"
GUESTS = f"{FOLDER}/guests"
"""The certificate by which a guest's VNC server knows a proxy, and the authority by which the proxy knows that server."""
PACKAGE = "/usr/lib/python3/dist-packages/nova"
PAGES = "/usr/share/novnc"
POOL = (1, 0)
"""`max_pool_size` and `max_overflow`. Each console is a process, which asks the database twice when it begins."""
LARGEST_BODY = 1024
"""Bytes. Browsers only ask for pages and for a WebSocket, which have no body."""
IDLE_SECONDS = 3600
"""Inactivity after which the load balancers end a console. QEMU says nothing while the screen does not change."""
DAEMON = daemon.Daemon(
    "nova-console",
    "Nova, graphical consoles of instances",
    f"/usr/bin/python3 /usr/lib/hacienda/nova-console/novncproxy.py --config-file {CONFIGURATION}",
    "nova",
    {"OS_OSLO_MESSAGING_RABBIT__PROCESSNAME": "nova-console"},
    stop_seconds=10,
)
UNIT = f"/etc/systemd/system/{DAEMON.unit}"
OWNED = (*api.OWNED, r"DEFAULT\.(ssl_only|cert|key|web|record|daemon)", r"vnc\..*", r"console\.ssl_minimum_version")


class NovaConsoleOptions(messaging.MessagingOptions):
    """Options of graphical consoles."""

    consoles: int = Field(default=40, ge=8, le=1000)
    """Connections of browsers that each controller serves at a time. An open console has one; a page is loaded with up to six for a
    moment. Each is a process, of some 15 MiB of its own, with a connection to the database."""
    database_read_timeout: int = Field(default=5, ge=1, le=3600)
    """Seconds after which a query on a silent connection is given up. Default: 5, more than a failover of the database (2.5 s)."""
    overrides: SectionOverrides = Field(default_factory=dict)
    """Options of nova-console.conf that Hacienda does not set, by section: `{console: {allowed_origins: www.example.org}}`."""


def _consoles(cloud: Cloud, node: Node) -> int:
    return cloud.options_of(NovaConsoleOptions).consoles


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    database = cloud.registry.provider("database")
    return {
        **daemon.variables(DAEMON),
        **messaging.variables(cloud, service),
        "address": cloud.address(node),
        "api": {
            "database": next(account for account in service.accounts if account.kind == "database"),
            "database_server": "{}:{}".format(*cloud.endpoint(database.name, database.frontends[0].port)),
            "database_trust": f"{FOLDER}/database",
            "pool": POOL,
        },
        "tls": f"{FOLDER}/tls",
        "guests": GUESTS,
        "pages": PAGES,
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "console_address": cloud.address(node),
        "console_port": service.port("novnc").number,
        "console_page": guest_console.PAGE,
        "tls": f"{FOLDER}/tls",
    }


service = Service(
    name="nova-console",
    title="Nova, graphical consoles of instances",
    roles=("controller",),
    choice="on request",
    requires=("instances", "hypervisor", "database", "load balancer", "virtual ip", *messaging.REQUIRES),
    provides=("console",),
    # The proxy is in python3-nova. The package nova-consoleproxy only adds units of three proxies, one of which starts by itself.
    packages=("curl", "nova-common", "novnc", "python3-nova", "python3-pymysql", "python3-websockify"),
    units=(DAEMON.unit,),
    ports=(Port("novnc", 6080, clients="internal"),),
    frontends=(
        Frontend(
            "novnc",
            # Each answer is a process of its own, so it is asked less often than an API.
            Check(f"/{guest_console.PAGE}", inter_ms=5000, fall=2),
            scopes=("public",),
            capacity=_consoles,
            largest_body=LARGEST_BODY,
            tunnel_seconds=IDLE_SECONDS,
        ),
    ),
    files=(
        # The process of each connection reads certificates and authorities.
        Certificate(f"{FOLDER}/tls", group="nova", on_change="none"),
        Certificate(GUESTS, group="nova", usage="client", authority=guest_console.AUTHORITY, on_change="none"),
        TrustAnchor(f"{FOLDER}/database", "database", group="nova", on_change="none"),
        *messaging.files("nova", messaging.trust("nova-console")),
        Template(CONFIGURATION, checker="oslo-config-validator", group="nova", mode=0o640),
        DAEMON.template(),
    ),
    variables=_variables,
    facts=_facts,
    options=NovaConsoleOptions,
    overrides=Sections(CONFIGURATION, TEMPLATES / "nova-console/nova-console.conf.j2", owned=OWNED),
    accounts=(
        # Tokens are in the schema of the cell with all instances.
        Account("database", "nova", owner="nova", connections=_consoles),
        Account("messaging", "nova"),
    ),
    timers=(
        *api.database_timers(
            CONFIGURATION, lambda cloud, node: cloud.options_of(NovaConsoleOptions).database_read_timeout
        ),
        # Longer than the load balancers need to notice that it is down.
        Timer("restart", 7, UNIT),
        *messaging.timers(CONFIGURATION, NovaConsoleOptions),
        NoTimer("drain", "a stop ends its consoles; a browser that connects meanwhile is sent to another controller"),
    ),
    verify=Script("verify.sh"),
    scripts=(Script("novncproxy.py", on_change="restart"), Script("ask.py")),
    sandboxes=(DAEMON.sandbox(sandbox.ASKS_FOR_ADDRESSES),),
    assumptions=(
        Assumption("nova-common", "user", "nova", reason="the proxy runs as that user"),
        Assumption("nova-common", "group", "nova", reason="the group may read its configuration"),
        Assumption("nova-common", "folder", "/var/lib/nova", reason="it keeps locks there"),
        Assumption("novnc", "folder", PAGES, reason="it serves the pages of noVNC"),
        Assumption("novnc", "file", f"{PAGES}/{guest_console.PAGE}", reason="URLs of consoles begin with that page"),
        Assumption("python3-nova", "file", f"{PACKAGE}/cmd/novncproxy.py", reason="novncproxy.py starts it"),
        *(
            Assumption("python3-nova", "line", f"{PACKAGE}/{path}", line, reason=f"novncproxy.py {reason}")
            for path, line, reason in (
                (
                    "console/rfb/authvencrypt.py",
                    r"^ +wrapped_sock = ssl\.wrap_socket\($",
                    "makes it verify guests' certificates",
                ),
                (
                    "console/websocketproxy.py",
                    r"^    def new_websocket_client\(self\):$",
                    "says to the browser why a console ends",
                ),
            )
        ),
    ),
)
