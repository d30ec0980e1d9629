#!/bin/sh
# Starts a daemon of systemd. The daemon reads its configuration and complains about a line without refusing to start.
# Called as: systemd.sh FILE DAEMON SERVES; see start.py. networkd reads a drop-in only together with an interface's file.
set -eu
file=$1
probes=$(dirname "$0")
mkdir -p /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp /run/log
if [ "$2" = systemd-networkd ]; then
    chown -R systemd-network: /run/systemd/netif
    drop_in=/etc/systemd/network/10-check.network.d
    mkdir -p "$drop_in"
    printf '[Match]\nName=lo\n' >/etc/systemd/network/10-check.network
    ln -s "$1" "$drop_in/60-hacienda.conf"
    file=$drop_in/60-hacienda.conf
fi
SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=debug \
    exec python3 -P "$probes/start.py" "$1" "$3" "^$file:[0-9]+: " "/usr/lib/systemd/$2"
