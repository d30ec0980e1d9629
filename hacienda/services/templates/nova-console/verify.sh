#!/bin/bash
# verify.sh [--local]: this node's proxy serves noVNC's page. Without --local it also looks up a token, which takes the database.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

for unit in $HACIENDA_UNITS; do
    systemctl is-active --quiet "$unit" || fail "$unit is not running|journalctl -u hacienda-nova-console -u $unit"
done
page="https://$CONSOLE_ADDRESS:$CONSOLE_PORT/$CONSOLE_PAGE"
curl --silent --fail --output /dev/null --max-time 5 --cacert "$TLS/ca.pem" "$page" ||
    fail "the proxy does not serve $page yet|journalctl -u hacienda-nova-console -u nova-console"
if [[ ${1:-} != --local ]]; then
    said=$(timeout 18 python3 /usr/lib/hacienda/nova-console/ask.py "$CONSOLE_ADDRESS" "$CONSOLE_PORT" "$TLS/ca.pem") ||
        fail "${said:-the proxy does not answer within 18 s|journalctl -u nova-console}"
fi
echo "the proxy serves consoles"
