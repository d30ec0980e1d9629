"""LBSINGLE: customers' load balancers of one machine each."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each rendered configuration of an amphora controller that makes single ones, its default."""
    for service, file in subject.configurations():
        if "[controller_worker]" not in file.text:
            continue
        topology = reading.ini(file.text)["controller_worker"].get("loadbalancer_topology", "SINGLE")
        if topology.upper() == "SINGLE":
            reason = (
                f"{file.path}: each load balancer is one instance, and a dead compute takes all of those on it down."
            )
            yield Observation(f"services.{service.name}", reason, concerns=(service.name,))


rule = Rule(
    id="LBSINGLE",
    title="Load balancers of one instance each",
    severity="warning",
    reason="A customer who orders a load balancer expects it to outlive a machine. Octavia's default makes one instance; it is "
    "built anew when its compute is found dead, minutes later.",
    fix="`loadbalancer_topology = ACTIVE_STANDBY` in `[controller_worker]`.",
    find=_find,
)
