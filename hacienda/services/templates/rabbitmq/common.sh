#!/bin/bash
# shellcheck disable=SC2034 # the scripts that source it use them
# Shared functions of the RabbitMQ scripts; sourced, not run.

me=rabbit@$HACIENDA_NODE
database=/var/lib/rabbitmq/mnesia/$me
cookie=/var/lib/rabbitmq/.erlang.cookie  # the broker and its tools read it when they start
cookie_is_new=/run/hacienda/rabbitmq.cookie-is-new # it changed while the broker was down
given_cookie=$ETC/rabbitmq.cookie       # the declared cookie; a running broker gets it from reload.sh

place_cookie() { # writes the cookie to the broker's own folder, so as the broker's user
    # shellcheck disable=SC2016 # the inner shell expands them
    run_as rabbitmq bash -euc 'umask 377; rm -f "$0.new"; cat >"$0.new"; mv --no-target-directory "$0.new" "$0"' "$cookie" <"$given_cookie"
}

has_cookie() { # whether the broker's cookie is the declared one
    run_as rabbitmq cmp --silent - "$cookie" <"$given_cookie"
}

# A tool that finds no cookie makes one up, which the broker refuses.
[ -e "$cookie" ] || place_cookie

running() {
    systemctl is-active --quiet rabbitmq-server.service
}

members_at() { # PEER: prints the members of its cluster, whose brokers from now on expect their own cookie from this node
    rabbitmqctl --quiet -n "rabbit@$1" eval "
        [erpc:call(Node, erlang, set_cookie, ['$me', erpc:call(Node, erlang, get_cookie, [])]) || Node <- [node() | nodes()]],
        io:format(\"~p~n\", [rabbit_nodes:list_members()])."
}

blank() { # whether this node has never been a member of a cluster
    [ ! -e "$database/schema.DAT" ]
}

listens() { # ADDRESS PORT
    # shellcheck disable=SC2016 # the inner shell expands them
    timeout 2 bash -c ': <"/dev/tcp/$0/$1"' "$1" "$2" 2>/dev/null
}

running_peers() { # prints the peers whose broker runs: it opens its listener last
    local name
    for name in $(member_names); do
        [ "$name" != "$HACIENDA_NODE" ] || continue
        if listens "$(member_address "$name")" "$AMQPS_PORT"; then echo "$name"; fi
    done
}

name_peers() { # NAME...: writes the blank node itself and the peer that it joins at its first start
    local name number=0
    install -d -m 0755 /etc/rabbitmq/conf.d
    for name in "$@"; do
        number=$((number + 1))
        echo "cluster_formation.classic_config.nodes.$number = rabbit@$name"
    done >/etc/rabbitmq/conf.d/90-peers.conf
}

evaluate() { # SECONDS ERLANG: prints the value of an expression in this node's broker. The tool starts in 1 s, or 5 s on a busy machine.
    timeout "$1" rabbitmqctl --quiet eval "$2"
}
