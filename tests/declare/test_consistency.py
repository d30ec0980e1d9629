"""A misspelt name in a declaration is refused, wherever it stands; what names nothing would drop a check without a word."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from hacienda import services
from hacienda.cloudinit import files, secrecy
from hacienda.declare import (
    Arbiter,
    Assumption,
    Check,
    DeclarationError,
    Frontend,
    Limit,
    NoTimer,
    Port,
    Redundancy,
    Registry,
    Script,
    Service,
    Station,
    Template,
    Timer,
    consistency,
)
from hacienda.declare.overrides import Lines
from hacienda.declare.sandbox import Instead, Sandbox
from tests.cloud import samples
from tests.services import composed

FREE = {
    "Service": {"name", "title", "packages", "users", "units", "data", "devices"},
    "Arbiter": {"packages", "units"},
    "Port": {"name"},
    "Check": {"path"},
    "CatalogueEntry": {"type", "name", "path"},
    "Template": {"path", "checker", "owner", "group"},
    "SecretFile": {"path", "owner", "group"},
    "SecretDirectory": {"path", "owner", "group"},
    # To name an authority is to declare it; who trusts another service's names a capability.
    "Certificate": {"directory", "owner", "group", "authority", "role"},
    "TrustAnchor": {"directory", "group"},
    "Timer": {"name"},
    # Purposes of disks are the operator's words: tests/services/test_promises.py looks them up in the guide.
    "Limit": {"reason", "purposes"},
    # Names of options in other programs' files; tests/declare/test_overrides.py goes through what is rendered.
    "Sections": {"owned", "only"},
    "Lines": {"owned"},
    "Directives": {"kinds", "two_words"},
    "NoTimer": {"name", "reason"},
    "Secret": {"name"},
    # All of it is looked for in the machine image, which is refused where it is not there.
    "Assumption": {"package", "subject", "expected", "reason"},
    "Account": {"name", "owner", "roles", "caps"},
    "Redundancy": {"of"},
    # tests/lab/test_sandboxes.py asks systemd, and each unit runs in its own.
    "Sandbox": {"writes"},
    "Instead": {"value", "reason"},
}
"""Fields whose text is the operator's, the program's or the declaration's own, and names nothing that is declared elsewhere. What
is asked of them is looked at by those who ask: templates ask for ports and secrets, assessments for timers."""

Mutation = tuple[str, Callable[[], Service]]


def one(**declared: Any) -> Service:
    return Service(name="one", title="One", verify=Script("verify.sh"), **{"roles": ("controller",), **declared})


def any_word(word: str) -> Any:
    """A word that mypy would refuse."""
    return word


PORT = Port("api", 5000, "public")
TIMER = Timer("wait", 1.5, "/etc/one.conf")
FILES = (Template("/etc/one.conf", "text"),)
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a role": ({"roles": ("controler",)}, r"Service.roles is 'controler'; did you mean 'controller'\?"),
    "a capability": ({"provides": ("databse",)}, "Service.provides is 'databse'; did you mean 'database'"),
    "a requirement": ({"requires": ("cahce",)}, "Service.requires is 'cahce'; did you mean 'cache'"),
    "clients": ({"ports": (replace(PORT, clients=any_word("publik")),)}, "Port.clients is 'publik'; did you mean 'public'"),
    "an effect": ({"files": (Template("/etc/a", "text", on_change=any_word("relaod")),)}, "Template.on_change is 'relaod'"),
    "a scope": (
        {"ports": (PORT,), "frontends": (Frontend("api", Check("/"), scopes=(any_word("pubic"),)),)},
        "did you mean 'public'",
    ),
    "who starts first": ({"after": ("tow",)}, "one comes after 'tow'"),
    "one writer over http": (
        {"ports": (PORT,), "frontends": (Frontend("api", Check("/"), single_writer=True),)},
        "the front end 'api' is single_writer in mode 'http'; that needs mode `tcp`",
    ),
    "what a server of an API works on": (
        {"ports": (PORT,), "frontends": (Frontend("api", Check("/")),)},
        "one: the front end 'api' lacks `capacity`",
    ),
    "what a server works on": (
        {"ports": (PORT,), "frontends": (Frontend("api", Check("/"), mode="tcp"),)},
        "one: the front end 'api' lacks `capacity`",
    ),
    "a check's port": ({"ports": (PORT,), "frontends": (Frontend("api", Check("/", port="ipa")),)}, "a check names the port 'ipa'"),
    "an arbiter's port": (
        {"ports": (PORT,), "arbiter": Arbiter(verify=Script("verify.sh"), ports=("ipa",))},
        "the arbiter names the port 'ipa'",
    ),
    "ports of one name": ({"ports": (PORT, replace(PORT, number=5001))}, "two ports are called 'api'"),
    "timers of one name": ({"files": FILES, "timers": (TIMER, NoTimer("wait", "."))}, "the timer 'wait' is declared twice"),
    "a file of overrides": (
        {"files": FILES, "overrides": Lines("/etc/on.conf", Path())},
        r"(?s)overrides are for '/etc/on.conf'; did you mean '/etc/one.conf'.*have no field `overrides`",
    ),
    "who holds copies": (
        {"redundancy": (Redundancy("data", copies=lambda cloud: 3, held_by="tow", domain=lambda cloud, node: "rack"),)},
        "one: the copies of its data are held by 'tow', which is no service",
    ),
    "copies that another service holds somewhere": (
        {"redundancy": (Redundancy("data", copies=lambda cloud: 3, held_by="one"),)},
        "the copies of its data are held by one; name their failure domain in `domain`",
    ),
    "two failure domains of one service": (
        {
            "redundancy": tuple(
                Redundancy(of, copies=lambda cloud: 3, domain=lambda cloud, node: "rack") for of in ("data", "gateways")
            )
        },
        "one has copies of data and of gateways; a service has one failure domain",
    ),
    "who drains it": (
        {"drained_by": "database"},
        "one: is drained by the provider of 'database', which it does not require",
    ),
    "what cannot drain": (
        {"provides": ("database",), "requires": ("database",), "drained_by": "database"},
        "one: is drained by one, which has no leave script",
    ),
    "a timer's file": ({"files": FILES, "timers": (replace(TIMER, file="/etc/on.conf"),)}, "did you mean '/etc/one.conf'"),
    "a held package": ({"packages": ("oned",), "held": ("onde",)}, "one: holds 'onde'; did you mean 'oned'"),
    "an assumption that always holds": (
        {"assumptions": (Assumption("oned", "line", "/etc/one.conf", "^(wait .*)?$"),)},
        r"the assumption about '/etc/one.conf' expects .*, which matches an empty text",
    ),
    "an expectation that nobody looks for": (
        {"assumptions": (Assumption("oned", "file", "/etc/one.conf", "wait"),)},
        "expects 'wait', but only `line` and `answer` expect anything, not `file`",
    ),
    "a unit that starts afterwards": (
        {"files": FILES, "afterwards": ("one.cnf",)},
        "one: `afterwards` names the unit 'one.cnf'; did you mean 'one.conf'",
    ),
    "a sandbox's unit": (
        {"files": FILES, "sandboxes": (Sandbox("one.cnf", 4.0),)},
        "a sandbox is for the unit 'one.cnf'; did you mean 'one.conf'",
    ),
    "a sandbox's directive": (
        {"files": FILES, "sandboxes": (Sandbox("one.conf", 4.0, instead=(Instead("PrivateTemp", "", "it shares one"),)),)},
        "the sandbox of one.conf has no 'PrivateTemp'; did you mean 'PrivateTmp'",
    ),
    "a timer's option": (
        {"files": FILES, "timers": (replace(TIMER, option="wait"),)},
        "one: the timer 'wait' is set by the option 'wait'",
    ),
    "a limit's file": (
        {"files": FILES, "limits": (Limit("disk", lambda *_: 1, "/etc/on.conf", ""),)},
        "one: the limit of disk is in '/etc/on.conf'; did you mean '/etc/one.conf'",
    ),
    "what a tenant's path needs": (
        {"stands_in": (Station("volume I/O", "own", needs=("storage cluster",)),)},
        "one: stands in the path of 'volume I/O', which needs 'storage cluster'; name it in `wants` or `requires`",
    ),
    "what a tenant does": ({"stands_in": (Station(any_word("volume IO"), "any"),)}, "did you mean 'volume I/O'"),
    "what it can do without": ({"serves_without": ("cache",)}, "one: serves without 'cache', which it does not require"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_it_is_refused_when_the_registry_is_made(what: str) -> None:
    declared, says = WRONG[what]
    with pytest.raises(DeclarationError, match=says):
        Registry((one(**declared),))


def test_all_errors_come_at_once() -> None:
    with pytest.raises(DeclarationError, match=r"(?s)controler.*cahce"):
        Registry((one(roles=("controler",), provides=("cahce",)),))


def test_what_is_left_out_on_purpose_is_known_by_name() -> None:
    registry = services.registry().only({"host", "chrony", "firewall"})
    assert registry.require("host")
    assert not registry.require("galera")
    with pytest.raises(DeclarationError, match="there is no service 'hots'; did you mean 'host'"):
        registry.require("hots")


def test_members_of_a_service_that_does_not_exist_are_not_none() -> None:
    cloud = samples.cloud(samples.LAB)
    assert cloud.members("hypervisor") == ()
    assert cloud.members("rabbitmq") == ()
    with pytest.raises(DeclarationError, match="no service 'galerra'; did you mean 'galera'"):
        cloud.members("galerra")


def mutations(value: Any, rebuild: Callable[[Any], Service], where: str) -> Iterator[Mutation]:
    """Every name in a declaration, misspelt, one at a time."""
    if isinstance(value, tuple):
        for place, each in enumerate(value):

            def inside(new: Any, place: int = place) -> Service:
                return rebuild((*value[:place], new, *value[place + 1 :]))

            yield from mutations(each, inside, f"{where}[{place}]")
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            # A script with a source of its own may be called anything on the node.
            free = {"name"} if isinstance(value, Script) and value.source else FREE.get(type(value).__name__, set())
            if field.name not in free:

                def within(new: Any, name: str = field.name) -> Service:
                    return rebuild(dataclasses.replace(value, **{name: new}))

                yield from mutations(getattr(value, field.name), within, f"{where}.{field.name}")
    elif isinstance(value, str) and value:
        yield where, lambda: rebuild(f"{value}~")


def all_mutations() -> Iterator[Mutation]:
    for service in services.registry():
        yield from mutations(service, lambda new: new, service.name)


TWO_NODE = """
    name: lab
    networks:
      management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
    machines:
      controller: 2
      arbiter: 1
