#!/bin/bash
# Joins the made-up database.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "$HACIENDA_ROOT/usr/lib/hacienda/lib.sh"

echo "join $HACIENDA_CLUSTER_ID" >>"$STATE/test-calls"
systemctl start beta.service beta-helper.service
