#!/bin/bash
# Makes the folder of the databases.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

install -d -o ovn -g ovn -m 0750 "$ROOT/var/lib/ovn"
