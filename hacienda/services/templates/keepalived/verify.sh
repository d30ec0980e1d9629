#!/bin/bash
# keepalived and HAProxy run, and each virtual IP answers, here or elsewhere. To see whether several nodes hold one, compare the
# nodes' answers.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

systemctl --quiet is-active keepalived.service ||
    fail "keepalived does not run|journalctl -u keepalived on this node says why"
code=0
/usr/lib/hacienda/keepalived/check-haproxy.sh "$HEALTH_PORT" 2>/dev/null || code=$?
case $code in
    0) ;;
    2) fail "cut off: HAProxy here reaches neither a writer nor most of the load balancers, so this node takes no virtual IP|see the network between this node and the others; hacienda-verify haproxy on them" ;;
    *) fail "HAProxy does not answer, so this node takes no virtual IP|see hacienda-verify haproxy" ;;
esac

detail=""
for address in $VIRTUAL_IPS; do
    if [[ -n $(ip -json -4 address show to "$address" | jq '.[0].ifname // empty') ]]; then
        detail+="${detail:+, }holds $address"
    else
        ping -q -c 1 -W 1 "$address" >/dev/null ||
            fail "no node holds $address|journalctl -u keepalived on the controllers says why"
        detail+="${detail:+, }backup"
    fi
done
printf '%s\n' "${detail:-no virtual IP}"
