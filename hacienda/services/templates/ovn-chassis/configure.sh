#!/bin/bash
# Writes the settings of this machine's switch and of ovn-controller into the switch's database. Both read them there at once.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

SETTINGS=$ROOT/etc/openvswitch/hacienda.json

# The words of one transaction, one a line. A value is quoted as JSON, as ovs-vsctl reads it.
mapfile -t words < <(jq --raw-output '
    .datapath as $datapath |
    def pairs(column): to_entries[] | "\(column):\(.key)=\(.value | @json)";
    (if .absent == [] then empty else "--", "remove", "Open_vSwitch", ".", "external_ids", .absent[] end),
    "--", "set", "Open_vSwitch", ".", (.external_ids | pairs("external_ids")), (.other_config | pairs("other_config")),
    ("--", "--may-exist", "add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=\($datapath)", "fail_mode=secure"),
    (.bridges | to_entries[] |
        "--", "--may-exist", "add-br", .key, "--", "set", "Bridge", .key, "datapath_type=\($datapath)",
        "--", "--may-exist", "add-port", .key, .value)
' "$SETTINGS")
((${#words[@]} > 1)) || fail "$SETTINGS cannot be read|deploy the environment again"

# The switch may not run yet, so do not wait for it.
ovs-vsctl --retry --timeout=20 --no-wait -- init "${words[@]}" ||
    fail "Open vSwitch's database refuses its settings|journalctl -u ovsdb-server on this node"
