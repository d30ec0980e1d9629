# shellcheck shell=bash
# Shared functions of Ceph's scripts on controllers. Sourced after lib.sh.

STORE=/var/lib/ceph/mon/ceph-$HACIENDA_NODE
MADE=$STORE/hacienda.made # the store is complete
FOUNDING=/etc/ceph/founding.keyring
SOCKET=/run/ceph/ceph-mon.$HACIENDA_NODE.asok

# ceph_now ARGUMENTS...: a command to the quorum with the monitors' own key, which no rotation of the administrator's key affects.
# Fails within seconds if there is no quorum.
ceph_now() {
    timeout --kill-after=1 20 ceph --name mon. --keyring "$FOUNDING" --connect-timeout 8 "$@"
}

# monitor_status: what this node's monitor says of itself, as JSON.
monitor_status() {
    run_as ceph python3 /usr/lib/hacienda/ceph/admin_socket.py "$SOCKET" mon_status 2>/dev/null
}

# in_quorum: whether this node's monitor is in the quorum.
in_quorum() {
    [[ $(monitor_status | jq --raw-output .state) =~ ^(leader|peon)$ ]]
}

has_store() {
    [[ -e $MADE ]]
}
