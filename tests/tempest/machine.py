"""Tempest's machine: a container of its own, outside the cloud, that reaches its public virtual IP and its floating IPs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hacienda import lab as host
from hacienda.cloud import Cloud
from hacienda.lab import command
from tests.lab.cloud import Lab
from tests.tempest import settings
from tests.tempest.verdict import Outcome

NAME = "tempest"
"""The machine, the lab's environment that has only it, and the bridge of both."""

PACKAGES = ("subunit", "tempest")

GATEWAY = "10.75.0.1"

ADDRESS = "10.75.0.2"

BOOT_SECONDS = 180

RUN_SECONDS = 5400
"""Patience for the whole smoke set."""

WORKERS = 2
"""Tests that run at the same time. Each mostly waits for the cloud."""

NAMESPACES = ("tempest.config", "oslo.log", "oslo.concurrency")
"""Libraries whose options tempest.conf may have."""

REFUSED = 1
"""Exit status of `tempest run` when tests failed; they are in the outcomes."""


class Machine:
    """Runs Tempest.

    Args:
        lab: a handle on the machine's environment.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def _run(self, *command: str, timeout: float = 300, stdin: str | None = None) -> str:
        return self._lab.on(NAME, *command, timeout=timeout, stdin=stdin)

    def write(self, path: str, text: str) -> None:
        """Write a file that only root can read. Its text is in no process's arguments."""
        self._run("sh", "-c", 'umask 077; rm -f "$1"; cat > "$1"', "sh", path, stdin=text)

    def set_up(self, configuration: str, authorities: str, addresses: dict[str, str]) -> None:
        """Make Tempest's workspace.

        Args:
            configuration: text of tempest.conf.
            authorities: certificates that it trusts.
            addresses: names of the cloud's public APIs, and their addresses.
        """
        hosts = "".join(f"{address} {name}\\n" for name, address in addresses.items())
        self._run("sh", "-c", 'printf "$1" >> /etc/hosts', "sh", hosts)
        self._run("tempest", "init", settings.FOLDER)
        self.write(settings.CONFIGURATION, configuration)
        self.write(settings.AUTHORITIES, authorities)

    def validation(self) -> str:
        """What Oslo's validator says against tempest.conf; empty: nothing."""
        known = [word for name in NAMESPACES for word in ("--namespace", name)]
        said = self._in_workspace(
            'oslo-config-validator "$@" 2>&1 || true', *known, "--input-file", settings.CONFIGURATION
        )
        # It also names Tempest's plug-ins.
        return "\n".join(line for line in said.splitlines() if not line.startswith("INFO:"))

    def smoke(self) -> list[str]:
        """The tests of the smoke set."""
        said = self._tempest("run", "--smoke", "--list-tests")
        return [line for line in said.splitlines() if line.startswith("tempest.")]

    def run(self, listed: list[str]) -> dict[str, Outcome]:
        """Run tests; their outcomes by name."""
        self.write(f"{settings.FOLDER}/listed", "".join(f"{test}\n" for test in listed))
        try:
            self._tempest("run", "--load-list", "listed", "--concurrency", str(WORKERS), timeout=RUN_SECONDS)
        except subprocess.CalledProcessError as error:
            if error.returncode != REFUSED:
                raise AssertionError(f"tempest run: {error.returncode}\n{error.stdout}\n{error.stderr}") from None
        self.write(f"{settings.FOLDER}/outcomes.py", Path(__file__).with_name("outcomes.py").read_text())
        said = self._in_workspace("stestr last --subunit | python3 outcomes.py")
        return {test: Outcome(one["state"], one["said"], one["seconds"]) for test, one in json.loads(said).items()}

    def _tempest(self, *arguments: str, timeout: float = 300) -> str:
        return self._in_workspace('tempest "$@"', *arguments, timeout=timeout)

    def _in_workspace(self, script: str, *arguments: str, timeout: float = 300) -> str:
        return self._run(
            "bash",
            "-c",
            f"cd {settings.FOLDER} && {script}",
            "bash",
            *arguments,
            timeout=timeout,
        )


@contextmanager
def started(root: Path, cloud: Cloud) -> Iterator[Machine]:
    """The machine, with a network of its own that lets it reach the cloud's public virtual IP and its external network only."""
    lab = Lab(root, NAME, ADDRESS, (NAME,))
    # Of a run that was killed.
    remove()
    host.prepare(NAME)
    try:
        image = host.build(PACKAGES)
        _permit(lab, cloud)
        _connect(lab)
        _launch(lab, image)
        yield Machine(lab)
    finally:
        remove()


def remove() -> None:
    """Remove the machine, its network, and what the network permits."""
    host.teardown(NAME, keep=True)
    if f"/1.0/network-acls/{NAME}" in command.listed(host.Lab(), "/1.0/network-acls"):
        command.incus(host.Lab(), "network", "acl", "delete", NAME)


def _permit(lab: Lab, cloud: Cloud) -> None:
    """Name what the machine reaches: the public virtual IP and the external network."""
    vip = cloud.virtual_ip("public")
    assert vip is not None, "the public APIs have no virtual IP"
    reached = [f"{vip.address}/32", *(str(one.cidr) for one in cloud.networks if "external" in one.purposes)]
    rules = [{"action": "allow", "state": "enabled", "destination": destination} for destination in reached]
    lab.incus("network", "acl", "create", NAME, stdin=json.dumps({"egress": rules}))


def _connect(lab: Lab) -> None:
    """Make the machine's network. The host is its router, as it is the one of the cloud's networks."""
    permitted = {"security.acls": NAME, "security.acls.default.egress.action": "reject"}
    addresses = {"ipv4.address": f"{GATEWAY}/24", "ipv4.nat": "true", "ipv6.address": "none"}
    lab.incus("network", "create", NAME, stdin=json.dumps({"config": addresses | permitted}))


def _launch(lab: Lab, image: str) -> None:
    """Start the machine, and wait until it has booted."""
    card = {"addresses": [f"{ADDRESS}/24"], "routes": [{"to": "0.0.0.0/0", "via": GATEWAY}]}
    device = {"eth0": {"type": "nic", "nictype": "bridged", "parent": NAME, "name": "eth0"}}
    config = {
        "cloud-init.user-data": "#cloud-config\n{}\n",
        "cloud-init.network-config": json.dumps({"version": 2, "ethernets": {"eth0": card}}),
    }
    lab.incus("launch", image, NAME, stdin=json.dumps({"config": config, "devices": device}))
    lab.on(NAME, "cloud-init", "status", "--wait", timeout=BOOT_SECONDS)
