#!/bin/bash
# prepare.sh: links the machine's certificates under the names that libvirt's and QEMU's clients read.
set -euo pipefail

from=/etc/nova-compute/tls
link() {
    mkdir -p "${1%/*}"
    ln -sfn "$2" "$1"
}
# libvirt, as the client of another compute's libvirtd, knows these places only.
libvirt=/etc/pki/libvirt authority=/etc/pki/CA
link "$authority/cacert.pem" "$from/ca.pem"
link "$libvirt/clientcert.pem" "$from/cert.pem"
link "$libvirt/private/clientkey.pem" "$from/key.pem"
# QEMU is the server of a migration to this machine and the client of one from it.
qemu=/etc/nova-compute/qemu
link "$qemu/ca-cert.pem" "$from/ca.pem"
for side in server client; do
    link "$qemu/$side-cert.pem" "$from/cert.pem"
    link "$qemu/$side-key.pem" "$from/key.pem"
done
# Guests' consoles have a certificate of their own.
console=/etc/pki/libvirt-vnc from=/etc/pki/libvirt-vnc/tls
link "$console/ca-cert.pem" "$from/ca.pem"
link "$console/server-cert.pem" "$from/cert.pem"
link "$console/server-key.pem" "$from/key.pem"
