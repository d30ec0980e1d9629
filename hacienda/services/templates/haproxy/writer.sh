#!/bin/bash
# Keeps two writers from standing side by side after a partition. The load balancer that was cut off still has the former
# writer in its table and would tell the others when the network is whole again: so it forgets the writer when none of the
# servers answers it. Should the table change all the same while clients work with another server, their sessions there are
# ended as soon as the one in the table is up: pools keep theirs for 600 s. They connect again, to the writer.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

PAUSE=1 # seconds between two looks; one costs some milliseconds

socket=/run/haproxy/admin.sock

ask() {
    socat -t 2 stdio "unix-connect:$socket" <<<"$1" 2>/dev/null || true
}

# orders: what HAProxy has to be told, a line each. Columns 1, 2, 5 and 18 of its CSV: listener, server, sessions, status.
# NOLB: keeps the clients it has.
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
