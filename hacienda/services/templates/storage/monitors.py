"""Commands for Ceph's monitors, in this process: the command line tool takes a second to start."""

from __future__ import annotations

import json
from typing import Any

import rados

CONNECT_SECONDS = 10
COMMAND_SECONDS = 20


class MonitorsError(Exception):
    """The monitors did not answer, or refused a command."""


class Monitors:
    """A connection to the monitors' quorum.

    Args:
        configuration: path of ceph.conf.
        entity: name of the user, like `client.admin`.
        keyring: path of the file with its key.
    """

    def __init__(self, configuration: str, entity: str, keyring: str) -> None:
        waits = {"client_mount_timeout": str(CONNECT_SECONDS), "rados_mon_op_timeout": str(COMMAND_SECONDS)}
        # The program prints its own errors.
        quiet = {"log_to_stderr": "false", "err_to_stderr": "false"}
        self._cluster = rados.Rados(name=entity, conffile=configuration, conf={"keyring": keyring, **waits, **quiet})
        try:
            self._cluster.connect(timeout=CONNECT_SECONDS)
        except rados.Error as error:
            raise MonitorsError(f"no quorum of monitors answers {entity}: {error}") from error

    def say(self, prefix: str, data: bytes = b"", **arguments: Any) -> bytes:
        """The monitors' answer to a command."""
        code, answer, said = self._sent(self._cluster.mon_command, prefix, data, arguments)
        if code != 0:
            raise MonitorsError(f"{prefix}: {said or code}")
        return answer

    def ask(self, prefix: str, data: bytes = b"", **arguments: Any) -> Any:
        """The monitors' answer to a command, from JSON."""
        return json.loads(self.say(prefix, data, format="json", **arguments) or b"null")

    def ask_manager(self, prefix: str, **arguments: Any) -> Any:
        """The active manager's answer to a command, from JSON. A "no" is an answer, too."""
        code, answer, said = self._sent(self._cluster.mgr_command, prefix, b"", {**arguments, "format": "json"})
        if code != 0 and not answer:
            raise MonitorsError(f"{prefix}: {said or code}")
        return json.loads(answer or b"null")

    @staticmethod
    def _sent(send: Any, prefix: str, data: bytes, arguments: dict[str, Any]) -> tuple[int, bytes, str]:
        try:
            code, answer, said = send(json.dumps({"prefix": prefix, **arguments}), data, timeout=COMMAND_SECONDS)
        except rados.Error as error:
            raise MonitorsError(f"{prefix}: {error}") from error
        return code, bytes(answer), said
