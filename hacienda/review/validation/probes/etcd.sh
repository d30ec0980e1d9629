#!/bin/sh
# Starts etcd with the variables with which the node starts it. For unknown ones etcd only logs a warning.
set -eu
file=$1
probes=$(dirname "$0")
set -a
# shellcheck source=/dev/null
. "$file"
# The node decides whether it founds a cluster or joins one. Here it founds a cluster of one.
if [ "${ETCD_INITIAL_CLUSTER_STATE:-}" = existing ]; then
    export ETCD_INITIAL_CLUSTER_STATE=new
    export ETCD_INITIAL_CLUSTER="${ETCD_NAME:-default}=${ETCD_INITIAL_ADVERTISE_PEER_URLS:-}"
fi
set +a
exec python3 -P "$probes/start.py" "$file" 'ready to serve client requests' 'unrecognized environment variable' etcd
