#!/bin/bash
# systemd runs it as root before mariadbd: writes the options of this one start, which are the position of the local data, so
# that the server catches up from there, and what start_server asked for. What was asked for is gone afterwards.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

position=$(recovered_position)
asked=$(cat "$asked_file" 2>/dev/null || true)
rm -f "$asked_file"
umask 022 # mysql reads the file, and the unit's own mask would keep it out
install -d -m 0755 "${start_options%/*}"
cat >"$start_options" <<EOF
# Written at each start of mariadb.service.
[mariadbd]
wsrep_start_position = $position
$asked
EOF
