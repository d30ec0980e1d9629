# shellcheck shell=bash
# What this machine's BFD sessions say of the other gateways. Sourced after lib.sh.

# sessions: lines `address state` of the tunnels to the other gateways (GATEWAYS) that OVN watches. None: no router has a gateway.
# OVN watches a tunnel only if a gateway's addresses can move through it.
sessions() {
    local said
    said=$(ovs-vsctl --timeout=5 --format=json --columns=options,bfd,bfd_status list Interface) || return 1
    jq --raw-output --arg gateways "$GATEWAYS" '
        ($gateways | split(" ")) as $others |
        .data[] | map(.[1] | if type == "array" then map({(.[0]): .[1]}) | add // {} else {} end) |
        select(.[1].enable == "true" and (.[0].remote_ip as $far | $others | index([$far]))) |
        "\(.[0].remote_ip) \(.[2].state // "down")"' <<<"$said"
}

# in_contact: whether another gateway answers through the tunnels, or none has to.
in_contact() {
    local watched
    [[ -n $GATEWAYS ]] || return 0
    watched=$(sessions) || fail "Open vSwitch does not answer|journalctl -u ovsdb-server -u ovs-vswitchd on this node"
    [[ -z $watched ]] || grep --quiet ' up$' <<<"$watched" ||
        fail "no other gateway answers through the tunnels|see hacienda-verify ovn-chassis on the other gateways"
}
