#!/bin/bash
# Healthy unless a file in the state folder says otherwise.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "$HACIENDA_ROOT/usr/lib/hacienda/lib.sh"

said=$STATE/test-$HACIENDA_SERVICE
[[ ! -e $said ]] || fail "$(<"$said")"
echo "all is well with $HACIENDA_SERVICE"
