#!/bin/bash
# Whether this gateway is in contact with another one again after a restart, so that it can take over from it.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn-chassis/gateways.sh
. /usr/lib/hacienda/ovn-chassis/gateways.sh

in_contact
