#!/bin/bash
# decide.sh NODE: the operator decides who founds Galera's Primary Component when the members cannot decide.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

node=${1:-}
echo "published positions:"
known_positions | sed 's/^/  /'
[[ -n $node && " $SERVERS " == *" $node "* ]] || fail "'$node' has no data|decide.sh NODE, one of: $SERVERS"
# The decision expires after ten minutes, so that an unused one does not apply after the next power cut.
lease=$(etcd lease grant 600 | awk '{print $2}')
etcd put --lease="$lease" /hacienda/galera/decision "$node" >/dev/null
echo "$node founds the Primary Component now; other members lose commits that it does not have."
