"""Steps about a volume: create, attach, write, snapshot, detach."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from hacienda.errors import ToolError
from hacienda.operate.journey import reach
from hacienda.operate.journey.faults import LeftOutError, StepError
from hacienda.operate.journey.traveller import Traveller

SECONDS = 180
"""Patience for each change of a volume's state."""

GIBIBYTES = 1

BLOCKS = 256
"""Blocks of 4 KiB that are written: 1 MiB."""

SERIAL = 20
"""Characters of a volume's identifier that a virtio disk has room for as its serial number."""

JOURNAL = "The journals of cinder-volume (controllers) and nova-compute (the instance's machine) say why."


def create(traveller: Traveller) -> str:
    """Make a volume, and wait until it is available."""
    cinder = traveller.own.block_storage
    made = cinder.create_volume(name=traveller.name("volume"), size=GIBIBYTES)
    traveller.made["volume"] = made
    _until(traveller, "available")
    return f"{made.name}, {GIBIBYTES} GiB"


def _until(traveller: Traveller, wanted: str) -> Any:
    """Wait for a state of the volume."""
    cinder, volume = traveller.own.block_storage, traveller.made["volume"]

    def ask() -> Any:
        found = cinder.get_volume(volume.id)
        traveller.says(f"the volume is {found.status}")
        return found

    found = traveller.wait(
        f"the volume is not {wanted}", ask, lambda one: one.status == wanted or "error" in one.status, SECONDS, JOURNAL
    )
    if found.status != wanted:
        raise StepError(f"the volume is {found.status}, and not {wanted}{_messages(traveller)}", JOURNAL)
    return found


def _messages(traveller: Traveller) -> str:
    """What Cinder says to users about failures of the volume."""
    found = traveller.own.block_storage.get("/messages", microversion="3.3").json().get("messages", [])
    said = [one["user_message"] for one in found if one.get("resource_uuid") == traveller.made["volume"].id]
    return f": {said[0]}" if said else ""


def attach(traveller: Traveller) -> str:
    """Attach the volume to the running instance."""
    made = traveller.made
    made["attachment"] = traveller.own.compute.create_volume_attachment(made["server"].id, made["volume"].id)
    found = _until(traveller, "in-use")
    device = next((one.get("device") for one in found.attachments), None)
    return f"in use as {device or 'an unnamed device'}"


def write(traveller: Traveller) -> str:
    """Write random bytes to the volume in the guest, read them back from the disk, and compare their SHA-256."""
    if not traveller.image.answers and not traveller.image.user:
        raise LeftOutError("the guest takes no command: name a user that may log in")
    ask = _by_http if traveller.image.answers else _by_ssh
    written, read = ask(traveller, "write"), ask(traveller, "read")
    if written != read:
        raise StepError(f"{BLOCKS * 4} KiB were written as SHA-256 {written} and read as {read}")
    traveller.facts["sha256"] = written
    return f"{BLOCKS * 4} KiB written, synchronized and read, SHA-256 {written[:12]}"


def _by_http(traveller: Traveller, action: str) -> str:
    serial = traveller.made["volume"].id[:SERIAL]
    path = f"/cgi-bin/disk?{action}&{serial}&0&{BLOCKS}"
    answer: list[str] = []

    def ask() -> bool:
        try:
            answer[:] = [reach.get(traveller.facts["address"], path, seconds=60) or ""]
        except StepError as error:
            # The kernel finds a hot-plugged disk a moment after Cinder calls it attached.
            answer[:] = [error.what]
            return False
        return bool(answer[0])

    try:
        traveller.wait(f"the guest does not {action} the volume", ask, bool, 30, "Its kernel may not see the disk.")
    except StepError as error:
        raise StepError(error.what, error.fix, tuple(answer)) from None
    return answer[0].strip()


def _by_ssh(traveller: Traveller, action: str) -> str:
    device = f"/dev/disk/by-id/virtio-{traveller.made['volume'].id[:SERIAL]}"
    if action == "read":
        copy = f"sudo dd if={device} bs=4096 count={BLOCKS} iflag=direct,fullblock status=none"
    else:
        # The seed is the whole content: what is written does not pass through a command's arguments.
        seed = traveller.made["seed"] = secrets.token_hex(8)
        copy = (
            f"yes {seed} | head -c {BLOCKS * 4096} | sudo dd of={device} bs=4096 conv=fsync iflag=fullblock status=none"
        )
    try:
        text = reach.shell(traveller, f"{copy} | sha256sum" if action == "read" else copy)
    except ToolError as error:
        raise StepError(f"the guest does not {action} the volume: {error.message}") from None
    if action == "read":
        return text.split()[0]
    line = f"{traveller.made['seed']}\n".encode()
    return hashlib.sha256((line * (BLOCKS * 4096 // len(line) + 1))[: BLOCKS * 4096]).hexdigest()


def snapshot(traveller: Traveller) -> str:
    """Make a snapshot of the volume, also while it is attached."""
    cinder, volume = traveller.own.block_storage, traveller.made["volume"]
    made = cinder.create_snapshot(name=traveller.name("snapshot"), volume_id=volume.id, is_forced=True)
    traveller.made["snapshot"] = made
    found = traveller.wait(
        "the snapshot is not available",
        lambda: cinder.get_snapshot(made.id),
        lambda one: one.status not in ("creating", "unmanaging"),
        SECONDS,
        JOURNAL,
    )
    if found.status != "available":
        raise StepError(f"the snapshot is {found.status}", JOURNAL)
    return f"{made.name} is available"


def detach(traveller: Traveller) -> str:
    """Detach the volume from the running instance."""
    made = traveller.made
    traveller.own.compute.delete_volume_attachment(made["server"].id, made["volume"].id)
    _until(traveller, "available")
    return "available again"
