"""Every rendered file has a program that can refuse it; what needs no image is checked here, the rest in tests/lab."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from hacienda import cloudinit
from hacienda.cloudinit import NodeOutput, RenderedFile
from hacienda.declare import DeclarationError, Secret
from hacienda.errors import ToolError
from hacienda.review import validation
from hacienda.review.validation import inside, own, shell, work
from hacienda.review.validation.checkers import HOME, Program
from hacienda.review.validation.dummies import Dummies
from hacienda.secrets import Leaf, Needs
from tests import shipped
from tests.services import composed

LAB = shipped.ROOT / "environments/lab.yaml"
LARGE = shipped.ROOT / "examples/environments/large.yaml"
OTHERS = tuple(path for path in shipped.environments() if path != LARGE)


@functools.cache
def collection(*paths: Path) -> validation.Collection:
    """Every distinct file of some environments."""
    return validation.collect(output for path in paths for output in shipped.rendered(path)[0])


def needs() -> list[Needs]:
    return [shipped.rendered(LAB)[1]]


def lab_node() -> NodeOutput:
    return shipped.rendered(LAB)[0][0]


def only(*paths: str) -> NodeOutput:
    """A node that has nothing but these."""
    output = lab_node()
    return replace(output, files=tuple(file for file in output.files if file.path in paths))


def with_file(output: NodeOutput, file: RenderedFile) -> NodeOutput:
    others = tuple(other for other in output.files if other.path != file.path)
    return replace(output, files=(*others, file))


class Machine:
    """Stands for a machine: accepts every file but those whose command has a word in it."""

    def __init__(self, refuses: str = "nothing", said: str = "", without: str = "", image: str = "one") -> None:
        self.refuses = refuses
        self.without = without
        self.image = image
        self.said = said
        self.work: Mapping[str, Any] = {}
        self.orders = 0

    @property
    def title(self) -> str:
        return "a machine"

    def lacks(self, program: Program) -> str:
        return f"it has no {program.package}" if program.package == self.without else ""

    def identity(self, program: Program) -> str:
        return self.image

    def perform(self, order: work.Order) -> work.Answer:
        self.orders += 1
        with tarfile.open(fileobj=BytesIO(order.archive)) as archive:
            member = archive.extractfile("work.json")
            assert member is not None
            self.work = json.loads(member.read())
        outcomes = {
            job["id"]: work.Outcome(1, self.said, 0.1) if self.refuses in job["command"] else work.Outcome(0, "", 0.1)
            for job in self.work["jobs"]
        }
        return work.Answer(outcomes, dict.fromkeys(self.work["packages"], "1-1"))


def test_every_checker_that_files_name_is_registered_and_no_other(tmp_path: Path) -> None:
    """The shipped environments have not every service that a cloud has on request."""
    chosen = composed.cloud(tmp_path)
    requested = {file.checker for node in chosen.nodes for file in cloudinit.render(chosen, node, "").files}
    assert {subject.file.checker for subject in collection(*OTHERS).subjects} | requested == set(validation.CHECKERS)


def test_titles_tell_checks_apart() -> None:
    titles = [check.title for checks in validation.CHECKERS.values() for check in checks]
    assert len(titles) == len(set(titles))


def test_a_service_that_renders_a_file_without_a_registered_checker_fails() -> None:
    file = RenderedFile("/etc/new.conf", "", checker="new-daemon", service="new")
    with pytest.raises(DeclarationError, match=r"new: checker 'new-daemon' of /etc/new.conf is not registered"):
        validation.validate([with_file(lab_node(), file)], [], None)


@pytest.mark.parametrize(
    ("paths", "more"),
    [
        pytest.param(OTHERS, {"name servers"}, id="others"),
        # It names no name servers, so it has no resolv.conf.
        pytest.param((LARGE,), set(), marks=pytest.mark.long, id="large"),
    ],
)
def test_what_needs_no_image_is_accepted_in_every_shipped_environment(paths: tuple[Path, ...], more: set[str]) -> None:
    found = collection(*paths)
    scripts = {path.read_text() for path in (shipped.ROOT / "hacienda").rglob("*.sh")}
    # ShellCheck takes 20 s for those that `make lint` shows it as they are.
    subjects = tuple(s for s in found.subjects if s.file.checker != "shellcheck" or s.file.text not in scripts)
    report = validation.check(replace(found, subjects=subjects), [shipped.rendered(path)[1] for path in paths], None)
    assert [str(result) for result in report.refused] == []
    titles = set(validation.counts(report))
    assert {"ShellCheck", "Python's compile, here", "addresses and names", "JSON", *more} <= titles


def test_without_an_image_it_says_what_was_not_checked() -> None:
    output = only("/etc/haproxy/haproxy.cfg", "/etc/hacienda/rabbitmq.cookie", "/etc/hosts")
    report = validation.validate([output], needs(), None)
    unchecked = {(result.subject.file.path, result.said) for result in report.unchecked}
    assert ("/etc/haproxy/haproxy.cfg", "it needs the lab's image") in unchecked
    assert ("/etc/hacienda/rabbitmq.cookie", "no content of it is rendered") in unchecked
    assert not any(path == "/etc/hosts" for path, _ in unchecked)


def test_equal_files_are_checked_once_and_know_their_nodes() -> None:
    outputs = shipped.rendered(LAB)[0]
    found = validation.collect(outputs)
    keys = [(s.file.checker, s.file.path, s.file.sha256) for s in found.subjects]
    assert len(keys) == len(set(keys))
    library = next(s for s in found.subjects if s.file.path == "/usr/lib/hacienda/lib.sh")
    assert library.nodes == ("lab/ctl-1", "lab/ctl-2", "lab/ctl-3")
    assert library.where == "lab/ctl-1 and 2 more"
    assert found.total == sum(sum(f.kind != "directory" for f in output.files) + 2 for output in outputs)


def test_user_data_and_network_configuration_are_files_like_others() -> None:
    found = validation.collect([lab_node()])
    assert {"user-data", "network-config"} <= {subject.file.path for subject in found.subjects}


def test_a_refusal_names_program_version_file_and_node() -> None:
    output = only("/etc/haproxy/haproxy.cfg", "/etc/hosts")
    report = validation.validate([output], needs(), Machine("haproxy -c", "unknown keyword 'x'"))
    assert [str(result) for result in report.refused] == [
        "haproxy -c refuses /etc/haproxy/haproxy.cfg (lab/ctl-1)\n  unknown keyword 'x'"
    ]
    assert report.refused[0].version == "1-1"


def test_a_machine_has_a_whole_node_in_place_with_every_secret_filled_in() -> None:
    machine = Machine()
    found = validation.collect([lab_node()])
    haproxy_alone = tuple(subject for subject in found.subjects if subject.file.checker == "haproxy")
    validation.check(replace(found, subjects=haproxy_alone), needs(), machine)
    paths = {file["path"] for file in machine.work["trees"]["lab/ctl-1"]}
    assert {"/etc/haproxy/haproxy.cfg", "/etc/haproxy/tls/bundle.pem", "/etc/keystone/fernet-keys/0"} <= paths
    (job,) = machine.work["jobs"]
    assert (job["tree"], job["arguments"]) == ("lab/ctl-1", ["/etc/haproxy/haproxy.cfg"])


def test_no_placeholder_reaches_a_machine() -> None:
    found = validation.collect([lab_node()])
    pairs = [(s, c) for s in found.subjects for c in validation.CHECKERS[s.file.checker] if isinstance(c, Program)]
    order = work.order(work.jobs(pairs), found, Dummies(needs()))
    with tarfile.open(fileobj=BytesIO(order.archive)) as archive:
        objects = [member for member in archive.getmembers() if member.name.startswith("objects/")]
        contents = [file.read() for member in objects if (file := archive.extractfile(member))]
    assert contents
    assert not any(
        f"@{{secret:{name}}}@".encode() in content for content in contents for name in lab_node().secret_names
    )


def test_files_shown_alone_go_in_one_call_up_to_a_limit() -> None:
    shown = Program("reader", "reader", 'read "$@"', in_place=False, together=True)
    count = work.MOST_TOGETHER + 1
    subjects = [
        validation.Subject(RenderedFile(f"/etc/{n}", str(n), "reader", "new"), ("lab/ctl-1",)) for n in range(count)
    ]
    jobs = work.jobs([(subject, shown) for subject in subjects])
    assert [len(job.subjects) for job in jobs] == [work.MOST_TOGETHER, 1]


def call(*paths: str, **more: Any) -> work.Job:
    """One call that shows several files."""
    program = Program("reader", "reader", 'read "$@"', together=True, **more)
    files = (RenderedFile(path, path, "reader", "new") for path in paths)
    return work.Job(0, program, tuple(validation.Subject(file, ("lab/ctl-1",)) for file in files))


def said(job: work.Job, text: str, code: int = 1) -> list[str]:
    return [work.complaint(job, subject, work.Outcome(code, text, 0.1)) for subject in job.subjects]


def test_a_complaint_goes_to_the_file_it_names() -> None:
    assert said(call("/etc/a.conf", "/etc/b.conf"), "/etc/b.conf:3: what?\nsummary: 1 error\n") == [
        "",
        "/etc/b.conf:3: what?",
    ]


def test_a_complaint_that_names_no_file_is_about_all() -> None:
    assert said(call("/etc/a.conf", "/etc/b.conf"), "out of order") == ["out of order", "out of order"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("/etc/b.conf: what?\nthe program did not end within 300 s", -9),
        ("/etc/b.conf: what?\nKilled", 137),
        ("/etc/b.conf: what?", 137),
        ("/etc/b.conf: what?\nTraceback (most recent call last):\nRecursionError", 1),
        (f"{inside.CUT}\n/etc/b.conf: what?", 1),
    ],
)
def test_a_program_that_broke_off_accepts_nothing(text: str, code: int) -> None:
    unread, refused = said(call("/etc/a.conf", "/etc/b.conf"), text, code)
    assert unread
    assert refused == "/etc/b.conf: what?"


def test_a_sysctl_that_is_not_there_accepts_nothing() -> None:
    (check,) = validation.CHECKERS["sysctl"]
    assert isinstance(check, Program)
    job = replace(call("/etc/sysctl.d/60-hacienda.conf"), check=check)
    assert said(job, "check: 1: sysctl: not found\n", code=0) == ["check: 1: sysctl: not found"]
    assert said(job, 'sysctl: permission denied on key "net.core.somaxconn", ignoring\n', code=0) == [""]


def test_a_silent_refusal_is_one() -> None:
    assert said(call("/etc/a.conf"), "", code=3) == ["it ended with exit code 3 and no output"]


def test_a_file_shown_alone_is_called_by_its_own_path() -> None:
    job = call("/etc/a.conf", in_place=False)
    digest = job.subjects[0].file.sha256
    assert said(job, f"{HOME}/objects/{digest}: no") == ["/etc/a.conf: no"]


def test_warnings_refuse_where_a_program_says_so() -> None:

    job = call("/etc/a.conf", refuses=re.compile("WARNING"), passes=re.compile("known"))
    assert said(job, "[WARNING] a known one\nall is well", code=0) == [""]
    assert said(job, "[WARNING] another", code=0) == ["[WARNING] another"]


def test_dummies_have_the_shape_of_their_kind() -> None:
    shared = (Secret("a/token"), Secret("a/keys", "fernet-keys"))
    dummies = Dummies([Needs("one", shared), Needs("two", leaves=(Leaf("n-1", "web", ("n-1",)),))])
    assert len(dummies.filled("p=@{secret:a/token}@")) == 2 + 48
    assert sorted(dummies.keys("@{secret:a/keys}@")) == ["0", "1"]
    bundle = dummies.value("x509/web/bundle.pem")
    assert bundle.index("BEGIN CERTIFICATE") < bundle.index("PRIVATE KEY")
    with pytest.raises(KeyError):
        dummies.filled("@{secret:a/unknown}@")


WRONG = (
    (own.hosts, "10.77.0.11\n", "line 1: needs an address and at least one name"),
    (own.hosts, "10.77.0.256 ctl-1\n", "line 1: needs an address and at least one name"),
    (own.hosts, "10.77.0.11 ctl_1\n", "line 1: 'ctl_1' is not a host name"),
    (own.hosts, "10.77.0.11 a\n10.77.0.12 a\n", "line 2: a already has the address 10.77.0.11"),
    (own.hosts, "# nobody\n", "it names no machine"),
    (own.resolver, "nameserver dns.example\n", "line 1: needs exactly one address"),
    (own.resolver, "nameservers 1.1.1.1\n", "line 1: unknown word 'nameservers'"),
    (own.resolver, "search cloud.example\n", "0 name servers; the C library reads one to 3"),
    (own.json_text, "{,}", "Expecting property name"),
    (own.python, "def f(:\n", "invalid syntax"),
    (
        own.uuid_text,
        "423A58BD-6225-59F8-839D-98CFBE84DEC8\n",
        "'423A58BD-6225-59F8-839D-98CFBE84DEC8' is not in the usual form",
    ),
    (own.uuid_text, "cmp-1\n", "'cmp-1' is no UUID"),
)


@pytest.mark.parametrize(("check", "text", "complaint"), WRONG)
def test_own_checks_refuse(check: Any, text: str, complaint: str) -> None:
    assert any(line.startswith(complaint) for line in check(text))


def test_own_checks_accept_ipv6_beside_ipv4() -> None:
    assert own.hosts("127.0.0.1 localhost\n::1 localhost ip6-localhost\n# comment\n") == []


def test_shellcheck_refuses_a_script_and_says_where() -> None:
    good = RenderedFile("/usr/lib/hacienda/new/good.sh", "#!/bin/bash\ntrue\n", "shellcheck", "new")
    bad = RenderedFile("/usr/lib/hacienda/new/bad.sh", "#!/bin/bash\nrm $1\n", "shellcheck", "new")
    found = shell.refusals([good, bad])
    assert list(found) == [shell.name_of(bad)]
    assert found[shell.name_of(bad)].startswith("2:4: note: Double quote to prevent globbing")


@pytest.mark.parametrize("said", ["echo ./other.sh:2:4: note: x; exit 1", "exit 1"])
def test_what_shellcheck_says_and_nobody_understands_is_no_consent(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "shellcheck"
    program.write_text(f"#!/bin/sh\n{said}\n")
    program.chmod(0o755)
    monkeypatch.setattr(shell, "_program", lambda: str(program))
    with pytest.raises(ToolError, match="ShellCheck"):
        shell.refusals([RenderedFile("/usr/lib/hacienda/new/a.sh", "#!/bin/bash\n", "shellcheck", "new")])


PROBES = Path(inside.__file__).parent / "probes"


@pytest.mark.parametrize(
    ("text", "refused"),
    [("$nrconf{override_rc}{qr(^a$)} = 0;\n", False), ("$nrconf{overide_rc}{a} = 0;\n", True)],
)
def test_a_misspelt_setting_of_needrestart_is_refused(text: str, refused: bool, tmp_path: Path) -> None:
    file = tmp_path / "hacienda.conf"
    file.write_text(text)
    done = subprocess.run(["sh", PROBES / "needrestart.sh", file], capture_output=True, text=True, check=False)
    assert bool(done.returncode) == refused, done.stderr


def test_a_file_that_is_none_of_a_leafs_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "public.pem"
    file.write_text("anything\n")
    done = subprocess.run(["sh", PROBES / "x509.sh", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, f"{file}: is no file of a leaf certificate\n")
