#!/bin/bash
# Writes the settings of this machine's switch and of ovn-controller into the switch's database. Both read them there at once.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

SETTINGS=$ROOT/etc/openvswitch/hacienda.json
REFUSED="Open vSwitch's database refuses its settings|journalctl -u ovsdb-server on this node"

# The switch may not run yet, so do not wait for it.
database() {
    ovs-vsctl --retry --timeout=20 --no-wait "$@" || fail "$REFUSED"
}

# Each bridge that is made here names its card, so that a later run finds what is no longer declared. A card can be in one bridge only.
bridges=$(database --format=json --columns=name,external_ids find Bridge 'external_ids:hacienda-card!=""')

# The words of one transaction, one a line. A value is quoted as JSON, as ovs-vsctl reads it.
mapfile -t words < <(jq --raw-output --argjson found "$bridges" '
    .datapath as $datapath | .bridges as $bridges |
    def pairs(column): to_entries[] | "\(column):\(.key)=\(.value | @json)";
    (if .absent == [] then empty else "--", "remove", "Open_vSwitch", ".", "external_ids", .absent[] end),
    "--", "set", "Open_vSwitch", ".", (.external_ids | pairs("external_ids")), (.other_config | pairs("other_config")),
    ("--", "--may-exist", "add-br", "br-int", "--", "set", "Bridge", "br-int", "datapath_type=\($datapath)", "fail_mode=secure"),
    ($found.data[] | .[0] as $name | (.[1][1] | map({(.[0]): .[1]}) | add)["hacienda-card"] as $card |
        if $bridges[$name] == null then "--", "--if-exists", "del-br", $name
        elif $bridges[$name] != $card then "--", "--if-exists", "del-port", $name, $card
        else empty end),
    (.bridges | to_entries[] |
        "--", "--may-exist", "add-br", .key,
        "--", "set", "Bridge", .key, "datapath_type=\($datapath)", "external_ids:hacienda-card=\(.value | @json)",
        "--", "--may-exist", "add-port", .key, .value)
' "$SETTINGS")
((${#words[@]} > 1)) || fail "$SETTINGS cannot be read|deploy the environment again"

database -- init "${words[@]}"
