#!/bin/bash
# Records that the cluster exists, and starts this node's monitor. It does not wait for a quorum: the other monitors start after the
# record. Prints the cluster's id as its last line.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

/usr/lib/hacienda/ceph/join.sh --found
cat "$(secret ceph/fsid)"
