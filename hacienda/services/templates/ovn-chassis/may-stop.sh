#!/bin/bash
# Whether another gateway takes over while the switch of this one restarts. Computes have nothing that another machine takes over.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn-chassis/gateways.sh
. /usr/lib/hacienda/ovn-chassis/gateways.sh

in_contact
