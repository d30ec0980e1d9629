#!/bin/bash
# shellcheck disable=SC2034 # the scripts that source it use them
# Shared functions of the Galera scripts; sourced, not run.

datadir=/var/lib/mysql
reason_file=/run/hacienda/galera.reason
leaving=/run/hacienda/galera.leaving # while it exists the checker sends clients away; mariadb.service removes it when it starts
blank=00000000-0000-0000-0000-000000000000
# Only root can write this folder, because these files determine how the server starts.
asked_file=/run/hacienda/galera.asked   # options of the next start only
start_options=/run/hacienda/galera.cnf # mariadb.service reads it; options.sh writes it at each start
positions=/hacienda/galera/position

# This client runs as root and connects to whatever the user mysql lets listen on the socket. So a server must not make the client run
# a command (--sandbox: no `system`, `source`, `tee`, `pager`) or send a file (LOAD DATA LOCAL). A server's output is never a
# client's input.
client=(mariadb --no-defaults --sandbox --skip-local-infile --socket=/run/mysqld/mysqld.sock --batch --skip-column-names)

sql() { # QUERY, which is constant; ends after 4 s if the server hangs
    timeout 4 "${client[@]}" -e "$1"
}

wsrep() { # VARIABLE: prints a status variable's value, empty when the server does not answer
    sql "SHOW GLOBAL STATUS LIKE 'wsrep_%'" 2>/dev/null | awk -F'\t' -v name="wsrep_$1" '$1 == name { print $2 }'
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

peer_field() { # ADDRESS FIELD: prints a field of a peer's health checker, empty without an answer
    curl --silent --max-time 2 --cacert "$TLS/ca.pem" "https://$1:$CHECK_PORT/" 2>/dev/null |
        jq --raw-output --arg field "$2" '.[$field] // empty' 2>/dev/null || true
}

primary_servers() { # prints the names of servers in a Primary Component, the one with the fewest clients first
    local name address clients
    for name in $SERVERS; do
        address=$(member_address "$name")
        [ "$(peer_field "$address" wsrep_cluster_status)" = Primary ] || continue
        # The peer sends this value, and the names are later options of the server here: accept only a number.
        clients=$(number "$(peer_field "$address" threads_connected)" "threads_connected of $name") || clients=999999
        printf '%s %s\n' "$clients" "$name"
    done | sort -n | cut -d' ' -f2
}

primary_peers() {
    primary_servers | grep -vxF -- "$HACIENDA_NODE" || true
}

component() { # sets `serving` (how many servers are Primary) and `size` (how many members they count, arbiters included)
    local name address counted
    serving=0 size=0
    for name in $SERVERS; do
        address=$(member_address "$name")
        [ "$(peer_field "$address" wsrep_cluster_status)" = Primary ] || continue
        serving=$((serving + 1))
        counted=$(number "$(peer_field "$address" wsrep_cluster_size)" "wsrep_cluster_size of $name") || continue
        if [ "$counted" -gt "$size" ]; then size=$counted; fi
    done
}

arbitrating() { # prints the names of the arbiters whose garbd runs
    local name
    for name in $ARBITERS; do
        # shellcheck disable=SC2016 # the inner shell expands them
        if timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$(member_address "$name")" "$REPLICATION_PORT" 2>/dev/null; then echo "$name"; fi
    done
}

recovered_position() { # prints uuid:seqno of the local data; the zero uuid for a node without data
    local said position
    if [ ! -d "$datadir/mysql" ]; then
        echo "$blank:-1"
        return
    fi
    # mariadbd always listens. It gets a socket of its own here, because the folder of the server's socket exists only while that runs.
    if said=$(run_as mysql mariadbd --wsrep-recover --skip-log-error --skip-networking \
        --socket="$datadir/recovery.sock" --pid-file="$datadir/recovery.pid" 2>&1 </dev/null); then
        position=$(sed -nE 's/.*WSREP: Recovered position: ([0-9a-f-]{36}:-?[0-9]+).*/\1/p' <<<"$said" | tail -n 1)
    fi
    if [ -z "${position:-}" ]; then
        log "$said"
        fail "the local database files cannot be recovered|read 'journalctl -u hacienda-galera' and $datadir; to discard them and copy the cluster's: $(discard_command)"
    fi
    echo "$position"
}

discard_command() {
    echo "systemctl stop hacienda-galera mariadb; mv $datadir $datadir.\$(date +%s); install -d -o mysql -g mysql -m 0755 $datadir; systemctl start hacienda-galera"
}

known_positions() { # prints lines `node uuid:seqno`
    etcd get --prefix "$positions/" | paste -d' ' - - | sed "s|^$positions/||"
}

start_server() { # [OPTION]: starts mariadb.service, for this start with one more line in its option file
    mkdir -p "${asked_file%/*}"
    printf '%s\n' "${1:-}" >"$asked_file"
    systemctl reset-failed mariadb.service 2>/dev/null || true
    systemctl start mariadb.service || {
        rm -f "$asked_file"
        fail "mariadbd did not start|journalctl -u mariadb"
    }
    rm -f "$asked_file" # unread if the server ran already
}

new_cluster() { # POSITION: founds a Primary Component on the local data
    local uuid=${1%:*} seqno=${1##*:}
    if [ "$uuid" != "$blank" ]; then
        # Write the whole file: after a power cut it may be empty.
        run_as mysql tee "$datadir/grastate.dat" >/dev/null <<EOF
# GALERA saved state
version: 2.1
uuid:    $uuid
seqno:   $seqno
safe_to_bootstrap: 1
EOF
    fi
    start_server wsrep_new_cluster
}

waiting() { # TEXT: logs why this node does not serve yet; verify.sh prints it too
    mkdir -p "${reason_file%/*}"
    if [ "$(cat "$reason_file" 2>/dev/null)" != "$1" ]; then
        log "${1/|/. What to do: }"
        printf '%s\n' "$1" >"$reason_file"
    fi
}
