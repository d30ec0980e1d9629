#!/bin/bash
# verify.sh [--local]: this node's monitor is in the quorum and its manager runs. Without --local every declared monitor is in the quorum,
# and Ceph reports no fault of the whole cluster.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ceph/common.sh
. /usr/lib/hacienda/ceph/common.sh

systemctl is-active --quiet ceph-mon.service ||
    fail "the monitor is not running|journalctl -u hacienda-ceph -u ceph-mon"
status=$(monitor_status) || fail "the monitor does not answer on its socket|journalctl -u ceph-mon"
read -r state size < <(jq --raw-output '"\(.state) \(.quorum | length)"' <<<"$status")
quorum=$(number "$size" "the size of the quorum")
[[ $state == leader || $state == peon ]] ||
    fail "the monitor is $state and in no quorum|bring the other monitors back: journalctl -u ceph-mon on each of them says why"
systemctl is-active --quiet ceph-mgr.service ||
    fail "the manager is not running|journalctl -u ceph-mgr"
declared=$(member_names | wc -l)
if [[ ${1:-} == --local ]]; then
    printf '%s/%s monitors\n' "$quorum" "$declared"
    exit 0
fi
((quorum >= declared)) ||
    fail "$quorum of $declared monitors are in the quorum|hacienda-verify ceph on the others; if one is lost for good, deploy the environment again"
health=$(python3 /usr/lib/hacienda/ceph/health.py) || fail "${health:-the monitors do not answer|journalctl -u ceph-mon}"
printf '%s/%s monitors, %s\n' "$quorum" "$declared" "$health"
