"""BACKUP: the only copy."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation about the keys, one about the data. A lab needs no backup, because it can be made again."""
    cloud = subject.cloud
    if subject.lab:
        return
    if cloud.secrets.backend == "file":
        reason = "every key of the cloud is in one folder of one machine: if it is lost, nobody can change the cloud any more."
        fix = "Use `backend: age` and commit the encrypted file, or accept this once the folder is backed up elsewhere."
        yield Observation("secrets.backend", reason, fix, concerns=("keys",))
    database = subject.cloud.provider("database")
    if database is not None and subject.cloud.provider("backup") is None:
        reason = f"nothing here backs up {database.name}: replicas repeat a wrong DELETE within milliseconds."
        fix = "Back it up every night from outside, to another site, and accept this."
        yield Observation("machines", reason, fix, concerns=("data", database.name))


rule = Rule(
    id="BACKUP",
    title="Keys or data without a copy elsewhere",
    severity="warning",
    reason="Replicas protect from machines that fail, but not from mistakes, fire and theft. Only a copy on another site and a "
    "tested restore do.",
    fix="Keep a copy on another site, and test the restore.",
    find=_find,
)
