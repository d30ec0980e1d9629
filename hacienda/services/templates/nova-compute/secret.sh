#!/bin/bash
# secret.sh: gives libvirt the key of the storage cluster's user, with which guests open their disks. libvirtd.service runs it at each
# start; libvirt keeps the key in memory alone.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

virsh() {
    command virsh --quiet --connect qemu:///system "$@"
}

key=$(sed -n 's/^key = //p' "$STORAGE_KEYRING")
[[ -n $key ]] || fail "$STORAGE_KEYRING has no key|deploy the environment again"
virsh secret-define /dev/stdin <<XML
<secret ephemeral='yes' private='yes'>
  <uuid>$SECRET_UUID</uuid>
  <usage type='ceph'><name>client.$STORAGE_USER</name></usage>
</secret>
XML
printf '%s' "$key" | virsh secret-set-value --secret "$SECRET_UUID" --file /dev/stdin
