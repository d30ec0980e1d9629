#!/bin/bash
# Sets how gateways watch each other: every chassis takes it from the databases. It can run twice.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ovn/common.sh
. /usr/lib/hacienda/ovn/common.sh

BFD_INTERVAL_MS=1000 # between the packets that one gateway expects of another; Open vSwitch's own default
BFD_MULTIPLIER=3     # packets that are missing before the other one counts as dead; the default, too

database nb set NB_Global . "options:bfd-min-rx=$BFD_INTERVAL_MS" "options:bfd-mult=$BFD_MULTIPLIER" ||
    fail "the northbound database does not answer|hacienda-verify ovn"
log "a lost gateway is noticed after $BFD_MULTIPLIER x $BFD_INTERVAL_MS ms"
