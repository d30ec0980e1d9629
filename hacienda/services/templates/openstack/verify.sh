#!/bin/bash
# verify.sh [--local]: checks that this node's API answers a request with a token, which needs its database, the cache and Keystone.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

service=$HACIENDA_SERVICE
if ! systemctl is-active --quiet "$service.service"; then
    echo "$service is not running|journalctl -u hacienda-$service -u $service"
    exit 1
fi
# Send no request while the API still loads: nodes that start Python every second only to get a 503 slow down the loading ones.
curl --silent --fail --output /dev/null --max-time 5 --cacert "/etc/$service/tls/ca.pem" "$LOCAL_URL/healthcheck" || {
    echo "$service does not answer on this node yet|journalctl -u $service"
    exit 1
}
answer=$(timeout 18 python3 "/usr/lib/hacienda/$service/ask.py" "$service" "$AUTH_URL" "$LOCAL_URL$VERIFY_PATH" "$IDENTITY_USER" "$IDENTITY_PASSWORD") || {
    echo "${answer:-$service does not answer a request with a token within 18 s|journalctl -u $service}"
    exit 1
}
echo "$answer"
