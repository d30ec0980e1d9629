#!/bin/sh
# Asks the cloud which instance this is, and says so on the console. A cloud without metadata of instances does not answer.
export PATH=/bin
tries=60
while [ $((tries -= 1)) -ge 0 ]; do
  said=$(wget -q -T 5 -O - http://169.254.169.254/openstack/latest/meta_data.json 2>/dev/null) && break
  sleep 2
done
uuid=${said#*\"uuid\": \"}
[ "$uuid" != "$said" ] || exit 1
read -r up _ </proc/uptime
echo "HACIENDA-GUEST metadata ${uuid%%\"*} after $up s"
