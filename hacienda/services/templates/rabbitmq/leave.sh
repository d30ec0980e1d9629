#!/bin/bash
# leave.sh [--check] NODE: removes a stopped member from the cluster and from every queue. A second run finds nothing to do.
# --check: only checks whether a majority of the declared members runs without NODE.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

check() { # NODE
    local name want running staying=0
    want=$(member_names | wc -l)
    running=$(evaluate 20 'io:format("~p~n", [rabbit_nodes:list_running()]).') ||
        fail "RabbitMQ does not answer here|hacienda-verify rabbitmq on $HACIENDA_NODE"
    for name in $(member_names); do
        if [[ $name != "$1" && $running == *"'rabbit@$name'"* ]]; then staying=$((staying + 1)); fi
    done
    ((2 * staying > want)) ||
        fail "without $1 only $staying of $want members run|repair the others first: hacienda-verify rabbitmq on each"
    echo "$staying of $want members keep running"
}

if [[ $1 == --check ]]; then
    check "$2"
    exit 0
fi
gone=rabbit@$1
members=$(evaluate 60 'io:format("~p~n", [rabbit_nodes:list_members()]).')
if [[ $members != *"'$gone'"* ]]; then
    echo "$1 is no member of RabbitMQ"
    exit 0
fi
rabbitmq-queues --quiet shrink "$gone" >&2 || log "some queues have no leader and keep $1: RabbitMQ removes it from them later"
rabbitmqctl --quiet forget_cluster_node "$gone" >&2
echo "$1 left RabbitMQ"
