#!/bin/bash
# shellcheck disable=SC2034 # the scripts that source it use them
# What the Galera scripts share; sourced, not run.

datadir=/var/lib/mysql
reason_file=/run/hacienda/galera.reason
leaving=/run/hacienda/galera.leaving # while it exists the checker sends clients away; mariadb.service removes it when it starts
blank=00000000-0000-0000-0000-000000000000
# Both in a folder that root alone writes: who writes there decides how the server starts.
asked_file=/run/hacienda/galera.asked   # options for the next start alone
start_options=/run/hacienda/galera.cnf # what mariadb.service reads: options.sh writes it at each start
positions=/hacienda/galera/position

# As root, over the Unix socket, to whatever user mysql has listening there: a server must neither have this machine's client run a command
# (--sandbox: no `system`, `source`, `tee`, `pager`) nor hand a file over (LOAD DATA LOCAL). What a server says never goes to a client.
client=(mariadb --no-defaults --sandbox --skip-local-infile --socket=/run/mysqld/mysqld.sock --batch --skip-column-names)

sql() { # QUERY, which is constant: a hung server cannot hold it longer than 4 s
    timeout 4 "${client[@]}" -e "$1"
}

wsrep() { # VARIABLE: value of a status variable, empty when the server does not answer
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

peer_field() { # ADDRESS FIELD: what a peer's checker says about itself, empty when it says nothing
    curl --silent --max-time 2 --cacert "$TLS/ca.pem" "https://$1:$CHECK_PORT/" 2>/dev/null |
        jq --raw-output --arg field "$2" '.[$field] // empty' 2>/dev/null || true
}

primary_servers() { # names of the servers that are in a Primary Component, the one with the fewest clients first
    local name address clients
    for name in $SERVERS; do
        address=$(member_address "$name")
        [ "$(peer_field "$address" wsrep_cluster_status)" = Primary ] || continue
        # A name of the peer's making would come into the options of the server here.
        clients=$(number "$(peer_field "$address" threads_connected)" "threads_connected of $name") || clients=999999
        printf '%s %s\n' "$clients" "$name"
    done | sort -n | cut -d' ' -f2
}

primary_peers() {
    primary_servers | grep -vxF -- "$HACIENDA_NODE" || true
}

component() { # sets `serving` and `size`: how many servers are Primary, and how many members they count, arbiters included
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

arbitrating() { # names of the arbiters whose garbd runs
    local name
    for name in $ARBITERS; do
        # shellcheck disable=SC2016 # the inner shell expands them
        if timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$(member_address "$name")" "$REPLICATION_PORT" 2>/dev/null; then echo "$name"; fi
    done
}

recovered_position() { # uuid:seqno of the local data; the zero uuid for a node without any
    local said position
    if [ ! -d "$datadir/mysql" ]; then
        echo "$blank:-1"
        return
    fi
    # It listens although nobody is to come: on a socket of its own, as the folder of the server's is there only while that runs.
    if said=$(run_as mysql mariadbd --wsrep-recover --skip-log-error --skip-networking \
        --socket="$datadir/recovery.sock" --pid-file="$datadir/recovery.pid" 2>&1 </dev/null); then
        position=$(sed -nE 's/.*WSREP: Recovered position: ([0-9a-f-]{36}:-?[0-9]+).*/\1/p' <<<"$said" | tail -n 1)
    fi
    if [ -z "${position:-}" ]; then
        log "$said"
        fail "the local database files cannot be recovered|read 'journalctl -u hacienda-galera' and $datadir; to give them up and copy the cluster's: $(discard_command)"
    fi
    echo "$position"
}

discard_command() {
    echo "systemctl stop hacienda-galera mariadb; mv $datadir $datadir.\$(date +%s); install -d -o mysql -g mysql -m 0755 $datadir; systemctl start hacienda-galera"
}

known_positions() { # lines `node uuid:seqno`
    etcd get --prefix "$positions/" | paste -d' ' - - | sed "s|^$positions/||"
}

start_services() {
    systemd-sysusers /etc/sysusers.d/galera-check.conf
    systemctl start galera-check.service galera-watch.service
}

start_server() { # [OPTION]: starts mariadb.service with one more line in its option file, for this start only
    mkdir -p "${asked_file%/*}"
    printf '%s\n' "${1:-}" >"$asked_file"
    systemctl reset-failed mariadb.service 2>/dev/null || true
    systemctl start mariadb.service || {
        rm -f "$asked_file"
        fail "mariadbd did not start|journalctl -u mariadb"
    }
    rm -f "$asked_file" # where it ran already, nobody has read it
}

new_cluster() { # POSITION: founds a Primary Component on the local data
    local uuid=${1%:*} seqno=${1##*:}
    if [ "$uuid" != "$blank" ]; then
        # Written whole: after a power cut the file may be empty.
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

waiting() { # TEXT: why this node does not serve yet; verify.sh repeats it
    mkdir -p "${reason_file%/*}"
    if [ "$(cat "$reason_file" 2>/dev/null)" != "$1" ]; then
        log "${1/|/. What to do: }"
        printf '%s\n' "$1" >"$reason_file"
    fi
}
