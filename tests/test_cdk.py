"""Our classes over the CDK: literal text, explicit addresses, one element for many resources, both libraries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hacienda import cdk
from hacienda.declare.resource import Declaration


@dataclass(frozen=True, kw_only=True)
class Thing(Declaration):
    terraform_type: ClassVar[str] = "hacienda_thing"

    text: str
    files: Mapping[str, str] | None = None
    other: str | None = None


def synthesized(folder: Path, *declarations: Thing, grouped: bool = True) -> dict[str, Any]:
    app = cdk.App(outdir=str(folder))
    stack = cdk.Stack(app, "lab-controller")
    cdk.Provider(
        stack,
        "hacienda",
        name="hacienda",
        source="hacienda.local/hacienda/hacienda",
        version="1.2.3",
        attributes={"secret_store": "../secrets", "unset": None},
    )
    cdk.Backend(stack, "backend", type="local", options={"path": "../state/lab.tfstate"})
    scope = cdk.Construct(stack, "some-scope")
    if grouped:
        cdk.ResourceGroup(scope, "things", declarations=lambda: declarations)
    else:
        for declaration in declarations:
            cdk.Resource(scope, f"thing-{declaration.logical_id}", declaration=declaration)
    app.synth()
    return dict(json.loads((folder / "stacks/lab-controller/cdk.tf.json").read_text()))


def resources(block: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = block["resource"]
    for named in found.values():
        for attributes in named.values():
            attributes.pop("//", None)
    return found


def test_address_is_the_logical_id_alone(tmp_path: Path) -> None:
    block = synthesized(tmp_path, Thing(logical_id="ctl-1", text="a"), grouped=False)
    assert list(block["resource"]["hacienda_thing"]) == ["ctl-1"]


def test_a_group_says_what_single_resources_say(tmp_path: Path) -> None:
    things = [
        Thing(logical_id="ctl-1", text="a", files={"/etc/a": "1"}),
        Thing(logical_id="ctl-2", text="b", depends_on=("hacienda_thing.ctl-1",)),
    ]
    single = synthesized(tmp_path / "single", *things, grouped=False)
    group = synthesized(tmp_path / "group", *things)
    assert resources(single) == resources(group)


def test_text_is_literal_and_a_reference_is_not(tmp_path: Path) -> None:
    first = Thing(logical_id="a", text="${HOME} %{if} $${x} 100%")
    second = Thing(logical_id="b", text="x", other=first.reference("id"), files={"k": "${v}"})
    things = synthesized(tmp_path, first, second)["resource"]["hacienda_thing"]
    assert things["a"] == {"text": "$${HOME} %%{if} $$${x} 100%"}
    assert things["b"] == {"text": "x", "other": "${hacienda_thing.a.id}", "files": {"k": "$${v}"}}


def test_provider_and_back_end_are_spelled_as_declared(tmp_path: Path) -> None:
    block = synthesized(tmp_path)
    assert block["provider"] == {"hacienda": [{"secret_store": "../secrets"}]}
    assert block["terraform"] == {
        "backend": {"local": {"path": "../state/lab.tfstate"}},
        "required_providers": {"hacienda": {"source": "hacienda.local/hacienda/hacienda", "version": "1.2.3"}},
    }


def test_stacks_cannot_refer_to_one_another(tmp_path: Path) -> None:
    stack = cdk.Stack(cdk.App(outdir=str(tmp_path)), "lab-compute")
    back_end = cdk.Backend(stack, "backend", type="local", options={})
    with pytest.raises(TypeError, match="lab-compute refers to the stack lab-controller"):
        back_end.get_remote_state_data_source(stack, "x", "lab-controller")


@pytest.mark.long  # tests/test_main.py has cdktf write what cdktn writes
def test_this_file_passes_on_cdktf_alone() -> None:
    """The leg for `cdktf` 0.21: the same tests in a process where `cdktn` cannot be imported."""
    if cdk.library.__name__ == "cdktf":
        return
    program = (
        "import sys; sys.modules['cdktn'] = None\n"
        "import pytest; from hacienda import cdk; assert cdk.library.__name__ == 'cdktf'\n"
        f"sys.exit(pytest.main([{__file__!r}, '-q', '-x', '-p', 'no:cacheprovider', '-n0']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
