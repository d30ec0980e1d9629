"""The recipe of the lab's machine image: text only, with a fingerprint that changes with any part of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from hacienda.cloud.model import SUITES

SUITE = SUITES["debian-13"]

# Packages that make a machine of a container: boot, network, SSH, cloud-init, and programs that scripts on a node may
# use. The services declare their own packages.
BASE_PACKAGES = (
    "ca-certificates",
    "cloud-init",
    "curl",
    "dbus",
    "iproute2",
    "iputils-ping",
    "jq",
    "netbase",
    "nftables",
    "openssh-server",
    "openssl",
    "procps",
    "python3",
    "socat",
    "sudo",
    "systemd",
    "systemd-sysv",
    "udev",
)

# Documentation, which a container does not need. It is half of the unpacked size, and a third of the time to unpack it.
_EXCLUDED = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-include=/usr/share/locale/locale.alias",
    "path-exclude=/usr/share/man/*",
)

# Incus fills these in when it creates an instance (pongo2, with the function `config_get`). Incus removes the
# last newline of a configuration value, and the template adds it again.
_TEMPLATES = {
    "hostname.tpl": ("/etc/hostname", "{{ container.name }}\n"),
    "meta-data.tpl": (
        "/var/lib/cloud/seed/nocloud-net/meta-data",
        "instance-id: {{ container.name }}\nlocal-hostname: {{ container.name }}\n",
    ),
    # cloud-init uses NoCloud only with a user-data file. An empty file is a warning, so the default is an empty map.
    "user-data.tpl": (
        "/var/lib/cloud/seed/nocloud-net/user-data",
        '{{ config_get("cloud-init.user-data", properties.default_user_data) }}\n',
    ),
    # If it is empty, cloud-init uses DHCP on the first interface.
    "network-config.tpl": (
        "/var/lib/cloud/seed/nocloud-net/network-config",
        '{{ config_get("cloud-init.network-config", "") }}\n',
    ),
}

# Debian's name of an architecture -> Incus' name.
_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Recipe:
    """An image as data.

    Args:
        packages: Debian packages, in order and each once.
        architecture: Debian's name of it; default `amd64`.
    """

    packages: tuple[str, ...]
    architecture: str = "amd64"

    @property
    def alias(self) -> str:
        """The image's alias in Incus: the same recipe has the same alias on every machine."""
        return f"hacienda/debian-13/{self.fingerprint[:12]}"

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of everything that determines the image. The mirror is not part of it."""
        parts = [SUITE, self.packages, self.metadata(), self.templates(), self.dpkg_options(), self.scripts()]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def metadata(self) -> str:
        """The text of metadata.yaml (JSON, which is YAML)."""
        return json.dumps(
            {
                "architecture": _ARCHITECTURES.get(self.architecture, self.architecture),
                # Required, and not 0. It is the same for all, because the fingerprint covers this text.
                "creation_date": 1,
                "properties": {
                    "description": "Hacienda, Debian 13",
                    "os": "debian",
                    "release": SUITE,
                    "default_user_data": "#cloud-config\n{}",
                },
                "templates": {
                    path: {"when": ["create", "copy"], "template": name} for name, (path, _) in _TEMPLATES.items()
                },
            },
            indent=1,
        )

    def templates(self) -> dict[str, str]:
        """Texts of the image's templates by file name."""
        return {name: text for name, (_, text) in _TEMPLATES.items()}

    def dpkg_options(self) -> str:
        """The text of a dpkg.cfg for the build."""
        return "".join(f"{line}\n" for line in _EXCLUDED)

    def scripts(self) -> dict[str, str]:
        """Texts of the build's hooks by file name."""
        return {name: script(name) for name in ("image-setup.sh", "image-customize.sh")}


def recipe(packages: Sequence[str], architecture: str = "amd64") -> Recipe:
    """The recipe of an image with `packages` in addition to the base. Order and repetition do not matter."""
    return Recipe(tuple(sorted({*BASE_PACKAGES, *packages})), architecture)


def mmdebstrap_argv(made: Recipe, folder: Path, sources: Sequence[str], keyring: str) -> tuple[str, ...]:
    """The command that builds `made` into `folder`/rootfs.tar.

    Args:
        made: the recipe.
        folder: holds dpkg.cfg, apt.conf and the hooks; see `hacienda.lab.image`.
        sources: one-line package sources.
        keyring: the archive's keys on this machine.

    The command has its own mount namespace, because mmdebstrap binds /dev, /proc and /sys. Without it a killed build
    would leave them mounted below a folder that the next build deletes.
    """
    return (
        *("unshare", "--mount", "--propagation", "private", "--"),
        "mmdebstrap",
        *("--variant=apt", "--mode=root", "--format=tar", f"--architectures={made.architecture}"),
        '--aptopt=Apt::Install-Recommends "false"',
        f"--aptopt={folder / 'apt.conf'}",
        f"--dpkgopt={folder / 'dpkg.cfg'}",
        f"--keyring={keyring}",
        f"--setup-hook={folder / 'image-setup.sh'}",
        f"--include={','.join(made.packages)}",
        f"--customize-hook={folder / 'image-customize.sh'}",
        SUITE,
        str(folder / "rootfs.tar"),
        *sources,
    )


def script(name: str) -> str:
    """The text of one of the lab's scripts."""
    return (resources.files("hacienda.lab") / "files" / name).read_text()
