#!/bin/bash
# verify.sh [--local]: the switch runs with this machine's name and tunnel address, and ovn-controller has the southbound database.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

for unit in $HACIENDA_UNITS; do
    systemctl --quiet is-active "$unit" || fail "$unit is not running|journalctl -u $unit -u hacienda-ovn-chassis on this node"
done

id=$(ovs-vsctl --timeout=5 get Open_vSwitch . external_ids:system-id) ||
    fail "Open vSwitch does not answer|journalctl -u ovsdb-server -u ovs-vswitchd on this node"
[[ ${id//\"/} == "$HACIENDA_NODE" ]] ||
    fail "the switch is called $id instead of $HACIENDA_NODE|systemctl reload ovsdb-server on this node"
# Not those of guests and of their metadata (iface-id): the switch keeps their ports over a restart of the machine, and they come after it.
wrong=$(ovs-vsctl --timeout=5 --format=json --columns=name,error,external_ids find Interface 'error!=[]' | jq --raw-output '
    [.data[] | select(any(.[2][1][]; .[0] == "iface-id") | not) | "\(.[0]): \(.[1])"] | join("; ")')
[[ -z $wrong ]] || fail "the switch cannot use an interface: $wrong|ovs-vsctl show on this node"

[[ -n $(ip -json -4 address show to "$ENCAP_ADDRESS" | jq --raw-output '.[0].ifname // empty') ]] ||
    fail "no interface has $ENCAP_ADDRESS, from which tunnels start|networkctl status br-phy on this node"

# Without the databases packets flow on, but nothing new is connected.
said=$(timeout 5 ovs-appctl -t /run/openvswitch/ovn-controller.ctl connection-status) ||
    fail "ovn-controller does not answer|journalctl -u ovn-controller on this node"
[[ $said == connected ]] ||
    fail "ovn-controller is $said at the southbound database|see hacienda-verify ovn on the controllers, and journalctl -u ovn-controller on this node; if it calls their data stale, they were founded again: systemctl restart ovn-controller"

bfd=$(ovs-vsctl --timeout=5 --bare --columns=name find Interface bfd_status:state=down)
if [[ -n $bfd && ${1:-} != --local ]]; then
    fail "no packets come through the tunnels ${bfd//$'\n'/ }|see hacienda-verify ovn-chassis on those machines"
fi
printf 'chassis %s, tunnels from %s\n' "$HACIENDA_NODE" "$ENCAP_ADDRESS"
