#!/bin/bash
# Fills the database and makes the administrator, once per environment; then starts the API on this node. Prints the id of the
# administrator's project as its last line.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

# The password travels in the environment: an argument would show in the process list.
OS_BOOTSTRAP_PASSWORD=$(cat "$(secret keystone/admin)") runuser -u keystone -- \
    python3 /usr/lib/hacienda/keystone/found.py \
    --bootstrap-region-id "$HACIENDA_REGION" \
    --bootstrap-public-url "$PUBLIC_URL" \
    --bootstrap-internal-url "$INTERNAL_URL" >&2
# Not waited for here: the other nodes start theirs as soon as this script is done. That ours answers, verify.sh finds out.
systemctl start --no-block keystone.service
echo "$HACIENDA_ENVIRONMENT"
