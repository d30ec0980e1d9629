#!/bin/bash
# Fills the database and makes the administrator, once for each environment, then starts the API on this node. Prints the
# environment's name as its last line.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

# Pass the password in the environment, because the process list shows arguments.
OS_BOOTSTRAP_PASSWORD=$(cat "$(secret keystone/admin)") runuser -u keystone -- \
    python3 /usr/lib/hacienda/keystone/found.py \
    --bootstrap-region-id "$HACIENDA_REGION" \
    --bootstrap-public-url "$PUBLIC_URL" \
    --bootstrap-internal-url "$INTERNAL_URL" >&2
# Do not wait: the other nodes start their APIs once this script ends. verify.sh checks that this one answers.
systemctl start --no-block keystone.service
echo "$HACIENDA_ENVIRONMENT"
