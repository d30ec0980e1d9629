#!/bin/bash
# Notes who left; a check refuses for ctl-9.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "$HACIENDA_ROOT/usr/lib/hacienda/lib.sh"

if [[ $1 == --check ]]; then
    [[ $2 != ctl-9 ]] || fail "1 of 3 members would stay|repair another one first"
    echo "2 of 3 members stay"
    exit 0
fi
echo "$1" >>"$STATE/test-left"
