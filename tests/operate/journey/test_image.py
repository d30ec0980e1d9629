"""Files of images, and what they say about themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.errors import InputError
from hacienda.operate.journey import image
from hacienda.operate.journey.image import Image


def test_the_format_and_size_of_a_disk_are_read_from_it(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(b"QFI\xfb" + bytes(4 + 16) + (2**31 + 1).to_bytes(8, "big"))
    assert (image.disk_format(disk), image.gibibytes(disk)) == ("qcow2", 3)
    disk.write_bytes(b"\xeb\x63\x90")
    assert (image.disk_format(disk), image.gibibytes(disk)) == ("raw", 1)


@pytest.mark.parametrize(("content", "why"), [(None, "cannot be read: No such file"), (b"", "is empty")])
def test_a_file_that_is_no_image_is_an_input_error(content: bytes | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / "image.qcow2"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=why):
        Image.of_file(file)
