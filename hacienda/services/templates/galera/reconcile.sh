#!/bin/bash
# reconcile.sh [--retire]: one schema per file in /etc/hacienda/accounts/database, and the user that it names; the password is the
# secret database/<user>. A former password is accepted, too, until --retire.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

python3 /usr/lib/hacienda/galera/accounts.py /etc/hacienda/accounts/database "$STATE/secrets/database" "$CLIENT_NETWORK" "$@"
log "schemas: $(find /etc/hacienda/accounts/database -type f -printf '%f ' 2>/dev/null)"
