#!/bin/bash
# Heals what pause_minority leaves. A partition that ends about when the brokers notice it is reported by each side as the
# other's fault while they talk again already: nobody pauses, and all stay partitioned until the smaller side is restarted.
# The broker logs the moment at which two sides met; the tool, which costs a second of a core, is asked only then.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

pause=5   # seconds between two looks; peers are met one after the other, 2 s apart as seen
patience=12 # looks until somebody of a side that has the majority restarts: not everybody lost sight of everybody

sides() { # all members, then those that this one was parted from and met again: `a b c|b c`, each sorted
    # shellcheck disable=SC2016 # Erlang's own quotes
    evaluate 30 '
        Names = fun(Nodes) -> lists:join(" ", lists:sort([atom_to_list(Node) || Node <- Nodes])) end,
        io:format("~s|~s~n", [Names(rabbit_nodes:list_members()), Names(rabbit_node_monitor:partitions())]).' </dev/null 2>/dev/null
}

yields() { # LOOK ALL PARTED: whether this broker restarts, so that the others go on
    local -a all parted
    local look
    look=$(number "$1" "the look") || return
    read -ra all <<<"$2"
    read -ra parted <<<"$3"
    local side=$((${#all[@]} - ${#parted[@]}))
    if ((2 * side < ${#all[@]})); then return 0; fi
    # Halves: the one with the first member stays.
    if ((2 * side == ${#all[@]})) && [[ ${parted[0]} == "${all[0]}" ]]; then return 0; fi
    # Two parted while a third one saw both: the first of them stays.
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
            log "parted from ${said#*|} and met again: restarting, so that the others go on"
            systemctl restart rabbitmq-server.service || log "rabbitmq-server did not start: journalctl -u rabbitmq-server"
            return 0
        fi
    done
}

heal
run_as rabbitmq tail --lines=0 --follow=name --retry "/var/log/rabbitmq/$me.log" 2>/dev/null |
    grep --line-buffered --fixed-strings inconsistent_database |
    while read -r _; do heal; done
