"""What `hacienda lab down` leaves on the host."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.lab.conftest import ROOT


def test_the_last_daemon_takes_incus_firewall_table_with_it(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--", sys.executable, "-m", "tests.lab.two_daemons", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    two = [f"{hook}.br-two" for hook in ("fwd", "in", "out", "pstrt")]
    assert json.loads(done.stdout) == {
        "both run": sorted([name.replace("two", "one") for name in two] + two),
        "the other has a network": two,
        "one is kept without an environment": ["True"],
        "the other runs": [],
        "none runs": None,
    }
