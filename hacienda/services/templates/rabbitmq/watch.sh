#!/bin/bash
# Heals partitions that pause_minority does not. If a partition ends about when the brokers notice it, each side reports the other as
# failed although both are connected again. No side pauses, and all stay partitioned until the smaller side restarts.
# The broker logs when two sides meet again, and only then the script calls the tool, which costs a second of a core.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

pause=5   # seconds between two looks; peers meet again one after the other, 2 s apart (measured)
patience=12 # looks until a member of the majority restarts too, where only some members lost each other

sides() { # prints all members, then those that this one was parted from and met again: `a b c|b c`, each sorted
    # shellcheck disable=SC2016 # Erlang's own quotes
    evaluate 30 '
        Names = fun(Nodes) -> lists:join(" ", lists:sort([atom_to_list(Node) || Node <- Nodes])) end,
        io:format("~s|~s~n", [Names(rabbit_nodes:list_members()), Names(rabbit_node_monitor:partitions())]).' </dev/null 2>/dev/null
}

yields() { # LOOK ALL PARTED: whether this broker restarts, so that the others continue
    local -a all parted
    local look
    look=$(number "$1" "the look") || return
    read -ra all <<<"$2"
    read -ra parted <<<"$3"
    local side=$((${#all[@]} - ${#parted[@]}))
    if ((2 * side < ${#all[@]})); then return 0; fi
    # Of two halves, the one with the first member stays.
    if ((2 * side == ${#all[@]})) && [[ ${parted[0]} == "${all[0]}" ]]; then return 0; fi
    # Of two that were parted while a third one saw both, the first stays.
    ((look >= patience)) && [[ ${parted[0]} < $me ]]
}

heal() {
    local look said
    for ((look = 1; look <= 2 * patience; look++)); do
        running || return 0
        sleep "$pause"
        said=$(sides) || return 0
        said=${said%%$'\n'*} # the tool prints the expression's value, too
        [[ -n ${said#*|} ]] || return 0
        if yields "$look" "${said%|*}" "${said#*|}"; then
            log "parted from ${said#*|} and met again: restarting, so that the others continue"
            systemctl restart rabbitmq-server.service || log "rabbitmq-server did not start: journalctl -u rabbitmq-server"
            return 0
        fi
    done
}

heal
run_as rabbitmq tail --lines=0 --follow=name --retry "/var/log/rabbitmq/$me.log" 2>/dev/null |
    grep --line-buffered --fixed-strings inconsistent_database |
    while read -r _; do heal; done
