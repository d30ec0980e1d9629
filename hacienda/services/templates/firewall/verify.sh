#!/bin/bash
# The rules in the kernel drop by default, and they are those of the file.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

loaded="$(nft --json list chain inet hacienda input 2>/dev/null)" ||
    fail "no firewall rules are loaded|systemctl restart hacienda-firewall on this node; nft -c -f /etc/nftables.conf"
policy="$(jq -r '.nftables[] | select(.chain) | .chain.policy' <<<"$loaded")"
[[ $policy == drop ]] ||
    fail "the firewall's policy is $policy, not drop|systemctl reload nftables on this node"
loaded_rules="$(number "$(jq '[.nftables[] | select(.rule.comment)] | length' <<<"$loaded")" "the count of loaded rules")"
file_rules="$(grep -c ' accept comment "' /etc/nftables.conf)" || true
((loaded_rules == file_rules)) ||
    fail "$loaded_rules rules are loaded, the file has $file_rules|systemctl reload nftables on this node"
refused="$(nft --json list counter inet hacienda refused | jq '.nftables[] | select(.counter) | .counter.packets')"
printf '%s rules, %s packets refused\n' "$loaded_rules" "$refused"
