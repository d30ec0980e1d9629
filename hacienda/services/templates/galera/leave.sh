#!/bin/bash
# Galera keeps no list of members: a member that is gone is out of the component. What is left is what it published.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

etcd del "$positions/$1" >/dev/null
echo "$1 left Galera"
