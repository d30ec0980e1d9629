#!/bin/bash
# migrate.sh [--online]: before the first start of a release's code, on one node: the schema; --online, when every node runs that code:
# what is left of the data.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

words=$MIGRATE
if [[ ${1:-} == --online ]]; then words=$MIGRATE_ONLINE; fi
[[ -n $words ]] || exit 0
read -r -a arguments <<<"$words"
runuser -u "$HACIENDA_SERVICE" -- \
    python3 "/usr/lib/hacienda/$HACIENDA_SERVICE/migrate.py" "$CONFIGURATION" "$MIGRATE_SECTION" "${arguments[@]}" >&2
