"""LEAK: a secret where others can read it."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloudinit.userdata import user_data
from hacienda.declare import SecretDirectory, SecretFile

_OTHERS = 0o007
"""Permission bits of users who are neither the owner nor in the group."""
_SIGNS = ("@{secret:", "PRIVATE KEY", "AGE-SECRET-KEY")
"""Text that shows a secret or its placeholder."""


def _find(subject: Subject) -> Iterator[Observation]:
    """Observations about user-data, files of secrets, and the connection to Terraform's state. No value of a secret is read."""
    cloud = subject.cloud
    for role in sorted({node.role for node in cloud.nodes}):
        node = cloud.role(role)[0]
        if any(sign in user_data(cloud, node, "") for sign in _SIGNS):
            reason = f"the user-data of {role} machines holds a secret: the platform shows it to anyone who reads its metadata."
            yield Observation(f"machines.{role}", reason, concerns=(role,))
    for service in cloud.services:
        for file in service.files:
            if isinstance(file, SecretFile | SecretDirectory) and file.mode & _OTHERS:
                reason = f"every user of the machine can read {service.name}'s {file.path} (mode {file.mode:04o})."
                fix = f"Declare it with mode {file.mode & ~_OTHERS:04o}."
                yield Observation(f"services.{service.name}", reason, fix, concerns=(service.name,))
    for option, value in sorted(cloud.state.options.items()):
        if isinstance(value, str) and value.startswith("http://"):
            reason = f"Terraform's state, and the credentials to change it, are sent to {value} unencrypted."
            yield Observation(f"state.options.{option}", reason, "Use https.", concerns=("state",))


rule = Rule(
    id="LEAK",
    title="A secret where others can read it",
    severity="error",
    reason="Anyone who reads one cookie or password of a cloud controls its messages or its database. Many people read user-data, "
    "plans and state.",
    fix="Declare it as a secret of the service: user-data and plans then hold only its file path.",
    find=_find,
)
