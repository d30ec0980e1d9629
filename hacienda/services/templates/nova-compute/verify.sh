#!/bin/bash
# verify.sh [--local]: checks that libvirt answers on this node and that nova-compute runs. Without --local it also asks Nova's API
# whether the compute reports, and whether it is in its availability zone.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

for unit in $HACIENDA_UNITS; do
    systemctl is-active --quiet "$unit" ||
        fail "$unit is not running|journalctl -u hacienda-nova-compute -u $unit"
done
guests=$(timeout 10 virsh --connect qemu:///system list --name) ||
    fail "libvirt does not answer|journalctl -u libvirtd"
count=$(grep -c . <<<"$guests" || true)
if [[ ${1:-} == --local ]]; then
    echo "libvirt answers, $count guests"
    exit 0
fi
answer=$(timeout 18 python3 /usr/lib/hacienda/nova-compute/state.py "$AUTH_URL" "$COMPUTE_URL" "$HACIENDA_NODE" "$ZONE" "$IDENTITY_USER" "$IDENTITY_PASSWORD") ||
    fail "${answer:-Nova does not say within 18 s whether this compute reports|journalctl -u nova-compute}"
echo "$answer, $count guests"
