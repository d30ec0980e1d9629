#!/bin/bash
# systemd runs this script as root before mariadbd. It writes the options of this start only: the position of the local data, from
# which the server catches up, and the option that start_server left. It removes that option's file.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

position=$(recovered_position)
asked=$(cat "$asked_file" 2>/dev/null || true)
rm -f "$asked_file"
umask 022 # the user mysql must read the file, which the unit's own mask would prevent
install -d -m 0755 "${start_options%/*}"
cat >"$start_options" <<EOF
# options.sh writes this file at each start of mariadb.service.
[mariadbd]
wsrep_start_position = $position
$asked
EOF
