"""What we ask of a node: take a bundle, install it, tell its status, verify, let a member go."""

from __future__ import annotations

import io
import json
import re
import tarfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hacienda import printing
from hacienda.remote import scripts
from hacienda.remote.transport import Completed, RemoteError, Transport

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Status:
    """What is installed on a node.

    Args:
        bundle_hash: SHA-256 of the installed bundle.
        converged: the last installation came to its end and no service failed. What drifted is in `files` and `secrets`.
        files: path -> short hash, `drifted:<hash>` or `missing`.
        failed: units that failed.
        pending: service -> what is still owed.
        cluster: service -> id of the cluster it was told to join.
        secrets: name -> digest as delivered, `drifted:<hash>` or `missing`.
        error: why the last installation failed; empty if it did not.
    """

    bundle_hash: str
    converged: bool
    files: Mapping[str, str]
    failed: tuple[str, ...]
    pending: Mapping[str, str]
    cluster: Mapping[str, str]
    secrets: Mapping[str, str]
    error: str

    def drifted(self) -> tuple[str, ...]:
        """Files and secrets that are not as they were installed, with what they are."""
        found = [*self.files.items(), *self.secrets.items()]
        return tuple(f"{name}: {value}" for name, value in found if value == "missing" or value.startswith("drifted:"))


