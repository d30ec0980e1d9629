#!/bin/bash
# Starts the arbitrator once a server is Primary: an arbitrator never founds the component, and has no data to recover.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

patience=600 # seconds until the unit fails with the reason, and systemd starts it again

systemctl start galera-watch.service
if ! systemctl is-active --quiet garb.service; then
    until primary=$(primary_servers) && [ -n "$primary" ]; do
        waiting "no server is Primary yet|hacienda-verify galera on ${SERVERS// /, }"
        [ "$SECONDS" -lt "$patience" ] || fail "$(cat "$reason_file")"
        sleep 1
    done
    # The donor is the server with the fewest clients, because a donor is not Synced for a moment.
    mkdir -p /run/hacienda
    echo "DONOR=${primary%%$'\n'*}," >/run/hacienda/garbd.env
    systemctl reset-failed garb.service 2>/dev/null || true
    systemctl start garb.service
fi
rm -f "$reason_file"
