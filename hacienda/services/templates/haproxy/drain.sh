#!/bin/bash
# After a reload the former process finishes its connections, but no longer checks its backends. Its clients would stay with a dead
# machine, or with a database that is no longer the writer. While such a process exists, this script ends those of its connections
# that the new process would end.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

START=5 # seconds until HAProxy lists the former process as such

ask() {
    socat -t 2 stdio "unix-connect:$1" <<<"$2" 2>/dev/null || true
}

former_processes() {
    ask /run/haproxy-master.sock "show proc" | awk '/^#/ { former = /^# old workers/; next } former && $2 == "worker" { print $1 }'
}

# lost_servers: prints lines `listener/server`: servers that are down, and servers of a single-writer listener that are not its writer.
lost_servers() {
    local statistics name writer
    statistics=$(ask /run/haproxy/admin.sock "show stat -1 4 -1")
    awk -F, '$18 ~ /^DOWN/ { print $1 "/" $2 }' <<<"$statistics"
    for name in $WRITERS; do
        writer=$(ask /run/haproxy/admin.sock "show table $name" | sed -n 's/.*server_key=//p')
        [[ -z $writer ]] || awk -F, -v name="$name" -v writer="$writer" '$1 == name && $2 != writer { print $1 "/" $2 }' <<<"$statistics"
    done
}

# end_sessions PROCESS SERVERS: ends them one by one, because a former process refuses `shutdown sessions server` ("Proxy is disabled").
end_sessions() {
    local line server session
    while read -r line; do
        server=$(sed -n 's/.* be=\([^ ]*\) srv=\([^ ]*\) .*/\1\/\2/p' <<<"$line")
        if [[ -z $server ]] || ! grep -Fqx "$server" <<<"$2"; then continue; fi
        session=${line%%:*}
        log "ending a connection to $server"
        ask /run/haproxy-master.sock "@!$1 shutdown session $session" >/dev/null
    done < <(ask /run/haproxy-master.sock "@!$1 show sess")
}

processes=""
while ((SECONDS < START)) || [[ -n $processes ]]; do
    lost=$(lost_servers)
    if [[ -n $lost ]]; then
        for process in $processes; do
            end_sessions "$process" "$lost"
        done
    fi
    sleep 1
    processes=$(former_processes)
done
