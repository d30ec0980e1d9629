#!/bin/bash
# Names resolve, kernel settings and routes are in force, sshd's configuration is valid, and the disk has room.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

# Per cent of the root file system in use up to which MariaDB, RabbitMQ and etcd can write; above it they stop one by one.
fullest=95

found="$(getent ahostsv4 "$HACIENDA_NODE.$HACIENDA_DOMAIN" | awk '{print $1; exit}')"
[[ $found == "$HACIENDA_ADDRESS" ]] ||
    fail "$HACIENDA_NODE.$HACIENDA_DOMAIN resolves to '$found', not to $HACIENDA_ADDRESS|see /etc/hosts and /etc/nsswitch.conf"

# A setting for each interface (`*`) matches no file where the kernel lacks the protocol.
shopt -s nullglob
while IFS='=' read -r key value; do
    key="${key//[[:space:]]/}"
    value="${value//[[:space:]]/}"
    [[ -z $key || $key == \#* ]] && continue
    for file in $ROOT/proc/sys/${key//.//}; do
        now="$(<"$file")"
        [[ $now == "$value" ]] || fail "${file#"$ROOT/proc/sys/"} is $now, not $value|systemctl restart hacienda-host"
    done
done </etc/sysctl.d/60-hacienda.conf

/usr/lib/hacienda/host/routes.sh check

sshd -t 2>/dev/null || fail "sshd refuses its configuration and would not start again|see sshd -t on this node"

used="$(number "$(df --output=pcent / | tail -1 | tr -dc '0-9')" "the share of the disk in use")"
((used < fullest)) || fail "the root file system is $used % full|make room: at 100 % the database and etcd stop"

printf 'names resolve, kernel settings in force, disk %s %% full\n' "$used"
