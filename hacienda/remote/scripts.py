"""Scripts that run on a node: POSIX shell, as root. HACIENDA_ROOT is empty on a real node. docs/bundles.md describes
the node's side."""

from __future__ import annotations

_PLACES = 'state="${HACIENDA_ROOT:-}/var/lib/hacienda"; programs="${HACIENDA_ROOT:-}/usr/lib/hacienda"\n'

GREET = """
if command -v cloud-init >/dev/null 2>&1; then
  timeout 15 cloud-init status --wait >/dev/null 2>&1
  if [ $? -eq 124 ]; then echo booting; exit 0; fi
fi
echo ready
"""
"""Waits up to 15 s for the first boot to end; prints `booting` or `ready`. A failed first boot is also ready: the
installation of the bundle then shows what is missing."""

RECEIVE = f"""{_PLACES}
set -eu
umask 077
(umask 022 && mkdir -p "$state")
mkdir -p "$state/incoming"
find "$state/incoming" -mindepth 1 -maxdepth 1 -mmin +60 -exec rm -rf {{}} +
new=$(mktemp -d -p "$state/incoming")
trap 'rm -rf "$new"' EXIT
tar -x -f - -C "$new"
test -e "$new/complete"
mkdir "$new/bundle"
tar -x -z -f "$new/bundle.tar.gz" -C "$new/bundle"
trap - EXIT
basename "$new"
"""
"""Unpacks a tar stream into a folder of incoming/, all of it or nothing; prints the folder's name."""


def start(delivery: str) -> str:
    """Start the installation of a delivery, and return at once.

    It runs in a transient unit, so it survives a lost connection and a killed Terraform.
    """
    return f"""{_PLACES}
set -eu
if systemctl is-active --quiet hacienda-install-{delivery}.service || [ -e "$state/incoming/{delivery}.code" ]; then exit 0; fi
systemd-run --quiet --collect --unit=hacienda-install-{delivery} /bin/sh -c '
  "$0/bundle/bin/hacienda-apply" install --json --from "$0" >"$0.json" 2>"$0.log"
  echo $? >"$0.new"
  rm -rf "$0"
  mv "$0.new" "$0.code"
' "$state/incoming/{delivery}"
"""


def wait(delivery: str) -> str:
    """Wait up to 15 s for the end of an installation.

    Prints `running`, `lost` (the machine has restarted), or `ended <exit status>`. Below the last it prints the status,
    or the last lines of the log if the installation failed.
    """
    return f"""{_PLACES}
end="$state/incoming/{delivery}"
turn=0
while [ ! -e "$end.code" ]; do
  if ! systemctl is-active --quiet hacienda-install-{delivery}.service; then
    sleep 0.2
    if [ -e "$end.code" ]; then break; fi
    echo lost; exit 0
  fi
  turn=$((turn + 1)); if [ "$turn" -gt 75 ]; then echo running; exit 0; fi
  sleep 0.2
done
code=$(cat "$end.code")
echo "ended $code"
if [ "$code" = 0 ]; then cat "$end.json"; else tail -n 20 "$end.log"; fi
rm -f "$end.code" "$end.json" "$end.log"
"""


STATUS = f"""{_PLACES}
if [ ! -x "$programs/hacienda-apply" ]; then echo null; exit 0; fi
exec "$programs/hacienda-apply" status --json
"""
"""Prints the installation as JSON; `null`: nothing was ever installed."""

DIAGNOSE = f"""{_PLACES}
if [ ! -x "$programs/hacienda-diagnose" ]; then echo null; exit 0; fi
"$programs/hacienda-diagnose" --json || [ $? = 1 ]
"""
"""Prints the faults of the machine itself as JSON; `null`: the program that reports them is not installed."""

CLUSTER = f"""{_PLACES}
if [ -e "$state/cluster.json" ]; then cat "$state/cluster.json"; else echo '{{}}'; fi
"""
"""Prints the recorded cluster ids of the node."""


def program(name: str, *arguments: str) -> str:
    """Runs one of the node's own programs. Arguments must be shell words: names of nodes, services and options."""
    return f'{_PLACES}exec "$programs/{name}" {" ".join(arguments)}\n'


def journal(service: str, lines: int) -> str:
    """Prints the last lines of a service's journal."""
    return f"journalctl --no-pager --quiet --output=cat --unit=hacienda-{service}.service --lines={lines}\n"
