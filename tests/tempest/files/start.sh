#!/bin/sh
# Process 1 of Tempest's guest at first: starts an SSH server in the background, as soon as Hacienda's own process 1 has set the machine up, and
# lets the instance's key in, which the metadata service has.
export PATH=/bin
# The shell gives /dev/null to what it starts in the background.
mount -t devtmpfs devtmpfs /dev
(
  until [ -e /proc/uptime ]; do sleep 1; done
  dropbear -E -R -s -j -k
  tries=120
  until wget -q -T 5 -O /key http://169.254.169.254/latest/meta-data/public-keys/0/openssh-key; do
    # An instance may have no key.
    [ $((tries -= 1)) -gt 0 ] || exit 1
    sleep 2
  done
  cat /key >/root/.ssh/authorized_keys
  echo "HACIENDA-GUEST key" >/dev/console
) &
exec /init
