#!/bin/sh
# Process 1 of the guest: loads its drivers, gets an address by DHCP, answers HTTP. /modules lists the drivers, with their options, in the
# order in which they depend on one another.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module options; do
  # shellcheck disable=SC2086 # words
  insmod "/lib/modules/$module" $options || echo "HACIENDA-GUEST cannot load $module"
done </modules
read -r up _ </proc/uptime
echo "HACIENDA-GUEST started after $up s"
ip link set lo up
for card in /sys/class/net/*; do
  card=${card##*/}
  [ "$card" = lo ] || udhcpc -f -i "$card" -s /bin/lease -O mtu -O staticroutes -t 10 -T 1 -A 1 >/dev/null &
done
httpd -p 80 -h /www
# Process 1 must not end, and the shell reaps the processes of others while it waits.
while :; do
  sleep 3600 &
  wait $!
done
