#!/bin/bash
# The arbitrator runs, the servers count it, and all members are there. With --local, absent members are no fault. garbd answers no
# queries, so the script asks the servers' health checkers.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

if ! systemctl is-active --quiet garb.service; then
    cat "$reason_file" 2>/dev/null || echo "garbd is not running|journalctl -u hacienda-galera -u garb"
    exit 1
fi
component
want=$(member_names | wc -l)

if [ "$serving" = 0 ]; then
    echo "no server is Primary|hacienda-verify galera on ${SERVERS// /, }"
elif [ "$size" -le "$serving" ]; then
    echo "garbd is not in the servers' component|journalctl -u garb"
elif [ "$size" != "$want" ] && [ "${1:-}" != --local ]; then
    echo "$size of $want members in the cluster|hacienda-verify galera on the missing ones"
elif ! systemctl is-active --quiet galera-watch.service; then
    echo "the watchdog is not running|systemctl restart galera-watch"
else
    echo "votes, $size/$want"
    exit 0
fi
exit 1
