"""Stores: who may read them, what they show, what they refuse."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
from pyrage import x25519

from hacienda.errors import HaciendaError, InputError, ToolError
from hacienda.secrets import Needs, Store, StoreSpec, digest, inventory, mint, open_store, reveal, rotate
from tests.secrets.conftest import NOW


def test_node_gets_its_own_before_the_shared_one(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    with store.changing():
        store.save({"nodes/ctl-1/database/keystone": b"own"}, {"nodes/ctl-1/database/keystone": "token"}, NOW)
    assert store.get("database/keystone", "ctl-1") == b"own"
    assert store.get("database/keystone", "ctl-2") == store.get("database/keystone")


def test_missing_secret_says_what_to_do(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    with pytest.raises(InputError, match=r"has no secret a/b of ctl-1(.|\n)*hacienda secrets init"):
        store.get("a/b", "ctl-1")


@pytest.mark.parametrize("name", ["../x", "/etc/shadow", "a/../../x", "", "a//b", ".index", "a/.hidden"])
def test_name_cannot_leave_the_store(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="is not a name of a secret"):
        store.entry(name)


def test_digest_tells_values_and_names_apart(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    first = digest(store, "database/keystone")
    assert re.fullmatch(r"[0-9a-f]{4}\.[0-9a-f]{16}", first)
    assert digest(open_store(store.spec), "database/keystone") == first
    assert digest(store, "rabbitmq/cookie") != first
    assert digest(store, "x509/galera/key.pem", "ctl-1") != digest(store, "x509/galera/key.pem", "ctl-2")
    rotate(store, ["database/keystone"], now=NOW)
    assert digest(store, "database/keystone") != first


def test_ssh_key_pair_is_one_that_openssh_reads(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    assert store.get("ssh/id_ed25519").startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert re.fullmatch(rb"ssh-ed25519 AAAA\S+ hacienda\n", store.get("ssh/id_ed25519.pub"))


def test_inventory_knows_kinds_and_expiry(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    entries = {entry.name: entry for entry in inventory(store)}
    assert set(entries) == set(store.names())
    assert {entry.kind for entry in entries.values()} == {
        "authority",
        "ceph-key",
        "digest-key",
        "erlang-cookie",
        "fernet-keys",
        "leaf",
        "ssh-key",
        "token",
        "uuid",
    }
    leaf = entries["nodes/ctl-1/x509/galera/bundle.pem"]
    assert leaf.expires is not None
    assert (leaf.expires - NOW).days == 90
    assert leaf.created == NOW


def test_revealed_pieces_have_the_names_that_users_know(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    pieces = {name: value for entry in inventory(store) for name, value in reveal(store, entry).items()}
    assert pieces["database/keystone"] == store.get("database/keystone").decode()
    assert pieces["nodes/ctl-1/x509/galera/key.pem"] == store.get("x509/galera/key.pem", "ctl-1").decode()
    assert pieces["x509/authority/galera/cert.pem"] == store.get("x509/galera/ca.pem").decode()
    assert {"keystone/fernet/0", "keystone/fernet/1"} < set(pieces)
    assert not any("PRIVATE KEY" in value for name, value in pieces.items() if name.endswith("cert.pem"))


def test_nothing_printed_by_accident_holds_a_value(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    values = [value for entry in inventory(store) for value in reveal(store, entry).values()]
    shown = repr(store) + str(store.spec) + repr(inventory(store)) + str(store.index())
    assert not any(value in shown for value in values)


class TestFolder:
    """The file back end."""

    def test_only_the_owner_can_read(self, folder_spec: StoreSpec, needs: Needs) -> None:
        old = os.umask(0)
        try:
            mint(open_store(folder_spec), needs, NOW)
        finally:
            os.umask(old)
        paths = [folder_spec.path, *folder_spec.path.rglob("*")]
        modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
        assert modes == {(True, 0o700), (False, 0o600)}

    def test_git_ignores_it(self, folder_spec: StoreSpec, needs: Needs) -> None:
        subprocess.run(["git", "init", "-q", folder_spec.path.parent], check=True)
        mint(open_store(folder_spec), needs, NOW)
        status = subprocess.run(
            ["git", "-C", folder_spec.path.parent, "status", "--porcelain", "-uall"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert status.stdout == ""

    def test_refuses_a_folder_that_others_can_read(self, folder_spec: StoreSpec, needs: Needs) -> None:
        mint(open_store(folder_spec), needs, NOW)
        folder_spec.path.chmod(0o750)
        with pytest.raises(InputError, match=r"other users .* \(mode 0750\)(.|\n)*chmod -R go= "):
            open_store(folder_spec).get("database/keystone")
        with pytest.raises(InputError, match="mode 0750"):
            mint(open_store(folder_spec), needs, NOW)

    def test_refuses_a_file_that_others_can_read(self, folder_spec: StoreSpec, needs: Needs) -> None:
        mint(open_store(folder_spec), needs, NOW)
        (folder_spec.path / "database" / "keystone").chmod(0o604)
        with pytest.raises(InputError, match="keystone: holds secrets"):
            open_store(folder_spec).get("database/keystone")

    def test_file_in_the_way_is_a_tool_error(self, tmp_path: Path, needs: Needs) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ToolError, match="cannot be"):
            mint(open_store(str(tmp_path / "file" / "secrets")), needs, NOW)

    def test_folder_in_the_place_of_a_secret_is_a_tool_error(self, folder_spec: StoreSpec, needs: Needs) -> None:
        mint(open_store(folder_spec), needs, NOW)
        (folder_spec.path / "database" / "nova").mkdir(mode=0o700)
        with pytest.raises(ToolError, match="nova: cannot be read"):
            open_store(folder_spec).get("database/nova")

    def test_damaged_index_is_an_input_error(self, folder_spec: StoreSpec, needs: Needs) -> None:
        mint(open_store(folder_spec), needs, NOW)
        (folder_spec.path / ".index.json").write_text("{")
        with pytest.raises(InputError, match=r"\.index\.json: is not JSON(.|\n)*from a backup"):
            open_store(folder_spec).index()

    def test_killed_writer_leaves_whole_entries(self, tmp_path: Path) -> None:
        program = (
            "import sys; from hacienda.declare import Secret; from hacienda.secrets import *;"
            "print(flush=True);"
            "mint(open_store(sys.argv[1]), Needs('lab', tuple(Secret(f'a/s{i}') for i in range(5000))))"
        )
        place = tmp_path / "secrets"
        process = subprocess.Popen([sys.executable, "-c", program, str(place)], stdout=subprocess.PIPE)
        while not (place / "a" / "s20").exists():
            assert process.poll() is None
        process.kill()
        process.communicate()
        store = open_store(str(place))
        names = [name for name in store.names() if name.startswith("a/")]
        assert len(names) < 5000
        assert {len(store.get(name)) for name in names} == {48}


class TestAge:
    """The encrypted back end."""

    def test_file_shows_nothing(self, age_spec: StoreSpec, needs: Needs) -> None:
        store = open_store(age_spec)
        mint(store, needs, NOW)
        content = age_spec.path.read_bytes()
        assert content.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
        assert b"keystone" not in content
        assert list(age_spec.path.parent.iterdir()) == [age_spec.path]

    def test_full_disk_leaves_what_was_there(
        self, age_spec: StoreSpec, needs: Needs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mint(open_store(age_spec), needs, NOW)
        before = age_spec.path.read_bytes()

        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ToolError, match="cannot be written: No space left on device"):
            rotate(open_store(age_spec), ["database/keystone"], now=NOW)
        assert age_spec.path.read_bytes() == before
        assert list(age_spec.path.parent.iterdir()) == [age_spec.path]

    def test_file_in_the_way_is_a_tool_error(self, tmp_path: Path, needs: Needs, recipient: str) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(ToolError, match="file: cannot be created"):
            mint(open_store(StoreSpec("age", tmp_path / "file" / "lab.age", (recipient,))), needs, NOW)

    def test_folder_in_the_way_is_a_tool_error(self, age_spec: StoreSpec, needs: Needs) -> None:
        age_spec.path.mkdir(parents=True)
        with pytest.raises(ToolError, match=r"lab\.age: cannot be read"):
            mint(open_store(age_spec), needs, NOW)

    def test_something_else_that_was_encrypted_is_an_input_error(self, age_spec: StoreSpec, recipient: str) -> None:
        age_spec.path.parent.mkdir(parents=True)
        age_spec.path.write_bytes(pyrage.encrypt(b"[]", [x25519.Recipient.from_str(recipient)], armored=True))
        with pytest.raises(InputError, match="decrypts, but is not a store"):
            open_store(age_spec).get("database/keystone")

    def test_ssh_key_can_be_recipient_and_identity(
        self, tmp_path: Path, needs: Needs, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mint(store, needs, NOW)
        (tmp_path / "id").write_bytes(store.get("ssh/id_ed25519"))
        public = " ".join(store.get("ssh/id_ed25519.pub").decode().split()[:2])
        monkeypatch.setenv("HACIENDA_AGE_IDENTITY", str(tmp_path / "id"))
        spec = StoreSpec("age", tmp_path / "ssh.age", (public,))
        mint(open_store(spec), needs, NOW)
        assert len(open_store(spec).get("database/keystone")) == 48

    def test_wrong_identity_says_so(
        self, age_spec: StoreSpec, needs: Needs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mint(open_store(age_spec), needs, NOW)
        stranger = x25519.Identity.generate()
        (tmp_path / "stranger.txt").write_text(str(stranger))
        monkeypatch.setenv("HACIENDA_AGE_IDENTITY", str(tmp_path / "stranger.txt"))
        with pytest.raises(InputError, match=r"stranger\.txt cannot read it"):
            open_store(age_spec).get("database/keystone")

    def test_store_nobody_here_could_read_is_not_written(
        self, age_spec: StoreSpec, needs: Needs, recipient: str
    ) -> None:
        other = StoreSpec("age", age_spec.path, (str(x25519.Identity.generate().to_public()),))
        with pytest.raises(InputError, match="cannot read it"):
            mint(open_store(other), needs, NOW)
        assert not age_spec.path.exists()

    @pytest.mark.parametrize("content", [None, "", "# nothing\n", "no key\n", "AGE-SECRET-KEY-1XX\n"])
    def test_bad_identity_says_how_to_make_one(
        self, age_spec: StoreSpec, needs: Needs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
    ) -> None:
        path = tmp_path / "mine.txt"
        if content is not None:
            path.write_text(content)
        monkeypatch.setenv("HACIENDA_AGE_IDENTITY", str(path))
        with pytest.raises(InputError, match="age-keygen -o"):
            mint(open_store(age_spec), needs, NOW)

    @pytest.mark.parametrize("recipients", [(), ("age1nonsense",), ("ssh-ed25519 nonsense",)])
    def test_bad_recipients_are_input_errors(
        self, age_spec: StoreSpec, needs: Needs, recipients: tuple[str, ...]
    ) -> None:
        with pytest.raises(InputError, match="recipient"):
            mint(open_store(StoreSpec("age", age_spec.path, recipients)), needs, NOW)

    def test_damaged_file_is_an_input_error(self, age_spec: StoreSpec, needs: Needs) -> None:
        mint(open_store(age_spec), needs, NOW)
        content = age_spec.path.read_text()
        age_spec.path.write_text(content[: len(content) // 2])
        with pytest.raises(HaciendaError):
            open_store(age_spec).get("database/keystone")


@pytest.mark.parametrize(
    "spec",
    [
        StoreSpec("file", Path(".hacienda/lab/secrets")),
        StoreSpec("file", Path("/srv/a b/s?x&y")),
        StoreSpec("age", Path("environments/lab.age"), ("age1abc", "ssh-ed25519 AAAA/+= me@x")),
    ],
)
def test_spec_survives_its_text(spec: StoreSpec) -> None:
    assert StoreSpec.parse(str(spec)) == spec


@pytest.mark.parametrize(
    ("backend", "path", "expected"),
    [
        ("file", None, "file:/srv/cloud/.hacienda/lab/secrets"),
        ("age", None, "age:/srv/cloud/environments/lab.secrets"),
        ("file", "keys/lab", "file:/srv/cloud/keys/lab"),
        ("file", "/etc/lab", "file:/etc/lab"),
    ],
)
def test_environment_file_needs_to_say_little(backend: str, path: str | None, expected: str) -> None:
    assert str(StoreSpec.of(Path("/srv/cloud"), "lab", backend, path)) == expected


def test_plain_path_is_a_folder() -> None:
    assert StoreSpec.parse("/srv/secrets") == StoreSpec("file", Path("/srv/secrets"))


@pytest.mark.parametrize("text", ["", "file:", "age:", "age:?recipient=x"])
def test_no_place_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        StoreSpec.parse(text)
