#!/bin/bash
# Prevents two writers after a partition. A load balancer that was cut off still has the former writer in its table, and would
# replicate it once the network is repaired. So it forgets the writer when none of the servers answers it. If the table changes
# nevertheless while clients use another server, this script ends their sessions there once the table's server is up. Pools would
# keep those sessions for 600 s; now they connect again, to the writer.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

PAUSE=1 # seconds between two queries; one costs some milliseconds

socket=/run/haproxy/admin.sock

ask() {
    socat -t 2 stdio "unix-connect:$socket" <<<"$1" 2>/dev/null || true
}

# orders: prints commands for HAProxy, one a line. Columns 1, 2, 5 and 18 of its CSV are listener, server, sessions and status.
# A server with the status NOLB keeps its present clients.
orders() {
    local name commands=""
    for name in $WRITERS; do
        commands+="show table $name;"
    done
    ask "${commands}show stat -1 4 -1" | awk -F, '
        /^# table: / { table = substr($1, 10) }
        match($0, /server_key=[^ ]+/) { writer[table] = substr($0, RSTART + 11, RLENGTH - 11) }
        !($1 in writer) { next }
        $18 ~ /^(UP|NOLB)/ { up[$1] = 1 }
        $2 == writer[$1] { serves[$1] = $18 ~ /^(UP|NOLB)/ }
        $2 != writer[$1] && $5 > 0 { beside[$1 "/" $2] = $1 }
        END {
            for (name in writer) if (!(name in up)) print "clear table " name
            for (server in beside) if (serves[beside[server]]) print "shutdown sessions server " server
        }'
}

[[ -n $WRITERS ]] || exec sleep infinity
while sleep "$PAUSE"; do
    orders | while read -r order; do
        log "$order"
        ask "$order" >/dev/null
    done
done
