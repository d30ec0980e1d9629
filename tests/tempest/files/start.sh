#!/bin/sh
# Process 1 of Tempest's guest at first: starts an SSH server in the background, as soon as Hacienda's own process 1 has set the machine up.
export PATH=/bin
# The shell gives /dev/null to what it starts in the background.
mount -t devtmpfs devtmpfs /dev
(
  until [ -e /proc/uptime ]; do sleep 1; done
  exec dropbear -F -E -R -s -j -k
) &
exec /init
