#!/bin/bash
# Fetches the key of this node's manager, which the monitors make. systemd runs it before each start of the manager, and again until the
# monitors have a quorum.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/ceph/common.sh
. /usr/lib/hacienda/ceph/common.sh

folder=/var/lib/ceph/mgr/ceph-$HACIENDA_NODE
[[ ! -s $folder/keyring ]] || exit 0
key=$(ceph_now auth get-or-create "mgr.$HACIENDA_NODE" mon "allow profile mgr" osd "allow *" mds "allow *") ||
    fail "the monitors do not give this manager a key yet|hacienda-verify ceph"
# shellcheck disable=SC2016 # the inner shell expands them
run_as ceph bash -euc 'umask 077; mkdir -p "$0"; cat >"$0/keyring.new"; mv "$0/keyring.new" "$0/keyring"' "$folder" <<<"$key"
