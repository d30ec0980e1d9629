"""QUEUE: message queues without replicas."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

_MEANT = ("rabbit_quorum_queue", "rabbit_transient_quorum_queue")
"""What oslo.messaging needs to be told; both are false by default."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each server or client whose rendered configuration asks for queues with one copy."""
    provider = subject.cloud.provider("message queue")
    if provider is None or len(subject.cloud.members(provider.name)) < 2:
        return
    for service, file in subject.configurations():
        if service is provider and file.path.endswith("/rabbitmq.conf"):
            kind = reading.pairs(file.text).get("default_queue_type", "classic")
            if kind != "quorum":
                reason = (
                    f"{file.path}: the default queue type is {kind}: each queue lives on one machine and dies with it."
                )
                yield Observation(f"services.{service.name}", reason, concerns=(service.name,))
        elif "[oslo_messaging_rabbit]" in file.text:
            section = reading.ini(file.text)["oslo_messaging_rabbit"]
            missing = [key for key in _MEANT if section.get(key, "").lower() != "true"]
            if missing:
                reason = (
                    f"{file.path}: {' and '.join(missing)} not set: {service.name}'s queues live on one machine each."
                )
                yield Observation(f"services.{service.name}", reason, concerns=(service.name,))


rule = Rule(
    id="QUEUE",
    title="Message queues without replicas",
    severity="error",
    reason="A classic queue lives on one machine; mirrored ones are gone since RabbitMQ 4. Losing the machine loses requests "
    "under way: builds hang, computes go deaf.",
    fix="Quorum queues on the server and in every client.",
    find=_find,
)
