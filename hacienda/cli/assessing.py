"""What an assessment looks at beside the environment itself: the project's other environments and the store."""

from __future__ import annotations

from pathlib import Path

from hacienda import assess
from hacienda.cloud import Cloud


def subject(cloud: Cloud, path: Path) -> assess.Subject:
    """An environment as rules look at it.

    Args:
        cloud: the resolved cloud.
        path: its file.
    """
    return assess.Subject(cloud, assess.today())
