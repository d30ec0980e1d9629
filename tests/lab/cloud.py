"""A handle on the running lab: the operator's commands, and what drills do to its machines."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hacienda import lab as host
from hacienda import services, terraform
from hacienda.assess.timers import measured
from hacienda.cloud import Cloud, read
from hacienda.terraform import child
from tests.lab.clients import Keystone, Publisher, SqlWriter

CONTROLLERS = ("ctl-1", "ctl-2", "ctl-3")
VIP = "10.77.0.10"
TERRAFORM = child.command(terraform.find().path)
"""Terraform as the operator's machine has it: on PATH, or the wheel's."""
RESOURCE = "hacienda_incus_instance"
FIGURES: dict[str, dict[str, float]] = {}
"""Environment -> drill -> seconds, of the whole run: conftest.py prints them at the end."""
PAUSE = 3
"""Seconds between two questions for the status. Each takes seconds of processor time here and on the nodes, from what recovers."""
HEALTHY_WITHIN = 240
"""Seconds for a cloud to be well again after a drill: RabbitMQ's rejoin after a site-wide power cut is the longest."""


class Lab:
    """A running environment.

    Args:
        root: the project's folder.
        environment: the environment's name, as in its folder .hacienda/<environment>/.
        vip: address of its virtual IP.
        nodes: its machines.
    """

    def __init__(
        self, root: Path, environment: str = "lab", vip: str = VIP, nodes: Sequence[str] = CONTROLLERS
    ) -> None:
        self.root = root
        self.environment = environment
        self.vip = vip
        self.nodes = nodes
        self.project = f"hacienda-{environment}"

    # The operator's commands

    def hacienda(self, *arguments: str, check: bool = True, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """Runs `hacienda ARGUMENTS` from the project's folder."""
        done = subprocess.run(
            [sys.executable, "-m", "hacienda.cli", *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"hacienda {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def terraform(self, part: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Plain Terraform in the folder of a part's stack, as the CDK's own command line runs it.

        Args:
            part: `controller`, `network-node`, `storage`, `compute`.
        """
        return subprocess.run(
            [*TERRAFORM, *arguments],
            cwd=self.root / f"cdktf.out/stacks/{self.environment}-{part}",
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
            env={**os.environ, "HACIENDA_PYTHON": sys.executable},
        )

    def up(self) -> None:
        """`hacienda lab up`, and how long the whole of it took until the cloud was well."""
        began = time.monotonic()
        done = self.hacienda("lab", "up", self.environment, check=False, timeout=1800)
        print(done.stdout, done.stderr, flush=True)
        if done.returncode:
            # Everything was applied. A service of a busy machine may be late with the one answer that the command asks for.
            assert f"{self.environment} applied in" in done.stdout, done.stderr
            self.wait_until_healthy()
        self.note("lab up, everything", time.monotonic() - began)

    def status(self) -> dict[str, Any]:
        """`hacienda status --json`."""
        done = self.hacienda("status", self.environment, "--json", check=False)
        assert done.stdout, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def healthy(self) -> bool:
        """Whether `hacienda status` is content."""
        return self.hacienda("status", self.environment, check=False).returncode == 0

    def wait_until_healthy(self, within: float = HEALTHY_WITHIN) -> float:
        """Seconds until the status was content.

        Raises:
            AssertionError: it was not within so many seconds; carries the status.
        """
        began = time.monotonic()
        while time.monotonic() < began + within:
            if self.healthy():
                return time.monotonic() - began
            time.sleep(PAUSE)
        raise AssertionError(self.hacienda("status", self.environment, check=False).stdout)

    def apply_changes_nothing(self) -> None:
        """Another apply has nothing to change.

        Raises:
            AssertionError: it changed something; carries what it said.
        """
        done = self.hacienda("apply", self.environment, "--yes")
        assert "No changes" in done.stdout, done.stdout + done.stderr

    def address(self, node: str) -> str:
        """A node's address on the management network."""
        return self.on(node, "bash", "-c", ". /etc/hacienda/node.env; echo $HACIENDA_ADDRESS").strip()

    # What drills do

    def incus(self, *arguments: str, timeout: float = 60, stdin: str | None = None) -> str:
        """Runs the Incus client in the environment's project; its standard output."""
        environment = {
            "INCUS_SOCKET": str(host.socket_path()),
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/root",
        }
        done = subprocess.run(
            ["incus", "--project", self.project, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
            input=stdin,
        )
        return done.stdout

    def on(self, node: str, *command: str, timeout: float = 60, stdin: str | None = None) -> str:
        """Runs a command on a node, as root; its standard output."""
        return self.incus("exec", node, "--", *command, timeout=timeout, stdin=stdin)

    def power_cut(self, node: str) -> None:
        """Cuts a machine's power. Its interface goes down first: a plain stop lets FIN and RST packets out."""
        (instance,) = json.loads(self.incus("list", f"^{node}$", "--format", "json"))
        for device, state in instance["state"]["network"].items():
            if device != "lo" and state.get("host_name"):
                subprocess.run(["ip", "link", "set", state["host_name"], "down"], check=True)
        self.incus("stop", "--force", node)

    @contextmanager
    def cut_off_from_here(self) -> Iterator[None]:
        """This machine's network to the nodes is gone; theirs to one another is not. Nothing is told: packets vanish."""
        table = "hacienda_drill"
        network = f"{self.vip.rpartition('.')[0]}.0/24"
        rules = f"add table inet {table}\nadd chain inet {table} out {{ type filter hook output priority 0; }}\n"
        rules += f"add rule inet {table} out ip daddr {network} drop\n"
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
        try:
            yield
        finally:
            subprocess.run(["nft", "delete", "table", "inet", table], check=True)

    def power_cut_all(self) -> None:
        """Cuts every machine's power at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.power_cut, self.nodes))

    def power_on(self, node: str) -> None:
        """Powers a machine on again."""
        self.incus("start", node)

    def holders(self) -> tuple[str, ...]:
        """Running nodes that hold the virtual IP."""
        return tuple(node for node in self.running() if self.vip in self.on(node, "ip", "-o", "-4", "address"))

    def running(self) -> tuple[str, ...]:
        """Machines that have power, in the order of `nodes`."""
        instances = json.loads(self.incus("list", "--format", "json"))
        up = {instance["name"] for instance in instances if instance["status"] == "Running"}
        return tuple(node for node in self.nodes if node in up)

    def created(self) -> dict[str, str]:
        """When each machine was created: unchanged means untouched."""
        return {one["name"]: one["created_at"] for one in json.loads(self.incus("list", "--format", "json"))}

    def sql(self, statement: str) -> str:
        """Runs SQL as root on any running node, over the local socket."""
        return self.on(self.running()[0], "mariadb", "--batch", "--skip-column-names", stdin=statement)

    def writer(self) -> str:
        """Node whose database serves the VIP's clients, as HAProxy sees it: asked through a client's connection."""
        with self.sql_writer()._connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@wsrep_node_name")
            row = cursor.fetchone()
        assert row is not None
        return str(row[0])

    # Clients

    @property
    def store(self) -> Mapping[str, str]:
        """Every secret by name, from `hacienda secrets show --json`."""
        listed = json.loads(self.hacienda("secrets", "show", self.environment, "--json").stdout)
        return {entry["name"]: entry["value"] for entry in listed["secrets"]}

    def ca(self, purpose: str = "haproxy") -> Path:
        """Certificate of the CA for a purpose, as a file; by default what clients of the APIs trust."""
        path = self.root / f".hacienda/{self.environment}/drill-{purpose}.pem"
        path.write_text(self.on(self.running()[0], "cat", f"/var/lib/hacienda/secrets/x509/{purpose}/ca.pem"))
        return path

    def sql_writer(self) -> SqlWriter:
        """A fresh schema, user and table for one drill, and a client that writes to it through the VIP."""
        name = f"drill_{secrets.token_hex(4)}"
        password = secrets.token_hex(16)
        self.sql(
            f"CREATE DATABASE {name}; CREATE TABLE {name}.drill (id BIGINT PRIMARY KEY) ENGINE=InnoDB;"
            f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}' REQUIRE SSL; GRANT ALL ON {name}.* TO '{name}'@'%';"
        )
        return SqlWriter(self.vip, 3306, name, password, self.ca("galera"))

    def publisher(self) -> Publisher:
        """A fresh virtual host and user for one drill, and a client that publishes to a queue there.

        A reconciliation of the message queue removes the user, because no service declares it.
        """
        name = f"drill_{secrets.token_hex(4)}"
        password = secrets.token_hex(16)
        for words in (
            ("add_vhost", name),
            ("add_user", name, password),
            ("set_permissions", "--vhost", name, name, ".*", ".*", ".*"),
        ):
            # The tool hangs on standard input.
            self.on(
                self.running()[0],
                "bash",
                "-c",
                'timeout 100 rabbitmqctl --quiet "$@" </dev/null',
                "bash",
                *words,
                timeout=120,
            )
        cloud = self.cloud()
        queue = cloud.registry.provider("message queue")
        brokers = [str(cloud.address(one)) for one in cloud.members(queue.name)]
        return Publisher(brokers, queue.port("amqps").number, name, password, self.ca(queue.name))

    def keystone(self) -> Keystone:
        """A client of Keystone's as the administrator."""
        return Keystone(f"https://{self.vip}:5000", "admin", self.store["keystone/admin"], self.ca())

    def cloud(self) -> Cloud:
        """What its environment file describes."""
        return read(self.root / f"environments/{self.environment}.yaml", services.registry())

    def apis(self) -> dict[str, str]:
        """Of every API but Keystone's: what only a token gets there, through the VIP."""
        found = {}
        for service in self.cloud().services:
            if service.catalogue and "identity" not in service.provides:
                path = service.facts(self.cloud(), self.cloud().nodes[0])["verify_path"]
                found[service.name] = f"https://{self.vip}:{service.port(service.frontends[0].port).number}{path}"
        return found

    # Figures

    def note(self, what: str, seconds: float) -> None:
        """Keeps a measured figure for the closing table."""
        FIGURES.setdefault(self.environment, {})[what] = seconds
        print(f"measured: {what}: {seconds:.1f} s", flush=True)

    def report(self) -> None:
        """Keeps every figure that was measured for `hacienda timers`."""
        # Which machine it happened to be is no part of a drill's name.
        drills = {
            re.sub(r" \([^)]*\)", "", what): seconds for what, seconds in FIGURES.get(self.environment, {}).items()
        }
        measured.save(self.root / ".hacienda" / self.environment / measured.NAME, self.environment, drills)


def arguments_of_processes(lab: Lab, node: str) -> Sequence[str]:
    """Command lines of every process on a node."""
    return lab.on(node, "ps", "-eo", "args").splitlines()
