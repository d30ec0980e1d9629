#!/bin/bash
# Applies kernel settings and routes, reloads sshd and journald, and keeps virtual IPs over restarts of networkd. Runs at every boot.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

sysctl --quiet --load=/etc/sysctl.d/60-hacienda.conf ||
    fail "the kernel refused a setting|see sysctl --load=/etc/sysctl.d/60-hacienda.conf on this node"
/usr/lib/hacienda/host/routes.sh apply
sshd -t || fail "sshd refuses its configuration|see sshd -t on this node"
# Where a socket starts sshd for each connection, nothing needs a reload.
if systemctl --quiet is-active ssh.service; then
    systemctl reload ssh.service
fi

# A restarted journald takes over the open logs of all daemons, so that no line is lost.
journal=$ROOT/etc/systemd/journald.conf.d/60-hacienda.conf
started=$(systemctl show --property=ExecMainStartTimestamp --timestamp=unix --value systemd-journald.service)
since=$(number "${started#@}" "the time at which journald started")
written=$(number "$(stat --format=%Y "$journal")" "the time of $journal")
if ((written >= since)); then
    systemctl restart systemd-journald.service
    journalctl --flush
fi

# keeps NETWORK_FILE [DROP_IN...]: whether these files already make networkd keep foreign addresses.
keeps() {
    grep --quiet --no-messages '^[[:space:]]*KeepConfiguration[[:space:]]*=[[:space:]]*\(yes\|true\|1\|on\|static\)' "$@"
}

# networkd reads these files when it starts or reconfigures the interface, so it needs no signal now.
if systemctl --quiet is-active systemd-networkd.service; then
    for address in $BESIDE_VIRTUAL_IPS; do
        interface=$(ip -json -4 address show to "$address" | jq --raw-output '.[0].ifname // empty')
        [[ -n $interface ]] || continue
        said=$(networkctl --json=short status "$interface") ||
            fail "networkd does not name its files for $interface|see networkctl status $interface on this node"
        files=$(jq --raw-output --arg own "60-hacienda.conf" \
            '.NetworkFile // empty, (.NetworkFileDropins // [] | .[] | select(endswith($own) | not))' <<<"$said")
        # An interface that networkd leaves alone has no network file.
        [[ -n $files ]] || continue
        mapfile -t read <<<"$files"
        keeps "${read[@]}" && continue
        folder=$ROOT/etc/systemd/network/${read[0]##*/}.d
        mkdir -p "$folder"
        ln -sfn "$KEEP" "$folder/60-hacienda.conf"
    done
fi
