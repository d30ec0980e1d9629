#!/bin/bash
# Finds the interface with this node's address on each virtual IP's network.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

file=$ROOT/etc/keepalived/interfaces.conf

lines=""
for pair in $INTERFACES; do
    interface=$(ip -json -4 address show to "${pair#*=}" | jq --raw-output '.[0].ifname // empty')
    [[ -n $interface ]] ||
        fail "no interface has ${pair#*=}, this node's address beside a virtual IP|see ip address on this node, and networks in the environment file"
    lines+="\$${pair%%=*}=$interface"$'\n'
done
printf '%s' "$lines" >"$file.new"
mv "$file.new" "$file"
