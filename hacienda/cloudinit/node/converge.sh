#!/bin/bash
# hacienda-converge SERVICE: brings one service of this node into its declared state, from any state.
#
# A start needs no lock, and no other node once the service was founded or joined here. Voters and members behind a front end
# restart one node at a time: each keeps the lock until it is healthy again. Machines with copies need no lock: the
# provider delivers to one failure domain at a time. Before a restart any member asks may-stop.sh, and after it settled.sh.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

HEALTH_SECONDS=${HACIENDA_HEALTH_SECONDS:-300} # until the script logs the reason and fails, so that systemd tries again
FOUND_SECONDS=${HACIENDA_FOUND_SECONDS:-1800}  # how long the claimant may take; no TTL, only the message changes

service=$1
load_service "$service"
read -r -a units <<<"$HACIENDA_UNITS"

script() {
    "$LIB/$service/$1" "${@:2}"
}

# stronger ACTION ACTION: the stronger of two actions; empty for a text that is not an action.
stronger() {
    local action
    for action in restart reload converge; do
        if [[ $1 == "$action" || $2 == "$action" ]]; then
            echo "$action"
            return
        fi
    done
}

# take_owed: moves the actions that hacienda-apply recorded to a place of this script's own, and prints the strongest of them.
# An action that is recorded later waits for the next run.
take_owed() {
    local taken=$STATE/taken/$service strongest="" path
    mkdir -p "$STATE/taken"
    if [[ -e $taken.new || -e $STATE/pending/$service ]]; then
        if [[ ! -e $taken.new ]]; then mv "$STATE/pending/$service" "$taken.new"; fi
    fi
    for path in "$taken" "$taken.new"; do
        [[ -e $path ]] || continue
        strongest=$(stronger "$(<"$path")" "$strongest")
    done
    if [[ -e $taken.new ]]; then
        printf '%s\n' "$strongest" >"$taken.tmp"
        mv "$taken.tmp" "$taken"
        rm "$taken.new"
    fi
    printf '%s\n' "$strongest"
}

