"""The CDK's own command lines do what `hacienda apply` and `hacienda destroy` do, on the real lab."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.lab.cdk_cli import CDKTF, CDKTN, CdkCli
from tests.lab.clients import Keystone
from tests.lab.cloud import CONTROLLERS, Lab

DESTROY = {"HACIENDA_ALLOW_DESTROY": "lab"}


def cdk(lab: Lab, cli: CdkCli, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`HACIENDA_ENV=lab cdktf COMMAND 'lab-*' --auto-approve` from the project's folder."""
    return cli.run(lab.root, command, "lab-*", "--auto-approve", environment={"HACIENDA_ENV": "lab", **environment})


@pytest.mark.parametrize("cli", [CDKTF, CDKTN], ids=lambda cli: str(cli.program))
def test_it_has_nothing_to_change_after_hacienda_apply(healthy: Lab, cli: CdkCli) -> None:
    before = healthy.created()
    done = cdk(healthy, cli, "deploy")
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.count("No changes.") == 2, done.stdout[-3000:]
    assert healthy.created() == before


def test_it_does_not_destroy_without_the_override(healthy: Lab) -> None:
    before = healthy.created()
    done = cdk(healthy, CDKTF, "destroy")
    # cdktf-cli 0.21 loses either the end of Terraform's output or its exit code.
    assert done.returncode or "quorum" in done.stdout, done.stdout[-3000:]
    assert healthy.created() == before
    assert healthy.healthy()


def test_it_destroys_with_the_override_and_makes_all_of_it_again(healthy: Lab) -> None:
    destroyed = cdk(healthy, CDKTF, "destroy", **DESTROY)
    assert destroyed.returncode == 0, destroyed.stdout[-3000:]
    assert healthy.created() == {}
    began = time.monotonic()
    deployed = cdk(healthy, CDKTF, "deploy")
    assert deployed.returncode == 0, deployed.stdout[-3000:]
    healthy.note("cdktf deploy of the whole lab, from nothing", time.monotonic() - began)
    assert set(healthy.created()) == set(CONTROLLERS)
    assert healthy.healthy()
    keystone: Keystone = healthy.keystone()
    assert keystone.valid(keystone.issue())
    healthy.apply_changes_nothing()
