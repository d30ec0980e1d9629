#!/bin/bash
# Brings this node into the cluster: blank, restarted, or after everybody lost power.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

if running; then
    exit 0
fi
if blank && [ "$(member_names | wc -l)" -gt 1 ]; then
    # A blank node that reaches no peer would quietly start a cluster of its own.
    peers=""
    for _ in {1..60}; do
        peers=$(running_peers)
        [ -z "$peers" ] || break
        log "waiting for a running member to join"
        sleep 2
    done
    [ -n "$peers" ] || fail "no running member of RabbitMQ to join|hacienda-verify rabbitmq on the other members"
    peer=${peers%%$'\n'*}
    members=$(rabbitmqctl --quiet -n "rabbit@$peer" eval 'io:format("~p~n", [rabbit_nodes:list_members()]).')
    if [[ $members == *"'$me'"* ]]; then
        # The cluster still knows the machine that had this name and is gone: it would refuse this one.
        log "rabbit@$peer still lists the former $me: forgetting it"
        rabbitmqctl --quiet -n "rabbit@$peer" forget_cluster_node "$me"
    fi
    log "joining $peer"
    name_peers "$HACIENDA_NODE" "$peer"
else
    log "starting with this node's own data; after a power cut it waits for the other members"
fi
systemctl start rabbitmq-server.service || fail "rabbitmq-server did not start|journalctl -u rabbitmq-server and /var/log/rabbitmq; when the members that stopped last are lost for good: rabbitmqctl force_boot, then systemctl restart hacienda-rabbitmq"
