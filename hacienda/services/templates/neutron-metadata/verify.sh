#!/bin/bash
# verify.sh [--local]: the agent answers on this node. Without --local it also asks whether Nova's metadata API answers at the virtual
# IP.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

for unit in $HACIENDA_UNITS; do
    systemctl --quiet is-active "$unit" ||
        fail "$unit is not running|journalctl -u hacienda-neutron-metadata -u $unit on this node"
done
# No network has this identifier, so the agent answers "not found" once it has the southbound database.
code=$(curl --silent --output /dev/null --max-time 5 --unix-socket "$METADATA_SOCKET" --write-out '%{http_code}' \
    --header "X-Forwarded-For: 192.0.2.1" --header "X-OVN-Network-ID: 00000000-0000-0000-0000-000000000000" \
    http://metadata/) || code=000
[[ $code == 404 ]] ||
    fail "the metadata agent does not answer|see hacienda-verify ovn on the controllers, and journalctl -u neutron-metadata on this node"
if [[ ${1:-} != --local ]]; then
    curl --silent --fail --output /dev/null --max-time 10 --cacert /etc/neutron-metadata/identity/ca.pem "$METADATA_URL" ||
        fail "Nova's metadata API does not answer at $METADATA_URL|see hacienda-verify nova haproxy keepalived on the controllers"
fi
echo "the metadata agent answers"