"""


ADMIN = {"/etc/openstack/clouds.yaml"}
"""Templates with the administrator's password; its scripts read it, too."""


def render(changed: Service) -> None:
    """A service in place of the one of that name, on a machine of each role that runs it."""
    if wrong := list(consistency.problems(changed)):
        raise DeclarationError("\n".join(wrong))  # as the registry does, which looks at all the others as well
    registry = Registry([changed if each.name == changed.name else each for each in services.registry()])
    cloud = samples.cloud(dedent(TWO_NODE) + composed.CHOSEN, registry)
    machines = {node.role: node for node in cloud.nodes if changed.name in node.services}
    for node in machines.values():
        own = registry[changed.name].on(node.role)
        secrecy.secret_names(cloud, node, files.service_files(cloud, node, own, services.TEMPLATES))


@pytest.mark.no_cover  # hundreds of renderings
def test_every_misspelt_name_of_every_declaration_is_refused() -> None:
    """By the registry; of templates' and scripts' names, when they are rendered."""
    tried, passed = 0, []
    for where, made in all_mutations():
        tried += 1
        try:
            render(made())
        except DeclarationError:
            continue
        passed.append(where)
    assert not passed, passed
    assert tried > 100


@pytest.mark.parametrize(
    ("service", "changes"),
    [
        ("keystone", lambda s: {"accounts": (replace(s.accounts[0], name="keyston"),)}),
        ("haproxy", lambda s: {"secrets": ()}),
        (
            "keystone",
            lambda s: {
                "files": tuple(f for f in s.files if getattr(f, "path", "") not in ADMIN),
                "secrets": s.secrets[1:],
            },
        ),
        ("rabbitmq", lambda s: {"hands_out": ()}),
    ],
    ids=["a schema", "a secret", "a script's secret", "users' passwords"],
)
def test_a_file_that_names_what_is_not_declared_is_refused(
    service: str, changes: Callable[[Service], dict[str, Any]]
) -> None:
    known = services.registry()[service]
    # Who has an account there says so first.
    with pytest.raises(DeclarationError, match=f"{service}: .* (names|reads) the secret|which no service hands out"):
        render(replace(known, **changes(known)))


