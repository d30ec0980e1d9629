#!/bin/bash
# shellcheck disable=SC2034 # the scripts that source it use them
# What the Galera scripts share; sourced, not run.

datadir=/var/lib/mysql
reason_file=/run/hacienda/galera.reason
blank=00000000-0000-0000-0000-000000000000
positions=/hacienda/galera/position

sql() { # QUERY: as root over the Unix socket, which a hung server cannot hold longer than 4 s
    timeout 4 mariadb --no-defaults --socket=/run/mysqld/mysqld.sock --batch --skip-column-names -e "$1"
}

wsrep() { # VARIABLE: value of a status variable, empty when the server does not answer
    sql "SHOW GLOBAL STATUS LIKE 'wsrep_$1'" 2>/dev/null | cut -f2
}

primary() {
    [ "$(wsrep cluster_status)" = Primary ]
}

synced() {
    primary && [ "$(wsrep local_state)" = 4 ]
}

running() {
    systemctl is-active --quiet mariadb.service
}

peer_field() { # ADDRESS FIELD: what a peer's checker says about itself, empty when it says nothing
    curl --silent --max-time 2 --cacert "$TLS/ca.pem" "https://$1:$CHECK_PORT/" 2>/dev/null |
        jq --raw-output --arg field "$2" '.[$field] // empty' 2>/dev/null || true
}

primary_servers() { # names of the servers that are in a Primary Component, the one with the fewest clients first
    local name address
    for name in $SERVERS; do
        address=$(member_address "$name")
        if [ "$(peer_field "$address" wsrep_cluster_status)" = Primary ]; then
            printf '%s %s\n' "$(peer_field "$address" threads_connected)" "$name"
        fi
    done | sort -n | cut -d' ' -f2
}

primary_peers() {
    primary_servers | grep -vxF -- "$HACIENDA_NODE" || true
}

component() { # `serving size`: how many servers are Primary, and how many members they count, arbiters included
    local name address counted serving=0 size=0
    for name in $SERVERS; do
        address=$(member_address "$name")
        [ "$(peer_field "$address" wsrep_cluster_status)" = Primary ] || continue
        serving=$((serving + 1))
        counted=$(peer_field "$address" wsrep_cluster_size)
        if [ "${counted:-0}" -gt "$size" ]; then size=$counted; fi
    done
    echo "$serving $size"
}

arbitrating() { # names of the arbiters whose garbd runs
    local name
    for name in $ARBITERS; do
        # shellcheck disable=SC2016 # the inner shell expands them
        if timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$(member_address "$name")" "$REPLICATION_PORT" 2>/dev/null; then echo "$name"; fi
    done
}

recovered_position() { # uuid:seqno of the local data; the zero uuid for a node without any
    local option
    if [ ! -d "$datadir/mysql" ]; then
        echo "$blank:-1"
        return
    fi
    option=$(galera_recovery) || fail "the local database files cannot be recovered|read 'journalctl -u hacienda-galera' and $datadir; to give them up and copy the cluster's: $(discard_command)"
    echo "${option#--wsrep_start_position=}"
}

discard_command() {
    echo "systemctl stop mariadb; mv $datadir $datadir.\$(date +%s); install -d -o mysql -g mysql -m 0755 $datadir; systemctl restart hacienda-galera"
}

known_positions() { # lines `node uuid:seqno`
    etcd get --prefix "$positions/" | paste -d' ' - - | sed "s|^$positions/||"
}

start_services() {
    systemd-sysusers /etc/sysusers.d/galera-check.conf
    systemctl start galera-check.service galera-watch.service
}

start_server() { # [OPTION]: starts mariadb.service with one more option for this start only
    install -d -o mysql -g mysql -m 0755 /run/mysqld
    # Debian's unit reads this file for --wsrep-new-cluster, and removes it once the server is up.
    rm -f /run/mysqld/wsrep-new-cluster
    if [ -n "${1:-}" ]; then
        echo "_WSREP_NEW_CLUSTER='$1'" >/run/mysqld/wsrep-new-cluster
    fi
    systemctl reset-failed mariadb.service 2>/dev/null || true
    systemctl start mariadb.service || {
        rm -f /run/mysqld/wsrep-new-cluster
        fail "mariadbd did not start|journalctl -u mariadb"
    }
}

new_cluster() { # POSITION: founds a Primary Component on the local data
    local uuid=${1%:*} seqno=${1##*:}
    if [ "$uuid" != "$blank" ]; then
        # Written whole: after a power cut the file may be empty.
        cat >"$datadir/grastate.dat" <<EOF
# GALERA saved state
version: 2.1
uuid:    $uuid
seqno:   $seqno
safe_to_bootstrap: 1
EOF
        chown mysql:mysql "$datadir/grastate.dat"
    fi
    start_server --wsrep-new-cluster
}

waiting() { # TEXT: why this node does not serve yet; verify.sh repeats it
    mkdir -p "${reason_file%/*}"
    if [ "$(cat "$reason_file" 2>/dev/null)" != "$1" ]; then
        log "${1/|/. What to do: }"
        printf '%s\n' "$1" >"$reason_file"
    fi
}
