#!/bin/bash
# shellcheck disable=SC2034 # the scripts that source it use them
# What the RabbitMQ scripts share; sourced, not run.

me=rabbit@$HACIENDA_NODE
database=/var/lib/rabbitmq/mnesia/$me

running() {
    systemctl is-active --quiet rabbitmq-server.service
}

blank() { # this node has never been a member of anything
    [ ! -e "$database/schema.DAT" ]
}

answering_peers() { # names of the peers whose broker runs
    local name
    for name in $(member_names); do
        [ "$name" != "$HACIENDA_NODE" ] || continue
        if timeout 8 rabbitmq-diagnostics --quiet -n "rabbit@$name" check_running >/dev/null 2>&1; then echo "$name"; fi
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

evaluate() { # ERLANG: the value of an expression in this node, within the 5 s a check has
    timeout 4.5 rabbitmqctl --quiet eval "$1"
}
