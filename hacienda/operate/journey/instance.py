"""Steps about the instance: its flavor, its key, its boot, its console."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from hacienda.operate.journey import image as images
from hacienda.operate.journey.faults import LeftOutError, StepError
from hacienda.operate.journey.traveller import Traveller

ACTIVE_SECONDS = 300
"""Patience for an instance to be ACTIVE: a large image is copied first where its store cannot clone it."""

CONSOLE_SECONDS = 300
"""Patience for a guest. Emulation on a loaded machine makes 5 s of boot many times as long."""

METADATA_SECONDS = 120
"""Patience for the guest's answer from the metadata service, once it has its address: it asks every few seconds."""

TAIL = 15
"""Last lines of a console that explain a failure."""


def flavor(traveller: Traveller) -> str:
    """Make a flavor that fits the image."""
    image, found = traveller.image, traveller.made["image"]
    disk = max(found.min_disk or 0, images.gibibytes(image.disk) if image.disk else _gibibytes(found))
    memory = max(found.min_ram or 0, image.memory)
    made = traveller.admin.compute.create_flavor(
        name=traveller.name("flavor"), ram=memory, vcpus=1, disk=disk, is_public=False
    )
    traveller.made["flavor"] = made
    traveller.admin.compute.flavor_add_tenant_access(made, traveller.made["project"].id)
    return f"1 processor, {memory} MiB, {disk} GiB"


def _gibibytes(found: Any) -> int:
    return max(1, -(-(found.virtual_size or found.size or 0) // 2**30))


def key_pair(traveller: Traveller) -> str:
    """Make a key pair, and hand in its public half."""
    key = ed25519.Ed25519PrivateKey.generate()
    traveller.made["private key"] = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    name = traveller.name("key")
    traveller.made["key"] = traveller.own.compute.create_keypair(name=name, public_key=public.decode(), type="ssh")
    return f"{name}, Ed25519"


def boot(traveller: Traveller) -> str:
    """Boot an instance, and wait until it is ACTIVE."""
    nova, made = traveller.own.compute, traveller.made
    server = nova.create_server(
        name=traveller.name("instance"),
        image_id=made["image"].id,
        flavor_id=made["flavor"].id,
        networks=[{"uuid": made["network"].id}],
        security_groups=[{"name": made["group"].id}],
        key_name=made["key"].name,
    )
    made["server"] = server

    def ask() -> Any:
        found = nova.get_server(server.id)
        traveller.says(f"{found.status}, {found.task_state or 'no task'}")
        return found

    found = traveller.wait(
        "the instance is not ACTIVE",
        ask,
        lambda one: one.status in ("ACTIVE", "ERROR"),
        ACTIVE_SECONDS,
        "The journals of nova-scheduler, nova-conductor (controllers) and nova-compute (computes) say why.",
    )
    if found.status == "ERROR":
        raise StepError(f"the instance is in ERROR: {fault(traveller)}", "nova-compute's journal says more.")
    host = host_of(traveller)
    traveller.facts |= {"instance": found.id, "host": host}
    return f"ACTIVE on {host}"


def fault(traveller: Traveller) -> str:
    """What Nova says about the failure of the instance. The administrator also sees the details."""
    found = traveller.admin.compute.get_server(traveller.made["server"].id).fault or {}
    said = [str(found.get("message") or "Nova gives no reason")]
    details = str(found.get("details") or "").strip().splitlines()
    return ": ".join([*said, *details[-1:]])


def host_of(traveller: Traveller) -> str:
    """Compute that the instance is on, which only an administrator sees."""
    found = traveller.admin.compute.get_server(traveller.made["server"].id)
    return str(found.compute_host or found.hypervisor_hostname or "an unknown machine")


def console(traveller: Traveller) -> str:
    """Wait until the guest writes to its console: its address, or anything."""
    marker = traveller.image.marker

    def ask() -> str:
        text = output(traveller)
        lines = text.splitlines()
        traveller.says(f"the console has {len(lines)} lines")
        return text

    try:
        text = traveller.wait(
            f"the console does not have `{marker} address`" if marker else "the console is empty",
            ask,
            lambda found: f"{marker} address" in found if marker else bool(found.strip()),
            CONSOLE_SECONDS,
            "Without a first line the guest does not run; without an address DHCP does not reach it: "
            "ovn-controller on the compute, and the port of the instance.",
        )
    except StepError as error:
        raise StepError(error.what, error.fix, tail(traveller)) from None
    wanted = f"{marker} address" if marker else ""
    return [line.strip() for line in text.splitlines() if line.strip() and wanted in line][-1]


def metadata(traveller: Traveller) -> str:
    """Wait until the guest says which instance it is, as the metadata service answers it."""
    if not traveller.image.marker:
        raise LeftOutError(
            "the image does not say on its console what the metadata service answers; Hacienda's own does"
        )
    begin = f"{traveller.image.marker} metadata "

    def ask() -> list[str]:
        traveller.says("waiting for the guest's own identifier")
        return [line.partition(begin)[2].strip() for line in output(traveller).splitlines() if begin in line]

    try:
        (found, *_) = traveller.wait(
            "the metadata service does not answer the guest",
            ask,
            bool,
            METADATA_SECONDS,
            "The journals of neutron-metadata (the instance's compute) and nova-metadata (controllers) say why.",
        )
    except StepError as error:
        raise StepError(error.what, error.fix, tail(traveller)) from None
    if found.partition(" ")[0] != traveller.made["server"].id:
        raise StepError(f"the metadata service answers {found.partition(' ')[0]}, another instance")
    return found


def output(traveller: Traveller) -> str:
    """Text of the instance's console."""
    return str(traveller.own.compute.get_server_console_output(traveller.made["server"].id).get("output") or "")


def tail(traveller: Traveller) -> tuple[str, ...]:
    """The last lines of the console."""
    return tuple(line.rstrip() for line in output(traveller).splitlines() if line.strip())[-TAIL:]
