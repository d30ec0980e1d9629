#!/bin/bash
# routes.sh apply|check: static routes, and a table for each network whose router is not the default one. Answers leave through the
# router that the packet came through, because a router that sees only one direction drops the connection.
#
# Hacienda uses tables and rules of its own, beside other programs' routes. Their protocol is `kernel`, which systemd-networkd leaves
# alone when it starts or reconfigures an interface. It removes all other routes and rules that are not in its files.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

# Rules in this order: attached and other known networks, without the default route; static routes; routes of answers.
known=5000 static=5001 back=5002
# Table of the static routes; the tables for answers have numbers that Hacienda assigns.
table=5000

ours() {
    ip -json rule show | jq --raw-output --argjson low "$known" --argjson high "$back" \
        '.[] | select(.priority >= $low and .priority <= $high) | "\(.priority) \(.src // "all")\(if .srclen then "/\(.srclen)" else "" end) \(.table)"'
}

wanted() {
    [[ -z $STATIC_ROUTES && -z $ROUTES_BACK ]] && return
    echo "$known all main"
    [[ -z $STATIC_ROUTES ]] || echo "$static all $table"
    local entry
    for entry in $ROUTES_BACK; do
        IFS='=' read -r network _ number <<<"$entry"
        echo "$back $network $number"
    done
}

commands() {
    local entry network router number
    if [[ -n $STATIC_ROUTES || -n $ROUTES_BACK ]]; then
        echo "rule add priority $known lookup main suppress_prefixlength 0 protocol kernel"
    fi
    for entry in $STATIC_ROUTES; do
        IFS='=' read -r network router <<<"$entry"
        echo "route replace $network via $router table $table protocol kernel"
    done
    [[ -z $STATIC_ROUTES ]] || echo "rule add priority $static lookup $table protocol kernel"
    for entry in $ROUTES_BACK; do
        IFS='=' read -r network router number <<<"$entry"
        echo "route replace default via $router table $number protocol kernel"
        echo "rule add priority $back from $network lookup $number protocol kernel"
    done
}

apply() {
    local priority number failed
    while read -r priority _ number; do
        ip rule del priority "$priority"
        [[ $number == main ]] || ip route flush table "$number"
    done < <(ours)
    failed=$(commands | ip -batch - 2>&1) ||
        fail "the kernel refused a route: ${failed//$'\n'/ }|is the router in a network of this node? see networks in the environment file, ip address on this node"
}

check() {
    local entry network router number found
    [[ $(ours | sort) == "$(wanted | sort)" ]] ||
        fail "the routing rules differ from the environment's|systemctl restart hacienda-host; ip rule on this node"
    for entry in $STATIC_ROUTES $(sed -E 's/[^ ]+=([^ =]+)=([0-9]+)/default=\1=\2/g' <<<"$ROUTES_BACK"); do
        IFS='=' read -r network router number <<<"$entry"
        found=$(ip -json route show table "${number:-$table}" "$network" | jq --raw-output '.[0].gateway // empty')
        [[ $found == "$router" ]] ||
            fail "the route to $network uses ${found:-no router}, not $router|systemctl restart hacienda-host; ip route show table ${number:-$table}"
    done
}

case ${1:-} in
    apply) apply ;;
    check) check ;;
    *) fail "routes.sh $*: the argument must be apply or check|" ;;
esac
