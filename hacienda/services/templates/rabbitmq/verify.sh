#!/bin/bash
# All members run, there is no partition and no alarm, and a quorum queue has all its members online. With --local, absent members are
# no fault.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

running ||
    fail "rabbitmq-server is not running|journalctl -u hacienda-rabbitmq -u rabbitmq-server"
# Ask everything with one start of the command line tool, which takes longer than all the queries.
read -r online partitions alarms queue < <(evaluate 18 '
    Online = length(rabbit_nodes:list_running()),
    Partitions = length(rabbit_node_monitor:partitions()),
    Alarms = length(rabbit_alarm:get_alarms()),
    Queue = case rabbit_amqqueue:lookup(rabbit_misc:r(<<"hacienda">>, queue, <<"hacienda.verify">>)) of
        {ok, Q} -> length(proplists:get_value(online, rabbit_quorum_queue:info(Q, [online]), []));
        _ -> -1
    end,
    io:format("~b ~b ~b ~b~n", [Online, Partitions, Alarms, Queue]).' 2>/dev/null) || true
want=$(member_names | wc -l)
replicas=$((want < 3 ? want : 3))

if [ -z "${queue:-}" ]; then
    echo "the broker does not answer|journalctl -u rabbitmq-server, /var/log/rabbitmq"
elif [ "$partitions" != 0 ]; then
    echo "network partition|rabbitmq-watch heals it within two minutes; if it lasts: journalctl -u rabbitmq-watch, rabbitmqctl cluster_status, then restart the smaller side"
elif [ "$alarms" != 0 ]; then
    echo "a memory or disk alarm blocks publishers|rabbitmq-diagnostics alarms"
elif [ "$online" != "$want" ] && [ "${1:-}" != --local ]; then
    echo "$online of $want members running|hacienda-verify rabbitmq on the missing ones"
elif [ "$queue" != -1 ] && [ "$queue" != "$replicas" ] && [ "${1:-}" != --local ]; then
    echo "the quorum queue has $queue of $replicas members online|rabbitmq-queues quorum_status hacienda.verify --vhost hacienda"
elif [ "$queue" = -1 ] && [ -e /var/lib/hacienda/reconciled/rabbitmq ]; then
    echo "the quorum queue hacienda.verify is gone|rm /var/lib/hacienda/reconciled/rabbitmq; systemctl restart hacienda-rabbitmq"
else
    shown=$([ "$queue" = -1 ] && echo "no queue yet" || echo "quorum queue $queue/$replicas")
    echo "$online/$want running, $shown"
    exit 0
fi
exit 1
