#!/bin/bash
# Makes what Open vSwitch needs before it starts: its database, the machine's identity, and the kernel's part. In containers, the cards
# that the switch reads belong to it alone.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

database=$ROOT/var/lib/openvswitch/conf.db
schema=$ROOT/usr/share/openvswitch/vswitch.ovsschema

# Programs of the packages read the identity here, and make one up where the file is missing: the machine would be another chassis.
mkdir -p "$ROOT/etc/openvswitch" "${database%/*}"
printf '%s\n' "$HACIENDA_NODE" >"$ROOT/etc/openvswitch/system-id.conf"

if [[ ! -s $database ]]; then
    ovsdb-tool create "$database.new" "$schema"
    mv "$database.new" "$database"
elif ! systemctl --quiet is-active ovsdb-server.service && [[ $(ovsdb-tool needs-conversion "$database" "$schema") == yes ]]; then
    ovsdb-tool convert "$database" "$schema"
fi

if [[ $HACIENDA_CONTAINER == 1 ]]; then
    [[ -w $ROOT/dev/net/tun ]] ||
        fail "this container has no /dev/net/tun, which the switch in userspace needs|deploy the environment again: its platform gives the device"
    # The switch reads copies of a card's packets. Without this the kernel answers the originals, too: pings twice, and tunnelled
    # packets with "port unreachable".
    nft -f - <<TABLE
table netdev hacienda_switch
delete table netdev hacienda_switch
table netdev hacienda_switch {
    chain cards {
        type filter hook ingress devices = { ${CARDS// /, } } priority filter; policy drop;
    }
}
TABLE
    # networkd moves the tunnels' address from the card to the bridge, which appears with the switch.
    networkctl reload
else
    modprobe openvswitch || fail "the kernel has no module openvswitch|install a kernel that has it"
fi
