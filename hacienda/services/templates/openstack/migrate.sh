#!/bin/bash
# migrate.sh [--online]: migrates the schema on one node, before the first start of a release's code. With --online, once every node
# runs that code, migrates the data that is left.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

words=$MIGRATE
if [[ ${1:-} == --online ]]; then words=$MIGRATE_ONLINE; fi
[[ -n $words ]] || exit 0
read -r -a arguments <<<"$words"
runuser -u "$HACIENDA_SERVICE" -- \
    python3 "/usr/lib/hacienda/$HACIENDA_SERVICE/migrate.py" "$CONFIGURATION" "$MIGRATE_SECTION" "${arguments[@]}" >&2