@dataclass(frozen=True)
class Verdict:
    """What a node says about one of its services, and what to do when it is not well."""

    service: str
    ok: bool
    detail: str
    fix: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a node itself, in the operator's words; see hacienda.cloudinit.node.fault."""

    kind: str
    what: str
    fix: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What a node says about itself, apart from its services.

    Args:
        faults: what is wrong with it.
        unreached: node and network of each neighbour that does not answer its pings.
        ahead: seconds that its clock is ahead of ours; late by as long as the answer took to travel.
        packages: versions of the packages that its services want or rely on, by name.
    """

    faults: tuple[Fault, ...] = ()
    unreached: tuple[tuple[str, str], ...] = ()
    ahead: float = 0.0
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """What a node is given.

    Args:
        bundle: bundle.tar.gz.
        secrets: name -> content, all of the node's own and no others; None: it keeps what it has.
        digests: name -> keyed digest, which the node tells in its status.
        cluster: ids of clusters that exist: the node may join those only. Empty: it keeps what it was told.
    """

    bundle: bytes
    secrets: Mapping[str, bytes] | None = field(repr=False)
    digests: Mapping[str, str]
    cluster: Mapping[str, str]


@dataclass(frozen=True)
class Installation:
    """How an installation goes: `running`, `lost` (the machine restarted), or `ended` with an exit status and its words."""

    phase: str
    code: int = 0
    words: str = ""


class Node:
    """One node over its transport. Every method raises UnreachableError when the node does not answer."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def name(self) -> str:
        """Its name."""
        return self._transport.node

    def booted(self) -> bool:
        """Whether the first boot is over; waits up to 15 s for it."""
        return self._text("greet", scripts.GREET, timeout=45) == "ready"

    def deliver(self, delivery: Delivery) -> str:
        """Hand over a bundle and secrets, all or nothing; returns the delivery's name on the node."""
        return _word(self._text("receive the bundle", scripts.RECEIVE, _pack(delivery), timeout=300))

    def start_installation(self, delivery: str) -> None:
        """Start installing what was delivered; it goes on without us."""
        self._checked("start the installation", scripts.start(_word(delivery)))

    def installation(self, delivery: str) -> Installation:
        """Wait up to 15 s for its end."""
        head, _, words = self._text("wait", scripts.wait(_word(delivery)), timeout=60).partition("\n")
        phase, _, code = head.partition(" ")
        return Installation(phase, int(code or 0), words)

    def status(self) -> Status | None:
        """What is installed; None where nothing ever was."""
        return parse_status(self._checked("tell its status", scripts.STATUS, timeout=90).output, self.name)

    def verify(self, services: Sequence[str] = (), *, local: bool = False) -> tuple[Verdict, ...]:
        """What it says about its services; all of them if none is named. A service it does not run is left out.

        Args:
            services: their names.
            local: absent members are no fault of this node's.
        """
        options = ("--json", "--local") if local else ("--json",)
        done = self._transport.run(scripts.program("hacienda-verify", *options, *map(_word, services)), timeout=120)
        answer = _json(done, self.name)
        if not isinstance(answer, list):
            raise RemoteError(f"{self.name} says nothing about its services", _said(done)[-500:])
        return tuple(
            Verdict(str(one["service"]), one["ok"] is True, str(one.get("detail", "")), str(one.get("fix", "")))
            for one in answer
        )

    def diagnose(self) -> Diagnosis | None:
        """What is wrong with it, whatever its services say; None where nothing is installed that could say it."""
        answer = _json(self._checked("examine itself", scripts.DIAGNOSE, timeout=90), self.name)
        received = time.time()
        if answer is None:
            return None
        faults = (Fault(one["kind"], one["what"], one["fix"], tuple(one["services"])) for one in answer["faults"])
        unreached = ((str(one["node"]), str(one["network"])) for one in answer["unreached"])
        packages = {str(name): str(version) for name, version in answer.get("packages", {}).items()}
        return Diagnosis(tuple(faults), tuple(unreached), float(answer["time"]) - received, packages)

    def journal(self, service: str, lines: int = 10) -> str:
        """The last lines of a service's journal."""
        done = self._transport.run(scripts.journal(_word(service), lines))
        return printing.lines(done.output.decode(errors="replace").strip())

    def reason_to_stay(self, node: str, groups: Sequence[str]) -> str:
        """Why the quorum of these groups would not survive the leaving of another node, live; empty if it would."""
        script = scripts.program("hacienda-leave", "--check", _word(node), *map(_word, groups))
        done = self._transport.run(script, timeout=120)
        return "" if done.code == 0 else _said(done) or f"exit status {done.code}"

    def remove(self, node: str) -> None:
        """Take another node out of every cluster that this one is in."""
        self._checked(f"let {node} go", scripts.program("hacienda-leave", _word(node)), timeout=300)

    def stop_services(self) -> None:
        """Stop its own services in good order, and keep them stopped."""
        self._checked("stop its services", scripts.program("hacienda-leave", "--self"), timeout=300)

    def retire(self, service: str) -> None:
        """Have a service accept former values of rotated secrets no longer."""
        self._checked("retire former secrets", scripts.program("hacienda-retire", _word(service)), timeout=300)

    def told_clusters(self) -> dict[str, str]:
        """Ids of the clusters it was told to join."""
        return self._clusters("tell its clusters", scripts.CLUSTER)

    def record_clusters(self) -> dict[str, str]:
        """Ids of the clusters it is in; from now on it joins those and founds none."""
        return self._clusters("record its clusters", scripts.program("hacienda-cluster", "record"))

    def _clusters(self, what: str, script: str) -> dict[str, str]:
        answer = _json(self._checked(what, script), self.name)
        return {str(key): str(value) for key, value in (answer or {}).items()}

    def _checked(self, what: str, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        done = self._transport.run(script, data, timeout)
        if done.code != 0:
            raise RemoteError(f"{self.name} could not {what} (exit status {done.code})", _said(done))
        return done

    def _text(self, what: str, script: str, data: bytes = b"", timeout: float = 60.0) -> str:
        return printing.lines(self._checked(what, script, data, timeout).output.decode(errors="replace").strip())


def parse_status(output: bytes, node: str) -> Status | None:
    """The status that hacienda-apply prints; None where nothing was ever installed, nor failed to be.

    Raises:
        RemoteError: it is no such JSON.
    """
    answer = _json(Completed(0, output, ""), node)
    if answer is None or not (answer.get("bundle_hash") or answer.get("error")):
        return None
    return Status(
        bundle_hash=str(answer.get("bundle_hash") or ""),
        converged=bool(answer.get("converged")),
        files=dict(answer.get("files") or {}),
        failed=tuple(answer.get("failed") or ()),
        pending=dict(answer.get("pending") or {}),
        cluster=dict(answer.get("cluster") or {}),
        secrets=dict(answer.get("secrets") or {}),
        error=str(answer.get("error") or ""),
    )


def _said(done: Completed) -> str:
    return printing.lines(done.errors.strip() or done.output.decode(errors="replace").strip())


def _json(done: Completed, node: str) -> Any:
    try:
        return printing.words(json.loads(done.output))
    except ValueError as error:
        text = f"{node} gave no answer we understand (exit status {done.code})"
        raise RemoteError(text, _said(done)[-500:]) from error


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError(f"not a name: {text!r}")
    return text


def _pack(delivery: Delivery) -> bytes:
    """The delivery as a tar stream. Its last member tells the node that nothing was cut off."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, "bundle.tar.gz", delivery.bundle)
        if delivery.secrets is not None:
            for name, content in sorted(delivery.secrets.items()):
                _add(archive, f"secrets/{name}", content)
            _add(archive, "digests.json", json.dumps(dict(delivery.digests), sort_keys=True).encode())
        if delivery.cluster:
            _add(archive, "cluster.json", json.dumps(dict(delivery.cluster), sort_keys=True).encode())
        _add(archive, "complete", b"")
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))
