#!/bin/bash
# reconcile.sh [--retire]: makes a schema for each file in /etc/hacienda/accounts/database, and the user that the file names. The
# password is the secret database/<user>. The server accepts a former password too, until --retire.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

python3 /usr/lib/hacienda/galera/accounts.py /etc/hacienda/accounts/database "$STATE/secrets/database" "$CLIENT_NETWORK" "$@"
log "schemas: $(find /etc/hacienda/accounts/database -type f -printf '%f ' 2>/dev/null)"
