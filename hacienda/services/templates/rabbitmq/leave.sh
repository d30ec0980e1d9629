#!/bin/bash
# Takes a stopped member out of the cluster and off every queue. Run twice, it finds nothing to do.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

gone=rabbit@$1
members=$(evaluate 60 'io:format("~p~n", [rabbit_nodes:list_members()]).')
if [[ $members != *"'$gone'"* ]]; then
    echo "$1 is no member of RabbitMQ"
    exit 0
fi
rabbitmq-queues --quiet shrink "$gone" >&2 || log "some queues keep $1 until they have a leader: they are reconciled later"
rabbitmqctl --quiet forget_cluster_node "$gone" >&2
echo "$1 left RabbitMQ"
