#!/bin/bash
# shellcheck disable=SC2034 # the scripts that source it use them
# What the RabbitMQ scripts share; sourced, not run.

me=rabbit@$HACIENDA_NODE
database=/var/lib/rabbitmq/mnesia/$me
cookie=/var/lib/rabbitmq/.erlang.cookie  # what the broker and its tools read when they start
given_cookie=$ETC/rabbitmq.cookie       # what it is to be: a running broker changes it by reload.sh

place_cookie() { # in the broker's own folder, so as the broker's user
    # shellcheck disable=SC2016 # the inner shell expands them
    run_as rabbitmq bash -euc 'umask 377; rm -f "$0.new"; cat >"$0.new"; mv --no-target-directory "$0.new" "$0"' "$cookie" <"$given_cookie"
}

has_cookie() { # the broker's and the one that it is to be are the same
    run_as rabbitmq cmp --silent - "$cookie" <"$given_cookie"
}

# A tool that finds none makes one up, and is refused with it.
[ -e "$cookie" ] || place_cookie

running() {
    systemctl is-active --quiet rabbitmq-server.service
}

members_at() { # PEER: whom its cluster consists of. From now on its brokers expect this node with the cookie they have themselves
    rabbitmqctl --quiet -n "rabbit@$1" eval "
        [erpc:call(Node, erlang, set_cookie, ['$me', erpc:call(Node, erlang, get_cookie, [])]) || Node <- [node() | nodes()]],
        io:format(\"~p~n\", [rabbit_nodes:list_members()])."
}

start_helpers() {
    cookie_changed=""
    if ! running && ! has_cookie; then
        place_cookie
        cookie_changed=yes
    fi
    # The port mapper is systemd's, on this node's addresses: a tool that finds none starts one on all addresses, and then
    # systemd's cannot listen any more. One that a tool left behind is ended, if no broker needs it.
    if ! systemctl is-active --quiet epmd.socket && ! running; then
        epmd -kill >/dev/null 2>&1 || true
        systemctl start epmd.socket
    fi
    systemctl start rabbitmq-watch.service
}

blank() { # this node has never been a member of anything
    [ ! -e "$database/schema.DAT" ]
}

listens() { # ADDRESS PORT
    # shellcheck disable=SC2016 # the inner shell expands them
    timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
}

running_peers() { # names of the peers whose broker runs: its listener is the last thing that opens
    local name
    for name in $(member_names); do
        [ "$name" != "$HACIENDA_NODE" ] || continue
        if listens "$(member_address "$name")" "$AMQPS_PORT"; then echo "$name"; fi
    done
}

name_peers() { # NAME...: itself, and whom the blank node joins at its first start
    local name number=0
    install -d -m 0755 /etc/rabbitmq/conf.d
    for name in "$@"; do
        number=$((number + 1))
        echo "cluster_formation.classic_config.nodes.$number = rabbit@$name"
    done >/etc/rabbitmq/conf.d/90-peers.conf
}

evaluate() { # SECONDS ERLANG: the value of an expression in this node. The tool's start alone takes 1 s, on a busy machine 5.
    timeout "$1" rabbitmqctl --quiet eval "$2"
}
