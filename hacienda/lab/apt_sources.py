"""The package sources a machine already uses, and the Debian mirror they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<rest>\S.*)$")


@dataclass(frozen=True)
class Source:
    """One enabled binary package source.

    Args:
        uris: places of the archive, as written; any scheme of apt except `cdrom:`.
        suites: `bookworm`, `bookworm-updates`, ...
        components: `main`, ...; empty for a flat archive.
        signed_by: path of a key ring, fingerprints or an embedded key; empty: not given.
    """

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""


@dataclass(frozen=True)
class Mirror:
    """A Debian archive, as named by the operator or by the machine's own apt.

    Args:
        main: URI of the archive.
        security: URI of the security archive; None: there is none.
    """

    main: str
    security: str | None = None

    def lines(self, suite: str) -> tuple[str, ...]:
        """One-line sources for a Debian `suite` and its updates."""
        lines = [f"deb {self.main} {suite} main", f"deb {self.main} {suite}-updates main"]
        if self.security:
            lines.append(f"deb {self.security} {suite}-security main")
        return tuple(lines)


def parse_one_line(text: str) -> tuple[Source, ...]:
    """Read the format of `sources.list`; skip every line but `deb` lines."""
    found = []
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if match is None or match["uri"].startswith("cdrom:"):
            continue
        options = dict(item.split("=", 1) for item in (match["options"] or "").split() if "=" in item)
        suite, *components = match["rest"].split()
        found.append(Source((match["uri"],), (suite,), tuple(components), options.get("signed-by", "")))
    return tuple(found)


def parse_deb822(text: str) -> tuple[Source, ...]:
    """Read the format of `*.sources` (deb822); skip disabled stanzas and those without `deb`."""
    found = []
    for stanza in _stanzas(text):
        uris = tuple(uri for uri in stanza.get("uris", "").split() if not uri.startswith("cdrom:"))
        enabled = stanza.get("enabled", "yes").lower() not in ("no", "false", "0", "off", "disable", "without")
        if enabled and uris and "deb" in stanza.get("types", "").split():
            suites = tuple(stanza.get("suites", "").split())
            components = tuple(stanza.get("components", "").split())
            found.append(Source(uris, suites, components, stanza.get("signed-by", "")))
    return tuple(found)


def _stanzas(text: str) -> Iterator[Mapping[str, str]]:
    """Fields of each stanza, with names in lower case. Continuation lines stay separate lines."""
    for block in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and name:
                fields[name] = f"{fields[name]}\n{line.strip()}".lstrip("\n")
            elif ":" in line:
                key, value = line.split(":", 1)
                name = key.strip().lower()
                fields[name] = value.strip()
        if fields:
            yield fields


def read(folder: Path = Path("/etc/apt")) -> tuple[Source, ...]:
    """Every enabled source below `folder`, in apt's own order (sources.list, then the parts by name)."""
    found: list[Source] = []
    single = folder / "sources.list"
    parts = sorted((folder / "sources.list.d").glob("*"), key=lambda part: part.name)
    for path in (*([single] if single.is_file() else ()), *parts):
        if path.suffix == ".list":
            found.extend(parse_one_line(path.read_text()))
        elif path.suffix == ".sources":
            found.extend(parse_deb822(path.read_text()))
    return tuple(found)


def debian_mirror(sources: tuple[Source, ...], codename: str) -> Mirror | None:
    """The Debian archive from which a Debian machine of release `codename` installs; None: there is none.

    Third parties also publish a suite named after the release. Three signs identify Debian's own archive, the strongest
    first: a signature by Debian's key ring, the release's updates on the same archive, a path that ends in /debian.
    """
    updates = {uri for source in sources if f"{codename}-updates" in source.suites for uri in source.uris}
    candidates = [
        (KEYRING in source.signed_by, uri in updates, uri.rstrip("/").endswith("/debian"), uri)
        for source in sources
        if codename in source.suites and "main" in source.components
        for uri in source.uris
    ]
    marked = [candidate for candidate in candidates if any(candidate[:3])]
    if not marked:
        return None
    # max() returns the first of equals, which keeps apt's own order.
    best = max(marked, key=lambda candidate: candidate[:3])[3]
    security = next(
        (
            source.uris[0]
            for source in sources
            if f"{codename}-security" in source.suites and "main" in source.components
        ),
        None,
    )
    return Mirror(best, security)


def backports(mirror: Mirror, codename: str) -> str:
    """The text of a deb822 source for the backports of `codename` on `mirror`."""
    return (
        "# Written by `hacienda lab up`: Incus is not in this release itself.\n"
        f"Types: deb\nURIs: {mirror.main}\nSuites: {codename}-backports\nComponents: main\nSigned-By: {KEYRING}\n"
    )


def has_suite(sources: tuple[Source, ...], suite: str) -> bool:
    """Whether any source offers `suite`."""
    return any(suite in source.suites for source in sources)


def through(proxy: str | None) -> str:
    """Text of an apt.conf that names a proxy. Of two settings, apt uses the later one."""
    return "".join(f'Acquire::{scheme}::Proxy "{proxy}";\n' for scheme in ("http", "https") if proxy)


def handed_on(dump: str) -> str:
    """The part of an `apt-config dump` that a machine needs to reach its mirror, as text of an apt.conf.

    It holds proxies, certificates and the checks of dates, which users of an archive snapshot switch off. mmdebstrap
    runs apt with its own configuration, so it needs these settings of the machine's apt.
    """
    setting = re.compile(r'Acquire::(https?::\S+|Check-Valid-Until|Check-Date) "[^"]+";')
    return "".join(f"{line}\n" for line in map(str.strip, dump.splitlines()) if setting.fullmatch(line))
