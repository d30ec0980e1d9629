#!/bin/bash
# displays.sh: has guests read the certificate of their consoles again, which they read when they start. libvirtd.service runs it at
# each start, so after each change of the certificate.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

virsh() {
    timeout 10 virsh --quiet --connect qemu:///system "$@"
}

for guest in $(virsh list --name); do
    # A guest that was started without a console has nothing to read.
    said=$(virsh domdisplay-reload "$guest" --type vnc 2>&1) || log "$guest keeps the certificate that it has: $said"
done
