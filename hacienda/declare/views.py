"""Types of what a declaration's functions are given: the resolved cloud, and one of its machines.

Type checkers read them from `hacienda.cloud`. At run time nothing of it is imported, because a cloud consists of declarations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hacienda.cloud.model import Cloud, Node
else:
    Cloud = Node = Any

__all__ = ["Cloud", "Node"]
