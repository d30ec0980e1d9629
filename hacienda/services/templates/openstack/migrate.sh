#!/bin/bash
# migrate.sh [--online]: before the first start of a release's code, on one node: the schema; --online, when every node runs that code:
# what is left of the data.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

words=$MIGRATE
if [[ ${1:-} == --online ]]; then words=$MIGRATE_ONLINE; fi
[[ -n $words ]] || exit 0
program=/usr/lib/hacienda/$HACIENDA_SERVICE/migrate.py
IFS=, read -r -a commands <<<"$words"
for command in "${commands[@]}"; do
    read -r -a arguments <<<"$command"
    runuser -u "$HACIENDA_SERVICE" -- python3 "$program" "$CONFIGURATION" "$MIGRATE_SECTION" "${arguments[@]}" >&2
done
