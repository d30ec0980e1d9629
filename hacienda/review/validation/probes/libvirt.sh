#!/bin/sh
# Lets libvirt's daemon read one of its configuration files, and ends it when it is idle. libvirt ignores options that it does not
# know, so each must be a word of the program that reads it.
set -eu
file=$1
case $file in
    */qemu.conf) program=$(echo /usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so) ;;
    */virtlogd.conf) program=/usr/sbin/virtlogd ;;
    *) program=/usr/sbin/libvirtd ;;
esac
sed -nE 's/^([a-z0-9_]+) *=.*/\1/p' "$file" | while read -r option; do
    if ! grep -aqw "$option" "$program"; then
        echo "$file: $program does not know $option"
        exit 1
    fi
done
mkdir -p /run/libvirt
case $program in
    */virtlogd) timeout 60 virtlogd --config "$file" --timeout 1 ;;
    *)
        # The node's own script, which runs before libvirtd, links certificates where the files name them.
        bash /usr/lib/hacienda/nova-compute/prepare.sh
        # It listens on the node's address, which the loopback interface gets here.
        sed -n 's/^listen_addr = "\(.*\)"/\1/p' /etc/libvirt/libvirtd.conf | xargs -I ADDRESS ip address add ADDRESS/32 dev lo
        timeout 120 libvirtd --listen --timeout 1
        ;;
esac
