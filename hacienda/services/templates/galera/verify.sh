#!/bin/bash
# This server is Primary and Synced, and all members are there. With --local, absent members are no fault.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

if ! running; then
    cat "$reason_file" 2>/dev/null || echo "mariadbd is not running|journalctl -u hacienda-galera -u mariadb"
    exit 1
fi
answered="" status="" state="" comment="" size=0
while IFS=$'\t' read -r name value; do
    answered=yes
    case $name in
        wsrep_cluster_status) status=$value ;;
        wsrep_local_state) state=$value ;;
        wsrep_local_state_comment) comment=$value ;;
        wsrep_cluster_size) size=$value ;;
    esac
done < <(sql "SHOW GLOBAL STATUS LIKE 'wsrep_%'" 2>/dev/null || true)
want=$(member_names | wc -l)
# The health checker's answer to the load balancers: a healthy server without clients is a fault too.
own=$(member_address "$HACIENDA_NODE")
ready=$(peer_field "$own" ready)

if [ -z "$answered" ]; then
    echo "mariadbd does not answer within 4 s|journalctl -u mariadb"
elif [ "$status" != Primary ]; then
    echo "component is $status, not Primary|hacienda-verify galera on the other members"
elif [ "$state" != 4 ]; then
    echo "state is $comment, not Synced|journalctl -u mariadb"
elif [ "$size" != "$want" ] && [ "${1:-}" != --local ]; then
    echo "$size of $want members in the cluster|hacienda-verify galera on the missing ones"
elif [ "$ready" != true ]; then
    reason=$(peer_field "$own" reason)
    echo "load balancers send no clients here: ${reason:-the health checker does not answer}|journalctl -u mariadb -u galera-check; if it lasts: systemctl restart mariadb"
else
    echo "Primary, Synced, $size/$want"
    exit 0
fi
exit 1
