#!/bin/bash
# Makes the folder of the databases.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

# systemd's tool follows no link in a folder of another user.
printf 'd /var/lib/ovn 0750 ovn ovn\n' | systemd-tmpfiles --root="${ROOT:-/}" --create -
