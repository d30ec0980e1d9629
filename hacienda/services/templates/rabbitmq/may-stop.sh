#!/bin/bash
# Exits with 0 when this member may stop: no queue would lose its majority.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

running || exit 0
[ "$(member_names | wc -l)" != 1 ] || exit 0
rabbitmq-diagnostics --quiet check_if_node_is_quorum_critical
