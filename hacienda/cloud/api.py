"""Names of the APIs at the virtual IPs, and the certificate of the public name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hacienda.cloud.network import VirtualIp
from hacienda.cloud.networks import domain
from hacienda.cloud.node import Node
from hacienda.cloud.problem_list import ProblemList
from hacienda.cloud.settings import OwnCertificate
from hacienda.declare import Scope
from hacienda.environment.model import Environment


def named(environment: Environment, vips: Sequence[VirtualIp], problems: ProblemList) -> tuple[VirtualIp, ...]:
    """The virtual IPs with the names that the environment gives them."""
    given: dict[Scope, str | None] = {"internal": environment.api.internal_name, "public": environment.api.public_name}
    for scope, name in given.items():
        if name is not None and not vips:
            fix = "Add `vip:` to the management network. Or remove the name: clients then use the machine's own name."
            problems.add(("api", f"{scope}_name"), "has no virtual IP to name", fix, name)
    found = tuple(_named(vip, given) for vip in vips)
    _distinct(environment, found, problems)
    return found


def _named(vip: VirtualIp, given: dict[Scope, str | None]) -> VirtualIp:
    hostname = given[vip.scopes[0]] or vip.hostname
    public = given["public"] if "public" in vip.scopes and given["public"] != hostname else None
    return replace(vip, hostname=hostname, public_name=public or "")


def _distinct(environment: Environment, vips: Sequence[VirtualIp], problems: ProblemList) -> None:
    internal, public = (next((vip for vip in vips if scope in vip.scopes), None) for scope in ("internal", "public"))
    certificate = environment.api.certificate
    if internal is None or public is None:
        if certificate is not None and not vips:
            problems.add(("api", "certificate"), "needs a virtual IP, and there is none", "Add `vip:` to a network.")
        return
    same = internal.name_for("internal") == public.name_for("public")
    if same and internal is not public:
        where = "public_name" if environment.api.public_name else "internal_name"
        problems.add(("api", where), "is the name of both virtual IPs", "Give each a name of its own.", public.hostname)
    elif same and certificate is not None:
        fix = "Add `public_name:`. Machines keep the internal name and the environment's own CA."
        problems.add(("api", "certificate"), "is for the public name, which here is the internal name", fix)


def check(environment: Environment, nodes: Sequence[Node], problems: ProblemList) -> None:
    """Reports names of the APIs that are also names of machines."""
    machines = {f"{node.name}.{domain(environment)}": node.name for node in nodes}
    for scope in ("internal", "public"):
        name = getattr(environment.api, f"{scope}_name")
        if name in machines:
            problems.add(("api", f"{scope}_name"), f"is the name of {machines[name]}", "Choose another name.", name)


def certificate(environment: Environment) -> OwnCertificate | None:
    """The certificate for the public name that another authority signed; None: the environment's CA signs it."""
    given = environment.api.certificate
    return None if given is None else OwnCertificate(given.chain, given.key, given.authority)
