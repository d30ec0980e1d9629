#!/bin/bash
# Gives the broker its cookie, and starts the port mapper and the watchdog.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

if ! running && ! has_cookie; then
    mkdir -p "${cookie_is_new%/*}"
    touch "$cookie_is_new"
    place_cookie
fi
# systemd runs the port mapper on this node's addresses. A tool that finds no mapper starts one on all addresses, and then
# systemd's cannot listen. So end a mapper that a tool left behind, if no broker needs it.
if ! systemctl is-active --quiet epmd.socket && ! running; then
    epmd -kill >/dev/null 2>&1 || true
    systemctl start epmd.socket
fi
systemctl start rabbitmq-watch.service