# running: whether every daemon of the service runs.
running() {
    local unit
    ((${#units[@]} > 0)) || return 1
    for unit in "${units[@]}"; do
        systemctl is-active --quiet "$unit" || return 1
    done
}

reloadable() {
    local unit
    for unit in "${units[@]}"; do
        [[ $(systemctl show --property=CanReload --value "$unit") == yes ]] || return 1
    done
}

mark_done() {
    mkdir -p "$STATE/done"
    printf '%s\n' "$1" >"$STATE/done/.$service"
    mv "$STATE/done/.$service" "$STATE/done/$service"
}

# start: founds or joins, or starts the daemons. Asks etcd only before the first success on this node.
start() {
    if ((${#units[@]} > 0)); then systemctl reset-failed "${units[@]}" 2>/dev/null || true; fi
    if [[ -n $HACIENDA_BOOTSTRAP && ! -e $STATE/done/$service ]]; then
        first_start
    else
        HACIENDA_CLUSTER_ID=$(cat "$STATE/done/$service" 2>/dev/null || true) join
    fi
}

# prepare: does what every start on this node needs first.
prepare() {
    [[ -z $HACIENDA_PREPARE ]] || script "$HACIENDA_PREPARE"
}

join() {
    export HACIENDA_CLUSTER_ID
    prepare
    if [[ -n $HACIENDA_JOIN ]]; then
        log "$service: starting on this node"
        script "$HACIENDA_JOIN"
    elif ((${#units[@]} > 0)); then
        systemctl start "${units[@]}"
    fi
    mark_done "${HACIENDA_CLUSTER_ID:--}"
}

# claim KEY WHAT: exactly one node of the environment does WHAT. 0: this node must, perhaps since before a crash. 1: another node has
# done it, and $left is its result. Until then this function waits.
claim() {
    local key=$1 since=$SECONDS code held
    while true; do
        code=0
        held=$(etcd_cas "$key" "" "claimed:$HACIENDA_NODE" 2>"$STATE/.etcd-says") || code=$?
        case $code:$held in
            0:*) return 0 ;;
            1:done:*)
                left=${held#done:}
                return 1
                ;;
            1:*) held="${held#claimed:} to $2" ;;
            *) held="etcd: $(tail -n 1 "$STATE/.etcd-says")" ;;
        esac
        wait_a_round "$since" "$FOUND_SECONDS" "$service: waiting for $held" ||
            fail "$service: waited $FOUND_SECONDS s for $held|see hacienda-verify there; if that node is gone for good: hacienda-leave NODE"
    done
}

# settle_claim KEY LEFT: records that the claimed work is done.
settle_claim() {
    _ask_etcd etcd_cas "$1" "claimed:$HACIENDA_NODE" "done:$2" >/dev/null ||
        fail "$service: ${1##*/} is done as $2, but etcd did not take note|it is tried again"
}

# first_start: exactly one node founds the service. Every other node joins it.
first_start() {
    local key=/hacienda/boot/$service said left
    said=$(sound) || fail "$service: not started for the first time: ${said%%$'\n'*}"
    if claim "$key" "found $service"; then
        found "$key"
    else
        HACIENDA_CLUSTER_ID=$left join
    fi
}

# migrate: no node starts the release's code before its schema exists. Asks etcd once per release.
migrate() {
    local kept=$STATE/migrated/$service key=/hacienda/migrate/$service/$HACIENDA_RELEASE said left
    [[ -n $HACIENDA_MIGRATE && $(cat "$kept" 2>/dev/null || true) != "$HACIENDA_RELEASE"* ]] || return 0
    said=$(sound) || fail "$service: not migrated: ${said%%$'\n'*}"
    if claim "$key" "migrate $service to $HACIENDA_RELEASE"; then
        log "$service: this node migrates it to $HACIENDA_RELEASE"
        # Only if no release was migrated before, a script may drop what an interrupted try left.
        HACIENDA_FIRST=$([[ $(releases) != 1 ]] || echo 1) script "$HACIENDA_MIGRATE"
        settle_claim "$key" "$HACIENDA_NODE"
    fi
    mkdir -p "$STATE/migrated"
    printf '%s\n' "$HACIENDA_RELEASE" >"$kept"
}

# releases: the number of releases that were migrated, this one included.
releases() {
    _ask_etcd etcd get --prefix --keys-only "/hacienda/migrate/$service/" | grep -c .
}

# migrate_online: after every member runs the release's code, one node finishes the migration. A first release needs no such step.
migrate_online() {
    local kept=$STATE/migrated/$service folder=/hacienda/release/$service left members count name
    [[ -n $HACIENDA_MIGRATE && $(cat "$kept" 2>/dev/null || true) == "$HACIENDA_RELEASE" ]] || return 0
    count=$(releases 2>/dev/null) || return 0
    if [[ $count != 1 ]]; then
        etcd put "$folder/$HACIENDA_NODE" "$HACIENDA_RELEASE" >/dev/null 2>&1 || return 0
        members=$(member_names)
        for name in $members; do
            # The last member to run it finds that all do.
            [[ $(etcd_get "$folder/$name" 2>/dev/null) == "$HACIENDA_RELEASE" ]] || return 0
        done
        if claim "$folder-online/$HACIENDA_RELEASE" "end the migration of $service to $HACIENDA_RELEASE"; then
            log "$service: every member runs $HACIENDA_RELEASE: this node ends its migration"
            script "$HACIENDA_MIGRATE" --online
            settle_claim "$folder-online/$HACIENDA_RELEASE" "$HACIENDA_NODE"
        fi
    fi
    printf '%s online\n' "$HACIENDA_RELEASE" >"$kept"
}

# found KEY: this node holds the claim, perhaps since before a crash; the bootstrap script can be run twice.
found() {
    local id
    log "$service: this node founds it"
    prepare
    # Under systemd stderr is a socket, which /dev/stderr cannot open.
    id=$(HACIENDA_CLUSTER_ID="" script "$HACIENDA_BOOTSTRAP" | tee >(cat >&2) | tail -n 1)
    [[ $id =~ ^[A-Za-z0-9._:-]+$ ]] || fail "$service: its bootstrap script printed no id but '$id'|this is a defect of the script"
    settle_claim "$1" "$id"
    mark_done "$id"
}

# sound: whether the service's assumptions about its packages hold; prints those that do not. Asked before a first start and before
# a restart of a healthy service. A stopped service is started in any case, because it cannot get worse.
sound() {
    "$LIB/hacienda-assumptions" "$service"
}

# restart: under the rolling lock, if the service has one. Without a quorum, etcd's own restart needs no lock.
restart() {
    local code=0 said
    said=$(sound) || fail "$service: not restarted: ${said%%$'\n'*}"
    if [[ $HACIENDA_ROLLING == 1 ]]; then
        lock "rolling/$service" || code=$?
        if ((code != 0)) && [[ $HACIENDA_COORDINATION != 1 ]]; then
            fail "$service: no restart without the rolling lock, and etcd does not answer|see hacienda-verify etcd"
        fi
    fi
    if ((code == 0)) && [[ -x $LIB/$service/may-stop.sh ]]; then
        wait_for "$LOCK_PATIENCE" "the other members of $service" script may-stop.sh ||
            fail "$service: stopping this member would cost the quorum, or too many copies|repair the other members first"
    fi
    if [[ -x $LIB/$service/settled.sh ]]; then
        mkdir -p "$STATE/restarted"
        : >"$STATE/restarted/$service"
    fi
    log "$service: restarting"
    if [[ -n $HACIENDA_JOIN ]]; then
        local reversed=() unit
        for unit in "${units[@]}"; do reversed=("$unit" "${reversed[@]}"); done
        systemctl stop "${reversed[@]}"
        start
    else
        prepare
        systemctl restart "${units[@]}"
    fi
}

# settled: after a restart, waits until this member's copies are complete again, so that the next one may be restarted.
settled() {
    [[ -e $STATE/restarted/$service ]] || return 0
    wait_for "$LOCK_PATIENCE" "the copies of $service on this node" script settled.sh ||
        fail "$service: its copies are not complete again|see the line above"
    rm -f "$STATE/restarted/$service"
}

# owners_done: whether the services that manage this one's accounts have finished here; otherwise it names one that has not.
owners_done() {
    local owner
    for owner in $HACIENDA_OWNERS; do
        if compgen -G "$STATE/pending/$owner" >/dev/null || compgen -G "$STATE/taken/$owner*" >/dev/null; then
            echo "$owner is at work"
            return 1
        fi
    done
}

# wait_for_owners: waits, so that a running daemon does not get a password that is not accepted yet.
wait_for_owners() {
    wait_for "$HEALTH_SECONDS" "$HACIENDA_OWNERS to accept what changed" owners_done ||
        fail "$service: what hands out its accounts has not accepted them|see hacienda-verify $HACIENDA_OWNERS"
}

# settle ACTION: starts a stopped service, or applies the action to a running one.
settle() {
    migrate
    if ! running; then
        start
        return
    fi
    if [[ ! -e $STATE/done/$service ]]; then start; fi
    case $1 in
        restart)
            wait_for_owners
            restart
            ;;
        reload)
            wait_for_owners
            if reloadable; then
                log "$service: reloading"
                systemctl reload "${units[@]}"
            else
                restart
            fi
            ;;
    esac
}

# keep_founded: records this node's cluster in etcd again. If etcd lost the record (restored, or created again), the next blank node
# would found a second cluster. It asks once and does not wait.
keep_founded() {
    local key=/hacienda/boot/$service id held
    [[ -n $HACIENDA_BOOTSTRAP ]] || return 0
    id=$(<"$STATE/done/$service")
    held=$(etcd_get "$key" 2>/dev/null) || return 0
    if [[ -z $held ]]; then
        log "$service: etcd did not know that it is founded"
        held=$(etcd_cas "$key" "" "done:$id") || [[ $? == 1 ]] || return 0
    fi
    [[ -z $held || $held == "done:$id" ]] ||
        fail "$service: this node belongs to $id, but etcd says $held|never merge the two: find out which one has the data"
}

# to_reconcile: the hash of the inputs if they changed on this node since its last known reconciliation; otherwise empty.
to_reconcile() {
    local wanted
    [[ -n $HACIENDA_RECONCILE ]] || return 0
    wanted=$(inputs_hash) || return 1
    [[ $(cat "$STATE/reconciled/$service" 2>/dev/null || true) == "$wanted" ]] || printf '%s\n' "$wanted"
}

# reconcile WANTED: runs the script on one node whenever an input changed here. A node does not reconcile the same inputs twice, so
# that a machine that returns with yesterday's bundle does not restore yesterday's passwords.
reconcile() {
    local wanted=$1 key=/hacienda/reconciled/$service
    lock "reconcile/$service" || fail "$service: nothing is reconciled without etcd, which does not answer|see hacienda-verify etcd"
    local current
    current=$(_ask_etcd etcd_get "$key") || fail "$service: etcd does not answer|see hacienda-verify etcd"
    if [[ $current != "$wanted" ]]; then
        log "$service: reconciling"
        script "$HACIENDA_RECONCILE"
        _ask_etcd etcd_cas "$key" "$current" "$wanted" >/dev/null || fail "$service: etcd did not take note of the reconciliation|it is tried again"
    fi
    unlock "reconcile/$service" || fail "$service: etcd does not answer|see hacienda-verify etcd"
    mkdir -p "$STATE/reconciled"
    printf '%s\n' "$wanted" >"$STATE/reconciled/$service"
}

# healthy [VARIABLE=VALUE]: with --local, an absent member is not a fault of this node. A start must not wait for a machine that
# never returns. may-stop.sh makes sure that a restart elsewhere costs no quorum.
healthy() {
    wait_for "$HEALTH_SECONDS" "$service to be healthy" env "$@" "$LIB/$service/$HACIENDA_VERIFY" --local ||
        fail "$service: not healthy yet|see the line above"
}

main() {
    local owed wanted
    owed=$(take_owed)
    settle "$owed"
    # The daemons have their actions. Services with an account here wait until everything is applied (owners_done).
    if [[ -n $owed ]]; then printf 'converge\n' >"$STATE/taken/$service"; fi
    wanted=$(to_reconcile)
    # Health must not depend on values that are not reconciled yet, like an administrator's new password.
    healthy HACIENDA_UNRECONCILED="${wanted:+1}"
    if holds "rolling/$service"; then
        unlock "rolling/$service" || fail "$service: the rolling lock is still held, etcd does not answer|see hacienda-verify etcd"
    fi
    keep_founded
    if [[ -n $wanted ]]; then
        reconcile "$wanted"
        healthy HACIENDA_UNRECONCILED=
    fi
    migrate_online
    settled
    rm -f "$STATE/taken/$service"
    if [[ -e $STATE/pending/$service ]]; then
        log "$service: something changed meanwhile"
        exec "${BASH_SOURCE[0]}" "$service"
    fi
    log "$service: converged"
    # Each of them waits for this unit, and nothing waits for them.
    if [[ -n $HACIENDA_AFTERWARDS ]]; then
        read -r -a units <<<"$HACIENDA_AFTERWARDS"
        systemctl start --no-block "${units[@]}"
    fi
}

main
