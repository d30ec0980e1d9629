#!/bin/bash
# Reconciles the made-up database.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "$HACIENDA_ROOT/usr/lib/hacienda/lib.sh"

echo reconcile >>"$STATE/test-calls"
