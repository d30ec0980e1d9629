"""Certificates of the node's services that have expired, or are not yet valid by this node's clock."""

from __future__ import annotations

import calendar
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from hacienda.cloudinit.node.fault import Fault

_DAY = 86400.0

_OWN = ("/cert.pem", "/ca.pem")
_PUBLIC = ("/public/bundle.pem", "/public-ca.pem")
"""Files of a certificate that another authority signed. A bundle begins with the certificate."""


def faults(certificates: Mapping[Path, str], environment: str, now: float | None = None) -> list[Fault]:
    """A fault for each certificate that peers refuse now.

    Args:
        certificates: PEM file -> service that shows or checks it.
        environment: name of the environment, for the commands to run.
        now: seconds since 1970; default: the clock.
    """
    moment = time.time() if now is None else now
    found = []
    for path, service in certificates.items():
        if not path.exists():
            continue
        begins, ends = _validity(path)
        if ends < moment:
            fix = f"{_renewal(path, environment)}, then hacienda apply {environment}"
            what = f"the certificate {path} expired {_ago(moment - ends)} ago, on {_date(ends)}"
        elif begins > moment:
            fix = "check the clock of this node: date; chronyc -n tracking"
            what = (
                f"the certificate {path} is not valid before {_date(begins)}; this node's clock shows {_date(moment)}"
            )
        else:
            continue
        found.append(Fault("certificate", what, fix, (service,)))
    return found


def _renewal(path: Path, environment: str) -> str:
    """How to renew a certificate. Another authority renews its own certificates."""
    if str(path).endswith(_PUBLIC):
        return f"have its authority renew it: hacienda secrets certificate {environment} CHAIN KEY, or the files of api.certificate"
    return f"hacienda secrets rotate {environment} --kind {'ca' if path.name == 'ca.pem' else 'leaf'}"


def _validity(path: Path) -> tuple[float, float]:
    """Begin and end of a certificate's validity, in seconds since 1970."""
    command = ["openssl", "x509", "-noout", "-startdate", "-enddate", "-in", str(path)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    dates = dict(line.split("=", 1) for line in shown.splitlines())
    return _seconds(dates["notBefore"]), _seconds(dates["notAfter"])


def _seconds(text: str) -> float:
    return float(calendar.timegm(time.strptime(text, "%b %d %H:%M:%S %Y GMT")))


def _date(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def _ago(seconds: float) -> str:
    return f"{seconds / _DAY:.0f} days" if seconds >= 2 * _DAY else f"{seconds / 3600:.1f} hours"


def of(files: Iterable[tuple[str, str]], root: Path) -> dict[Path, str]:
    """The certificates among installed files, `(path, service)` each."""
    return {root / path.lstrip("/"): service for path, service in files if path.endswith(_OWN + _PUBLIC)}
