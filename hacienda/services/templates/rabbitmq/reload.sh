#!/bin/bash
# systemd runs this script: the broker reads certificates again for new connections, and takes a new cookie while it runs.
#
# Brokers compare cookies only when they connect, so connections stay. Until the others have the new cookie, each pair uses the older
# one of its two brokers, and the others expect the new one from this broker. The node's tools use the cookie in its file, which
# changes together with its broker's.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

next=/run/hacienda/rabbitmq.cookie # in a folder of root's, where the broker reads it

take_cookie() {
    install -d -m 0755 "${next%/*}"
    install -g rabbitmq -m 0440 "$given_cookie" "$next"
    # Under a lock of all brokers, because two that change at once would each store the other's former cookie.
    evaluate 60 "
        {ok, Text} = file:read_file(\"$next\"),
        New = binary_to_atom(string:trim(Text)),
        Old = erlang:get_cookie(),
        Peers = nodes(),
        done = global:trans({hacienda_cookie, self()}, fun() ->
            [erlang:set_cookie(Peer, Old) || Peer <- Peers, erlang:get_cookie(Peer) =:= Old],
            [true = erpc:call(Peer, erlang, set_cookie, [node(), New], 10000) || Peer <- Peers],
            true = erlang:set_cookie(New),
            done
        end, [node() | Peers])." >/dev/null
}

if ! has_cookie; then
    log "taking the new cookie"
    if ! take_cookie; then
        # After an interruption the broker may have the new cookie already, but not its tools: try with the new one.
        RABBITMQ_ERLANG_COOKIE=$(<"$given_cookie") evaluate 60 'ok.' >/dev/null ||
            fail "the broker did not take the new cookie|journalctl -u rabbitmq-server"
    fi
    place_cookie
    rm -f "$next"
fi
evaluate 60 'ssl:clear_pem_cache().' >/dev/null
