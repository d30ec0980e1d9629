#!/bin/bash
# secret.sh: gives libvirt the keys of the storage cluster's users as whom guests open disks: Nova's for their own, Cinder's for
# volumes. libvirtd.service runs it at each start; libvirt keeps keys in memory alone.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

virsh() {
    command virsh --quiet --connect qemu:///system "$@"
}

for pair in $STORAGE_KEYS; do
    user=${pair%%=*} uuid=${pair#*=}
    key=$(awk -v section="[client.$user]" '/^\[/ { mine = $0 == section } mine && $1 == "key" { print $3 }' "$STORAGE_KEYRING")
    [[ -n $key ]] || fail "$STORAGE_KEYRING has no key of client.$user|deploy the environment again"
    virsh secret-define /dev/stdin <<XML
<secret ephemeral='yes' private='yes'>
  <uuid>$uuid</uuid>
  <usage type='ceph'><name>client.$user</name></usage>
</secret>
XML
    printf '%s' "$key" | virsh secret-set-value --secret "$uuid" --file /dev/stdin
done
