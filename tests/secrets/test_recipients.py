"""Who may read an encrypted store changes by one command alone, and nothing is written in passing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519

from hacienda.errors import InputError
from hacienda.secrets import Needs, Store, StoreSpec, finish, mint, open_store, rotate, unfinished
from hacienda.secrets.encrypted import Difference
from hacienda.secrets.recipients import difference, reencrypt
from tests.secrets.conftest import NOW

SSH = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICZlpZ5v0hYyQ5E9sH7mTq0kqO2m4vQvGqB1cJw1l8dF"


@pytest.fixture
def stranger() -> x25519.Identity:
    return x25519.Identity.generate()


def with_stranger(spec: StoreSpec, stranger: x25519.Identity) -> StoreSpec:
    return replace(spec, recipients=(*spec.recipients, str(stranger.to_public())))


def changing(store: Store) -> None:
    with store.changing():
        store.save({"a/b": b"c"}, {"a/b": "token"}, NOW)


WRITERS: dict[str, Callable[[Store, Needs], object]] = {
    "mint, which lacks nothing": lambda store, needs: mint(store, needs, NOW),
    "mint, which lacks one": lambda store, needs: mint(store, replace(needs, certificate_days=30), NOW),
    "rotate": lambda store, needs: rotate(store, ["database/keystone"], now=NOW),
    "finish": lambda store, needs: finish(store, unfinished(store), NOW),
    "save": lambda store, needs: changing(store),
}


@pytest.mark.parametrize("how", WRITERS)
def test_no_writer_takes_another_recipient_up(
    age_spec: StoreSpec, needs: Needs, stranger: x25519.Identity, how: str
) -> None:
    mint(open_store(age_spec), needs, NOW)
    rotate(open_store(age_spec), ["rabbitmq/cookie"], now=NOW)
    before = age_spec.path.read_bytes()
    with pytest.raises(InputError, match=r"adds age1\w+(.|\n)*hacienda secrets reencrypt ENV") as refused:
        WRITERS[how](open_store(with_stranger(age_spec, stranger)), needs)
    assert refused.value.exit_code == 2
    assert age_spec.path.read_bytes() == before
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(age_spec.path.read_bytes(), [stranger])


def test_a_dropped_recipient_is_refused_too(age_spec: StoreSpec, needs: Needs, stranger: x25519.Identity) -> None:
    mint(open_store(with_stranger(age_spec, stranger)), needs, NOW)
    with pytest.raises(InputError, match="which drops age1"):
        mint(open_store(age_spec), needs, NOW)


def test_reading_goes_on(age_spec: StoreSpec, needs: Needs, stranger: x25519.Identity) -> None:
    mint(open_store(age_spec), needs, NOW)
    assert len(open_store(with_stranger(age_spec, stranger)).get("database/keystone")) == 48


def test_whoever_names_no_recipients_writes_for_those_there_are(age_spec: StoreSpec, needs: Needs) -> None:
    mint(open_store(age_spec), needs, NOW)
    changing(open_store(StoreSpec("age", age_spec.path)))
    assert open_store(age_spec).entry("a/b") == b"c"
    assert not difference(age_spec)


def test_another_order_or_comment_is_the_same(age_spec: StoreSpec, needs: Needs) -> None:
    both = replace(age_spec, recipients=(*age_spec.recipients, SSH))
    mint(open_store(both), needs, NOW)
    other = replace(age_spec, recipients=(f"{SSH} me@desk", *age_spec.recipients))
    assert not difference(other)
    changing(open_store(other))


def test_the_command_says_who_gains_and_loses_and_does_it(
    age_spec: StoreSpec, needs: Needs, stranger: x25519.Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mint(open_store(replace(age_spec, recipients=(*age_spec.recipients, SSH))), needs, NOW)
    value = open_store(age_spec).get("database/keystone")
    wider = with_stranger(age_spec, stranger)
    found = difference(wider)
    assert found == Difference(stays=age_spec.recipients, gains=(str(stranger.to_public()),), loses=(SSH,))
    reencrypt(wider, found)
    assert not difference(wider)
    mint(open_store(wider), needs, NOW)
    (tmp_path / "colleague.txt").write_text(str(stranger))
    monkeypatch.setenv("HACIENDA_AGE_IDENTITY", str(tmp_path / "colleague.txt"))
    assert open_store(StoreSpec("age", age_spec.path)).get("database/keystone") == value


def test_what_was_not_agreed_to_is_not_done(age_spec: StoreSpec, needs: Needs, stranger: x25519.Identity) -> None:
    mint(open_store(age_spec), needs, NOW)
    before = age_spec.path.read_bytes()
    with pytest.raises(InputError, match="another process changed it meanwhile"):
        reencrypt(with_stranger(age_spec, stranger), difference(age_spec))
    assert age_spec.path.read_bytes() == before


def test_a_store_that_the_operator_could_not_read_any_more_is_not_written(
    age_spec: StoreSpec, needs: Needs, stranger: x25519.Identity
) -> None:
    mint(open_store(age_spec), needs, NOW)
    before = age_spec.path.read_bytes()
    other = replace(age_spec, recipients=(str(stranger.to_public()),))
    with pytest.raises(InputError, match="cannot read it"):
        reencrypt(other, difference(other))
    assert age_spec.path.read_bytes() == before


def test_where_there_is_nothing_to_encrypt_it_says_so(age_spec: StoreSpec, folder_spec: StoreSpec) -> None:
    with pytest.raises(InputError, match=r"no store to encrypt(.|\n)*secrets init"):
        difference(age_spec)
    with pytest.raises(InputError, match="there is no store to encrypt"):
        reencrypt(age_spec, Difference((), (), ()))
    with pytest.raises(InputError, match="has no recipients"):
        difference(folder_spec)
