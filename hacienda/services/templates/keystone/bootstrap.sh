#!/bin/bash
# Fills the database and makes the administrator, once per environment; then starts the API on this node. Prints the id of the
# administrator's project as its last line.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

# Migrations may take longer than a query of the API may.
unlimited() {
    local url
    url=$(sed -n 's/^connection = //p' /etc/keystone/keystone.conf | sed 's/&read_timeout=[0-9]*&write_timeout=[0-9]*//')
    OS_DATABASE__CONNECTION="$url" runuser -u keystone -- "$@"
}

python3 /usr/lib/hacienda/keystone/await_database.py 300 ||
    fail "Keystone cannot log in to its database|hacienda-verify galera haproxy keepalived"
unlimited keystone-manage db_sync >&2
# The password travels in the environment: an argument would show in the process list.
OS_BOOTSTRAP_PASSWORD=$(cat "$(secret keystone/admin)") unlimited keystone-manage bootstrap \
    --bootstrap-region-id "$HACIENDA_REGION" \
    --bootstrap-public-url "$PUBLIC_URL" \
    --bootstrap-internal-url "$INTERNAL_URL" >&2
systemctl start keystone.service
echo "$HACIENDA_ENVIRONMENT"
