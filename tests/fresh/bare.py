"""Bare roots of the releases that the README names: the smallest system, with Python, git and make."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hacienda import errors
from hacienda.lab import apt_sources
from tests.fresh import contained, settings

ROOT = Path(__file__).parents[2]
PACKAGES = ("apt", "git", "make", "python3-venv")
"""What the README says to install, and what installs it: the smallest Ubuntu has neither apt nor libraries that all have."""
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Release:
    """A release that can be bootstrapped.

    Args:
        codename: as the archive calls it.
        distribution: `debian` or `ubuntu`.
    """

    codename: str
    distribution: str

    @property
    def keyring(self) -> Path:
        return Path(f"/usr/share/keyrings/{self.distribution}-archive-keyring.gpg")

    @property
    def components(self) -> tuple[str, ...]:
        # Ubuntu has python3-venv in universe, which its machines have switched on.
        return ("main",) if self.distribution == "debian" else ("main", "universe")

    def sources(self, mirror: str | None, found: Sequence[apt_sources.Source]) -> tuple[str, ...]:
        """One-line sources; none: mmdebstrap knows where the distribution's own archive is.

        Args:
            mirror: the archive, as the operator names it; None: the one that this machine uses.
            found: the sources of this machine.
        """
        if mirror is None and self.distribution == "debian":
            for codename in ("bookworm", "trixie"):
                own = apt_sources.debian_mirror(tuple(found), codename)
                if own is not None:
                    return own.lines(self.codename)
        if mirror is None:
            return ()
        components = " ".join(self.components)
        return tuple(f"deb {mirror} {self.codename}{pocket} {components}" for pocket in ("", "-updates"))


RELEASES = {
    "debian-12": Release("bookworm", "debian"),
    "debian-13": Release("trixie", "debian"),
    "ubuntu-24.04": Release("noble", "ubuntu"),
}


def network(targets: Sequence[str]) -> str:
    """`own` for the lab, whose bridges and firewall rules may meet no other lab's; else `shared`, this machine's."""
    return "own" if any(target.startswith("lab") for target in targets) else "shared"


def needs(release: Release, targets: Sequence[str]) -> list[str]:
    """What this machine lacks to make a root of a release and to run targets in it, in the operator's words."""
    programs = {"mmdebstrap": "mmdebstrap", "setpriv": "util-linux", "unshare": "util-linux", "git": "git"}
    if network(targets) == "own":
        programs["slirp4netns"] = "slirp4netns"
    found = [f"{name} (apt-get install {package})" for name, package in programs.items() if not shutil.which(name)]
    if not release.keyring.exists():
        package = "ubuntu-keyring" if release.distribution == "ubuntu" else "debian-archive-keyring"
        found.append(f"{release.keyring} (apt-get install {package}; on Debian 12 from its backports)")
    # Where mmdebstrap reads which releases are Ubuntu's.
    if release.distribution == "ubuntu" and not Path("/usr/share/distro-info/ubuntu.csv").exists():
        found.append("/usr/share/distro-info/ubuntu.csv (apt-get install distro-info-data)")
    return found


def build(release: Release, root: Path, mirror: str | None, seconds: float) -> None:
    """Bootstrap a root, able to reach what this machine reaches."""
    options = root.parent / "apt.conf"
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    options.write_text(apt_sources.handed_on(dump))
    argv = [
        "mmdebstrap",
        f"--components={','.join(release.components)}",
        *("--variant=minbase", "--mode=root", "--format=directory", "--quiet", f"--include={','.join(PACKAGES)}"),
        '--aptopt=Apt::Install-Recommends "false"',
        *(f"--aptopt={options}", f"--keyring={release.keyring}", "--dpkgopt=force-unsafe-io"),
        *(release.codename, str(root)),
        *release.sources(mirror, apt_sources.read()),
    ]
    environment = {**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8", "TMPDIR": str(root.parent)}
    code = contained.run(argv, seconds=seconds, environment=environment)
    if code != 0:
        raise errors.ToolError(f"mmdebstrap failed with exit code {code}.", "Is the mirror reachable? See --mirror.")
    shutil.copy(options, root / "etc/apt/apt.conf.d/90-this-machine")
    for name in ("resolv.conf", "hosts"):
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(root / "root/hacienda")], check=True)


def make(root: Path, targets: Sequence[str], seconds: int) -> int:
    """Run make's targets in the root's clone, each for at most that long; the exit code of the first that fails."""
    done = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    variables = {**settings.pip_variables(done.stdout), **os.environ}
    environment = {
        "HOME": "/root",
        "PATH": PATH,
        "TERM": "dumb",
        **{name: os.environ[name] for name in ("CI",) if name in os.environ},
        **settings.handed_on(variables, root / "root/settings", Path("/root/settings")),
    }
    script = Path(__file__).with_name("inside.sh")
    return contained.run(
        [str(script), str(root), network(targets), str(seconds), *targets],
        seconds=seconds * len(targets) + 60,
        environment=environment,
    )
