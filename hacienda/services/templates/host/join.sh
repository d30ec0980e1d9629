#!/bin/bash
# Applies the kernel settings and lets sshd read its own; every boot does it again.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

sysctl --quiet --load=/etc/sysctl.d/60-hacienda.conf ||
    fail "a kernel setting was refused|see sysctl --load=/etc/sysctl.d/60-hacienda.conf on this node"
sshd -t || fail "sshd refuses its configuration|see sshd -t on this node"
# Nothing to reload where sshd is started by a socket, for each connection.
if systemctl --quiet is-active ssh.service; then
    systemctl reload ssh.service
fi
