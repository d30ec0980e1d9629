#!/bin/bash
# Founds the cluster on this node, once for each environment. Prints the cluster's id as its last line.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

started=/var/lib/hacienda/rabbitmq.founding
if ! running; then
    if ! blank && [ ! -e "$started" ]; then
        fail "this node holds data of a RabbitMQ cluster, but etcd knows of none|if etcd lost its data: etcdctl put /hacienda/boot/rabbitmq done:kept; if the messages are of no use: rm -r $database; then systemctl restart hacienda-rabbitmq"
    fi
    touch "$started"
    name_peers "$HACIENDA_NODE"
    systemctl start rabbitmq-server.service >&2
fi
id=$(evaluate 120 'rabbit:await_startup(), case rabbit_runtime_parameters:value_global(internal_cluster_id) of not_found -> io:format("unnamed~n"); Id -> io:format("~ts~n", [Id]) end.')
echo "${id%%$'\n'*}"
