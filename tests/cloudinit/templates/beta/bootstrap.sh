#!/bin/bash
# Founds the made-up database.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "$HACIENDA_ROOT/usr/lib/hacienda/lib.sh"

echo "founding"
echo bootstrap >>"$STATE/test-calls"
systemctl start beta.service beta-helper.service
echo "id-of-$HACIENDA_NODE"
