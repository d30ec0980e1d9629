"""Steps that reach the instance from outside, through its floating IP."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hacienda.errors import ToolError
from hacienda.operate.journey import instance
from hacienda.operate.journey.faults import LeftOutError, StepError
from hacienda.operate.journey.traveller import Traveller

ANSWER_SECONDS = 120
"""Patience for the first answer. Neutron says that a floating IP is there before the gateway's chassis has its flows."""

NO_ROUTE = (
    "Does this machine have a route to floating IPs? `ip route get ADDRESS` says so; in Incus it has an address on the "
    "external network's bridge. Else `ovn-nbctl show` on a controller, and ovn-controller on the gateway's machine."
)


def address(traveller: Traveller) -> str:
    """Make a floating IP, and give it to the instance's port."""
    neutron, made = traveller.own.network, traveller.made
    outside = made["outside"]
    if outside is None:
        raise LeftOutError("the environment has no network with the purpose `external`")
    ports = list(neutron.ports(device_id=made["server"].id))
    if not ports:
        raise StepError("the instance has no port")
    made["floating"] = neutron.create_ip(floating_network_id=outside.id, port_id=ports[0].id)
    found = str(made["floating"].floating_ip_address)
    traveller.facts["address"] = found
    inside = ", ".join(one["ip_address"] for one in ports[0].fixed_ips)
    return f"{found} for {inside}"


def ping(traveller: Traveller) -> str:
    """Ping the floating IP from this machine."""
    found = traveller.facts["address"]
    if shutil.which("ping") is None:
        raise LeftOutError("this machine has no program ping")

    def ask() -> bool:
        traveller.says(f"pinging {found}")
        done = subprocess.run(["ping", "-n", "-c", "1", "-W", "1", found], capture_output=True, check=False)
        return done.returncode == 0

    fix = NO_ROUTE.replace("ADDRESS", found)
    _patiently(traveller, f"{found} does not answer to ping", ask, fix)
    return f"{found} answers"


def http(traveller: Traveller) -> str:
    """Ask the guest's HTTP server for its page."""
    if not traveller.image.answers:
        raise LeftOutError("the image has no HTTP server that is known; Hacienda's own guest has")
    found = traveller.facts["address"]
    answer: dict[str, str] = {}

    def ask() -> bool:
        traveller.says(f"asking http://{found}/")
        answer["text"] = get(found, "/") or ""
        return bool(answer["text"])

    _patiently(traveller, f"http://{found}/ does not answer", ask, NO_ROUTE.replace("ADDRESS", found))
    return f"http://{found}/ answers: {answer['text'].strip()}"


def ssh(traveller: Traveller) -> str:
    """Log in to the guest."""
    if not traveller.image.user:
        raise LeftOutError("the image has no SSH server" if traveller.image.answers else "no --user is named")
    found = traveller.facts["address"]
    said: list[str] = []

    def ask() -> bool:
        traveller.says(f"logging in to {found}")
        try:
            said[:] = [shell(traveller, "uname -sr")]
        except ToolError as error:
            said[:] = [error.message]
            return False
        return True

    try:
        traveller.wait(f"{found} refuses {traveller.image.user}", ask, bool, ANSWER_SECONDS)
    except StepError as error:
        detail = (*said, *instance.tail(traveller))
        raise StepError(error.what, "Does the image take the key from the metadata service?", detail) from None
    return f"{traveller.image.user}@{found} runs {said[0].strip()}"


def _patiently(traveller: Traveller, what: str, ask: Any, fix: str) -> None:
    try:
        traveller.wait(what, ask, bool, ANSWER_SECONDS, fix)
    except StepError as error:
        raise StepError(error.what, error.fix, instance.tail(traveller)) from None


def get(host: str, path: str, seconds: float = 5) -> str | None:
    """Body of the guest's answer; None: it does not answer.

    Raises:
        StepError: it answers with an error.
    """
    import requests

    with requests.Session() as web:
        web.trust_env = False
        try:
            answer = web.get(f"http://{host}{path}", timeout=seconds)
        except requests.exceptions.RequestException:
            return None
    if answer.status_code != 200:
        raise StepError(f"the guest answers {path} with {answer.status_code}: {answer.text.strip()}")
    return answer.text


def shell(traveller: Traveller, command: str) -> str:
    """Run a command in the guest over SSH; returns its output.

    Raises:
        ToolError: ssh is missing, or the command failed.
    """
    with tempfile.TemporaryDirectory(prefix="hacienda-verify-") as folder:
        key = Path(folder) / "key"
        key.touch(mode=0o600)
        key.write_bytes(traveller.made["private key"])
        # The instance is new, so nobody knows its key yet: the first one counts.
        settings = [f"UserKnownHostsFile={folder}/known", "StrictHostKeyChecking=accept-new", "BatchMode=yes"]
        settings += ["ConnectTimeout=5", "IdentitiesOnly=yes"]
        options = [word for setting in settings for word in ("-o", setting)]
        who = f"{traveller.image.user}@{traveller.facts['address']}"
        try:
            done = subprocess.run(
                ["ssh", "-F", "none", *options, "-i", str(key), who, command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except FileNotFoundError:
            raise ToolError("ssh is not installed.", "Install an SSH client.") from None
        except subprocess.TimeoutExpired:
            raise ToolError(f"{who}: no answer within 60 s") from None
    if done.returncode:
        raise ToolError(f"{who}: {' '.join(done.stderr.split()) or f'exit status {done.returncode}'}")
    return done.stdout
