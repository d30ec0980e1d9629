"""The step that uploads the image."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from hacienda.operate.journey import image as images
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.traveller import Traveller

ACTIVE_SECONDS = 300
"""An upload is active as soon as the API has answered, unless a store converts it."""

EMPTY = 2**20
"""Bytes of the disk of a guest that has its files in its ramdisk."""


def upload(traveller: Traveller) -> str:
    """Upload the image as the tenant, or find it."""
    image = traveller.image
    if image.name:
        found = next((one for one in traveller.own.image.images() if image.name in (one.name, one.id)), None)
        if found is None:
            fix = "Name another, or a file. An image of another project needs the visibility `public` or `community`."
            raise StepError(f"there is no image {image.name} that the tenant sees", fix)
        traveller.made["image"] = found
        return f"{found.name} is there, {found.disk_format}"
    if image.kernel is None or image.ramdisk is None:
        if image.disk is None:
            raise LookupError("an image without files")
        made = _upload(traveller, "image", image.disk, images.disk_format(image.disk), "bare")
    else:
        kernel = _upload(traveller, "kernel", image.kernel, "aki", "aki")
        ramdisk = _upload(traveller, "ramdisk", image.ramdisk, "ari", "ari")
        with tempfile.NamedTemporaryFile() as empty:
            empty.truncate(EMPTY)
            made = _upload(
                traveller,
                "image",
                image.disk or Path(empty.name),
                "raw",
                "bare",
                kernel_id=kernel.id,
                ramdisk_id=ramdisk.id,
                os_command_line=image.command_line,
            )
    traveller.made["image"] = made
    files = [file for file in (image.kernel, image.ramdisk, image.disk) if file]
    return f"{made.name}, {sum(file.stat().st_size for file in files) / 2**20:.0f} MiB, SHA-512 compared"


def _upload(traveller: Traveller, what: str, file: Path, disk: str, container: str, **properties: Any) -> Any:
    """Upload one file, and compare what the API has with it."""
    traveller.says(f"uploading {file.name}")
    glance = traveller.own.image
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha512").hexdigest()
    made = glance.create_image(
        traveller.name(what),
        filename=str(file),
        disk_format=disk,
        container_format=container,
        allow_duplicates=True,
        disable_vendor_agent=False,
        **properties,
    )
    traveller.says(f"waiting for {made.name}")
    made = traveller.wait(
        f"{made.name} is not active",
        lambda: glance.get_image(made.id),
        lambda found: found.status not in ("queued", "saving", "importing", "uploading"),
        ACTIVE_SECONDS,
    )
    if made.status != "active":
        raise StepError(f"{made.name} is {made.status}", "The journal of glance.service on the controllers says why.")
    if made.hash_algo == "sha512" and made.hash_value != digest:
        raise StepError(f"{made.name} has other bytes than {file}")
    return made
