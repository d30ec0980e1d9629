#!/bin/bash
# HAProxy runs, and each single-writer front end has one writer. The result names backends that are down, but they are no fault of
# HAProxy, which starts before them.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

socket=/run/haproxy/admin.sock

statistics=$(socat -t 2 stdio "unix-connect:$socket" <<<"show stat -1 4 -1" 2>/dev/null) ||
    fail "HAProxy does not answer|journalctl -u haproxy on this node says why; haproxy -c -f /etc/haproxy/haproxy.cfg"

# backends NAME: prints lines `server status sessions`, from columns 1, 2, 18 and 5 of HAProxy's CSV.
backends() {
    awk -F, -v name="$1" '$1 == name { print $2, $18, $5 }' <<<"$statistics"
}

detail=""
for name in $BALANCED; do
    all=$(backends "$name")
    [[ -n $all ]] || fail "HAProxy has no front end $name|systemctl reload haproxy on this node"
    detail+="${detail:+, }$name $(grep -c ' UP' <<<"$all" || true)/$(wc -l <<<"$all")"
done
for name in $WRITERS; do
    busy=$(backends "$name" | awk '$3 > 0 { printf "%s%s", sep, $1; sep = " " }')
    [[ $busy != *" "* ]] ||
        fail "$name has several writers, $busy|after a healed partition: echo 'shutdown sessions server $name/NODE' | socat stdio $socket, for all but the one in 'show table $name'"
done
printf '%s\n' "${detail:-no front ends}"
