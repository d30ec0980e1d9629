#!/bin/bash
# Removes the agent's ports from the switch. Their devices vanish with its namespaces, and Open vSwitch would listen to a vanished
# device for ever, although its successor has the same name. Ports of instances have a MAC address of their own in their record.
set -euo pipefail

listed=$(ovs-vsctl --timeout=5 --format=json --columns=name,type,external_ids list Interface)
mapfile -t ports < <(jq --raw-output '
    .data[] | (.[2][1] | map({(.[0]): .[1]}) | add // {}) as $ids |
    select(.[1] == "" and ($ids | has("iface-id")) and ($ids | has("attached-mac") | not)) | .[0]' <<<"$listed")
words=()
for port in "${ports[@]}"; do
    words+=(-- --if-exists del-port br-int "$port")
done
((${#words[@]} == 0)) || ovs-vsctl --timeout=10 "${words[@]:1}"
