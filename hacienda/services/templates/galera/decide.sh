#!/bin/bash
# The operator's word on who founds Galera's Primary Component when the members cannot tell: decide.sh NODE
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

node=${1:-}
echo "published positions:"
known_positions | sed 's/^/  /'
[[ -n $node && " $SERVERS " == *" $node "* ]] || fail "'$node' has no data|decide.sh NODE, one of: $SERVERS"
# Ten minutes: a decision that nobody took up must not surprise the next power cut.
lease=$(etcd lease grant 600 | awk '{print $2}')
etcd put --lease="$lease" /hacienda/galera/decision "$node" >/dev/null
echo "$node founds the Primary Component now; members with more than its data lose what it does not have."
