"""The requests to a node: receive a bundle, install it, report its status, verify services, remove a member."""

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
    """The installation on a node.

    Args:
        bundle_hash: SHA-256 of the installed bundle.
        converged: whether the last installation finished and no service failed. `files` and `secrets` show drift.
        files: path -> short hash, `drifted:<hash>` or `missing`.
        failed: units that failed.
        pending: service -> action that it still needs.
        cluster: service -> id of the cluster that it must join.
        secrets: name -> delivered digest, `drifted:<hash>` or `missing`.
        error: reason why the last installation failed; empty if it did not.
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
        """Files and secrets that differ from the installed ones -> their condition."""
        found = [*self.files.items(), *self.secrets.items()]
        return tuple(f"{name}: {value}" for name, value in found if value == "missing" or value.startswith("drifted:"))


@dataclass(frozen=True)
class Verdict:
    """A node's report about one of its services, with the fix if it is not healthy. `working`: not yet, but nothing is wrong."""

    service: str
    ok: bool
    detail: str
    fix: str
    working: bool = False


@dataclass(frozen=True)
class Fault:
    """A fault of a node itself, in the operator's words; see hacienda.cloudinit.node.fault."""

    kind: str
    what: str
    fix: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """A node's report about itself, without its services.

    Args:
        faults: its faults.
        unreached: node and network of each neighbour that does not answer pings.
        ahead: seconds by which its clock is ahead of this machine's, minus the travel time of the answer.
        packages: name -> version of the packages that its services need or rely on.
    """

    faults: tuple[Fault, ...] = ()
    unreached: tuple[tuple[str, str], ...] = ()
    ahead: float = 0.0
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """A delivery to a node.

    Args:
        bundle: bundle.tar.gz.
        secrets: name -> content of all secrets of the node and no others; None: the node keeps its secrets.
        digests: name -> keyed digest, which the node reports in its status.
        cluster: ids of existing clusters: the node may join only those. Empty: it keeps the recorded ids.
    """

    bundle: bytes
    secrets: Mapping[str, bytes] | None = field(repr=False)
    digests: Mapping[str, str]
    cluster: Mapping[str, str]


@dataclass(frozen=True)
class Installation:
    """State of an installation: `running`, `lost` (the machine restarted), or `ended` with exit status and output."""

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
        """Whether the first boot is over. Waits up to 15 s for it."""
        return self._text("greet", scripts.GREET, timeout=45) == "ready"

    def deliver(self, delivery: Delivery) -> str:
        """Deliver a bundle and secrets, all or nothing; returns the delivery's name on the node."""
        return _word(self._text("receive the bundle", scripts.RECEIVE, _pack(delivery), timeout=300))

    def start_installation(self, delivery: str) -> None:
        """Start the installation of a delivery. It continues without this process."""
        self._checked("start the installation", scripts.start(_word(delivery)))

    def installation(self, delivery: str) -> Installation:
        """Wait up to 15 s for the end of the installation."""
        head, _, words = self._text("wait", scripts.wait(_word(delivery)), timeout=60).partition("\n")
        phase, _, code = head.partition(" ")
        return Installation(phase, int(code or 0), words)

    def status(self) -> Status | None:
        """The installation; None: nothing was ever installed."""
        return parse_status(self._checked("report its status", scripts.STATUS, timeout=90).output, self.name)

    def verify(self, services: Sequence[str] = (), *, local: bool = False) -> tuple[Verdict, ...]:
        """Its report about the named services, or about all if none is named. Services that it does not run are left
        out.

        Args:
            services: their names.
            local: absent members are not a fault of this node.
        """
        options = ("--json", "--local") if local else ("--json",)
        done = self._transport.run(scripts.program("hacienda-verify", *options, *map(_word, services)), timeout=120)
        return self._verdicts("report on its services", done)

    def diagnose(self) -> Diagnosis | None:
        """Its report about itself; None: the program that reports it is not installed."""
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
        """Reasons why the quorum of these groups would not survive the departure of another node now; empty if it
        would."""
        script = scripts.program("hacienda-leave", "--check", _word(node), *map(_word, groups))
        done = self._transport.run(script, timeout=120)
        return "" if done.code == 0 else _said(done) or f"exit status {done.code}"

    def remove(self, node: str, services: Sequence[str] = ()) -> None:
        """Remove another node from the clusters of these services, or from every cluster of this one."""
        self._checked(
            f"remove {node}", scripts.program("hacienda-leave", _word(node), *map(_word, services)), timeout=300
        )

    def drain(self, node: str, services: Sequence[str]) -> tuple[Verdict, ...]:
        """Let these services take one step to move what another node holds elsewhere. Call it until every verdict is ok."""
        script = scripts.program("hacienda-leave", "--drain", "--json", _word(node), *map(_word, services))
        return self._verdicts("say what another node holds", self._transport.run(script, timeout=300))

    def stay(self, node: str, services: Sequence[str]) -> None:
        """Undo `drain`."""
        script = scripts.program("hacienda-leave", "--stay", _word(node), *map(_word, services))
        self._checked(f"take {node} into service again", script, timeout=300)

    def stop_services(self) -> None:
        """Stop its own services in order, and keep them stopped."""
        self._checked("stop its services", scripts.program("hacienda-leave", "--self"), timeout=300)

    def retire(self, service: str) -> None:
        """Make a service refuse the former values of rotated secrets."""
        self._checked("retire former secrets", scripts.program("hacienda-retire", _word(service)), timeout=300)

    def told_clusters(self) -> dict[str, str]:
        """Recorded ids of the clusters that it must join."""
        return self._clusters("report its clusters", scripts.CLUSTER)

    def record_clusters(self) -> dict[str, str]:
        """Ids of its clusters. From now on the node joins these and founds none."""
        return self._clusters("record its clusters", scripts.program("hacienda-cluster", "record"))

    def _clusters(self, what: str, script: str) -> dict[str, str]:
        answer = _json(self._checked(what, script), self.name)
        return {str(key): str(value) for key, value in (answer or {}).items()}

    def _verdicts(self, what: str, done: Completed) -> tuple[Verdict, ...]:
        answer = _json(done, self.name)
        if not isinstance(answer, list):
            raise RemoteError(f"{self.name} does not {what}", _said(done)[-500:])
        return tuple(
            Verdict(
                str(one["service"]),
                one["ok"] is True,
                str(one.get("detail", "")),
                str(one.get("fix", "")),
                one.get("working") is True,
            )
            for one in answer
        )

    def _checked(self, what: str, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        done = self._transport.run(script, data, timeout)
        if done.code != 0:
            raise RemoteError(f"{self.name} could not {what} (exit status {done.code})", _said(done))
        return done

    def _text(self, what: str, script: str, data: bytes = b"", timeout: float = 60.0) -> str:
        return printing.lines(self._checked(what, script, data, timeout).output.decode(errors="replace").strip())


def parse_status(output: bytes, node: str) -> Status | None:
    """The status that hacienda-apply prints; None: no installation was ever tried.

    Raises:
        RemoteError: the output is not such JSON.
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
        text = f"{node} gave an unreadable answer (exit status {done.code})"
        raise RemoteError(text, _said(done)[-500:]) from error


def _word(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise ValueError(f"not a name: {text!r}")
    return text


def _pack(delivery: Delivery) -> bytes:
    """The delivery as a tar stream. Its last member proves to the node that the stream is complete."""
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
