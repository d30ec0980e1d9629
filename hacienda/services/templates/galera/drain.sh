#!/bin/bash
# systemd runs this script before it stops mariadbd: clients move to another member first, so that none finds a closed port.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

seconds=1.5 # HAProxy needs 0.25 to 0.75 s of bad answers

[ -n "${MAINPID:-}" ] || exit 0 # mariadbd has ended already
for name in $SERVERS; do
    [ "$name" != "$HACIENDA_NODE" ] || continue
    if [ "$(peer_field "$(member_address "$name")" ready)" = true ]; then
        install -d -m 0755 "${leaving%/*}"
        touch "$leaving"
        sleep "$seconds"
        exit 0
    fi
done
