"""Changes of trust, compared as data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hacienda.declare.trust import Fact
from hacienda.environment import load
from hacienda.review.diff import Base, Rendering, compare, words
from hacienda.review.diff.trust import CODE, STORE, TrustChange, changes, contents, exported, imported, sealed
from hacienda.services import registry
from tests.review.diff.samples import Sample, rendering

VALUES = (
    st.none()
    | st.text(max_size=5)
    | st.lists(st.text(max_size=3), max_size=4)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=3)
)
FACTS = st.dictionaries(st.sampled_from("abcd"), VALUES.map(lambda value: Fact(value, "x")), max_size=4)


@given(before=FACTS, after=FACTS)
def test_every_difference_is_told_and_nothing_else(before: dict[str, Fact], after: dict[str, Fact]) -> None:
    found = {change.path: (change.before, change.after) for change in changes(before, after)}
    for path in {*before, *after}:
        old, new = (side[path].value if path in side else None for side in (before, after))
        assert (found.get(path) == (old, new)) == (old != new)
    assert imported(exported(before)) == before
    assert imported(None) is None


def test_what_goes_and_what_comes_is_a_line_each() -> None:
    change = TrustChange("p", "x", ["a", "b"], ["b", {"c": 1}])
    assert change.lines == ("- a", '+ {"c": 1}')
    assert TrustChange("p", "x", None, "b").lines == ("+ b",)
    assert TrustChange("p", "x", {"a": 1}, None).lines == ("- a: 1",)


def test_own_code_that_differs_comes_first() -> None:
    found = changes({}, {"a": Fact(1, "x")}, 3)
    assert [change.path for change in found] == [CODE, "a"]
    assert found[0].lines == ("+ 3 files differ from the base",)


def test_a_base_that_cannot_be_read_is_not_called_equal() -> None:
    silent = rendering([Sample("ctl-1")])
    found = compare(silent, replace(silent, trust={"a": Fact(1, "x")}))
    assert not found.trust_known
    said = words.title("lab", Base("HEAD", "0" * 40, silent), found)
    assert said.startswith("lab: CHANGES OF TRUST ARE UNKNOWN; ")
    assert not compare(replace(silent, trust={}), replace(silent, trust={}))


def test_a_new_environment_trusts_whom_it_names() -> None:
    found = compare(
        Rendering({}, lambda node, path: ""), replace(rendering([Sample("ctl-1")]), trust={"a": Fact(1, "x")})
    )
    assert [change.path for change in found.trust] == ["a"]


def test_files_are_compared_by_what_they_hold(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "name: x\nplatform: {type: existing}\nnetworks: {management: {cidr: 192.0.2.0/24}}\nmachines: {controller: 1}\n"
        f"secrets: {{backend: age, path: store, recipients: [age1{'q' * 58}]}}\n"
    )
    kept = load(file, registry()).secrets
    store = sealed(tmp_path, "x", kept.backend, kept.path)
    (tmp_path / "known").write_text("a\n\nb\n")
    (tmp_path / "long").write_text("a\n" * 1000)
    (tmp_path / "store").write_text("sealed\n")
    (tmp_path / "alone").write_text("c\n")
    facts = {name: Fact(name, "x", file=True) for name in ("known", "long", "alone", "gone", "~/known", "/etc/passwd")}
    found = dict(contents(facts | {"no file": Fact("known", "x")}, store, tmp_path, lambda path: path.name != "alone"))
    assert found["known (known)"].value == ["a", "b"]
    assert found["long (long)"].value.startswith("SHA-256 ")
    assert found[STORE].value.startswith("SHA-256 ")
    assert len(found) == 3
