#!/bin/bash
# reconcile.sh [--retire]: one schema and one user per file in /etc/hacienda/databases; the password is the secret
# database/<name>. A former password is accepted, too, until --retire.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

python3 /usr/lib/hacienda/galera/accounts.py /etc/hacienda/databases "$STATE/secrets/database" "$CLIENT_NETWORK" "$@"
log "databases: $(find /etc/hacienda/databases -type f -printf '%f ' 2>/dev/null)"
