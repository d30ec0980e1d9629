#!/bin/sh
# Starts etcd with the variables it will be started with. Unknown ones are no more than a warning in its log.
set -eu
file=$1
probes=$(dirname "$0")
set -a
# shellcheck source=/dev/null
. "$file"
# Founding or joining is decided on the node. Here it founds, alone.
if [ "${ETCD_INITIAL_CLUSTER_STATE:-}" = existing ]; then
    export ETCD_INITIAL_CLUSTER_STATE=new
    export ETCD_INITIAL_CLUSTER="${ETCD_NAME:-default}=${ETCD_INITIAL_ADVERTISE_PEER_URLS:-}"
fi
set +a
exec python3 -P "$probes/start.py" "$file" 'ready to serve client requests' 'unrecognized environment variable' etcd