@pytest.mark.parametrize("title", ["One: a service", "One's service", 'The "one"', "One\\two"])
def test_a_title_that_no_users_comment_can_be_is_refused(title: str) -> None:
    """systemd-sysusers refuses the file, so the node would get no user."""
    with pytest.raises(DeclarationError, match="is the comment of its users; write it without"):
        Registry([replace(one(users=("onee",)), title=title)])
    assert Registry([replace(one(), title=title)])


def test_a_group_that_nobody_makes_is_refused() -> None:
    declared = one(files=(Template("/etc/one.conf", checker="json", group="onee"),))
    with pytest.raises(DeclarationError, match=r"/etc/one\.conf has the group 'onee'; name it in `users`"):
        Registry([declared])
    assert Registry([replace(declared, users=("onee",))])
    assumed = Assumption("one", "user", "onee", reason="its daemon runs as that user")
    assert Registry([replace(declared, assumptions=(assumed,))])
    # Arbiters have other packages, and none of the users.
    arbiter = Arbiter(verify=Script("verify.sh"), files=declared.files)
    with pytest.raises(DeclarationError, match=r"one on arbiters: /etc/one\.conf has the group 'onee'"):
        Registry([replace(declared, users=("onee",), arbiter=arbiter)])


def test_a_time_may_be_in_a_computed_file() -> None:
    """Which files are computed is known with a cloud: the misspelt one is refused when they are made."""
    ceph = services.registry()["ceph"]
    (timer,) = (each for each in ceph.timers if each.name == "osd_heartbeat_interval")
    assert isinstance(timer, Timer)
    wrong = replace(
        ceph,
        timers=(*(each for each in ceph.timers if each is not timer), replace(timer, file="/etc/ceph/centrl.conf")),
    )
    with pytest.raises(
        DeclarationError, match=r"is in '/etc/ceph/centrl\.conf'; did you mean '/etc/ceph/central\.conf'"
    ):
        render(wrong)
