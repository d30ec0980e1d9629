#!/bin/bash
# systemd runs it: certificates are read anew for every connection from now on, and a new cookie is taken while the broker runs.
#
# Brokers compare cookies when they connect, so connections stay. Until the others have theirs, each pair uses what the broker
# with the older cookie would come with, were it restarted; this broker is expected with the new one. The tools of a node come
# with the cookie in its file, which changes together with its broker's.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

next=/run/hacienda/rabbitmq.cookie # root's folder; the broker reads it there

take_cookie() {
    install -d -m 0755 "${next%/*}"
    install -g rabbitmq -m 0440 "$given_cookie" "$next"
    # Under a lock of all brokers: two that change at once would each note the other's former cookie.
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
        # Interrupted after the broker had taken it, before its tools had: then they get in with it.
        RABBITMQ_ERLANG_COOKIE=$(<"$given_cookie") evaluate 60 'ok.' >/dev/null ||
            fail "the broker did not take the new cookie|journalctl -u rabbitmq-server"
    fi
    place_cookie
    rm -f "$next"
fi
evaluate 60 'ssl:clear_pem_cache().' >/dev/null
