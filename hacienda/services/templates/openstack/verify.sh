#!/bin/bash
# verify.sh [--local]: checks that this node's API answers a request with a token, which needs its database, the cache and Keystone.
# Then reports what the release's own check said; with --local it does not.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

service=$HACIENDA_SERVICE
for unit in $HACIENDA_UNITS; do
    systemctl is-active --quiet "$unit" || fail "${unit%.service} is not running|journalctl -u hacienda-$service -u $unit"
done
# Send no request while the API still loads: nodes that start Python every second only to get a 503 slow down the loading ones.
for url in "$LOCAL_URL" ${FURTHER_URLS:-}; do
    curl --silent --fail --output /dev/null --max-time 5 --cacert "/etc/$service/tls/ca.pem" "$url/healthcheck" ||
        fail "$service does not answer at $url yet|journalctl -u hacienda-$service -u $API_UNIT"
done
answer=$(timeout 18 python3 "/usr/lib/hacienda/$service/ask.py" "$service" "$AUTH_URL" "$LOCAL_URL$VERIFY_PATH" "$IDENTITY_USER" "$IDENTITY_PASSWORD") ||
    fail "${answer:-$service does not answer a request with a token within 18 s|journalctl -u $API_UNIT}"
# Nothing waits for the release's own check, least of all a start.
if [[ ${1:-} != --local ]]; then answer+=$("/usr/lib/hacienda/$service/upgrade-check.sh" --said); fi
echo "$answer"
