#!/bin/sh
# Runs before any package is unpacked: no daemon may start inside the image while it is built.
# usage: image-setup.sh ROOT
set -eu
root="$1"
mkdir -p "$root/usr/sbin"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"
