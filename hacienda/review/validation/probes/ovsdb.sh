#!/bin/sh
# ovsdb.sh START FILE: the program START starts one of OVN's database servers with FILE and with the options of its unit, over an empty
# database that has no other members.
set -eu
start=$1 file=$2
side=$(basename "$file" .json)
for folder in /run/ovn /var/lib/ovn; do
    mkdir -p "$folder"
done
database=/var/lib/ovn/ovn${side}_db.db
rm -f "$database"
ovsdb-tool create "$database" "/usr/share/ovn/ovn-$side.ovsschema"
cp "$file" "/run/ovn/$side.json"
command=$(sed -n 's/^ExecStart=//p' "/etc/systemd/system/ovn-ovsdb-server-$side.service")
# shellcheck disable=SC2086 # a command and its arguments
OVS_RUNDIR=/run/ovn exec python3 -P "$start" "$file" listening '\|(WARN|ERR|EMER)\||failed' $command
