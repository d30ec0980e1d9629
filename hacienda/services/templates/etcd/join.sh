#!/bin/bash
# Starts this node's member, from any state:
#   data                            start with it; if the cluster has removed this member meanwhile, set the data aside and join.
#   no data, a cluster answers      join as a learner, which cannot cost the quorum; then become a voter.
#   no data, none answers, a record wait: a machine that knows of a cluster never founds another one. Nor does a machine whose
#                                   peers hold a cluster's data, with or without a quorum.
#   no data, none answers, none     found the cluster with the other declared members; all of them start with the same list.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/etcd/members.sh
. /usr/lib/hacienda/etcd/members.sh

CATCH_UP=60 # seconds in which a new member must join, and again in which it must catch up, before this script fails
REFUSED=7   # curl's exit status when nothing listens

# configure STATE CLUSTER: writes what etcd reads while its data directory is empty.
configure() {
    mkdir -p "${INITIAL%/*}"
    printf 'ETCD_INITIAL_CLUSTER_STATE=%s\nETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_TOKEN=%s\n' "$1" "$2" "$TOKEN" >"$INITIAL.new"
    mv "$INITIAL.new" "$INITIAL"
}

# set_aside: moves the data of a removed member away; replaces data moved away earlier.
set_aside() {
    log "the cluster removed this member: moving its data to $DATA.removed"
    run_as etcd rm -rf "$DATA.removed"
    run_as etcd mv --no-target-directory "$DATA" "$DATA.removed"
}

# is_stranger LINE: whether the cluster that answers does not know this node's data. LINE is its entry for this node's address.
# A member that was added and never started is this node only if this node was added under that id.
is_stranger() {
    [[ -n $1 ]] || return 0
    [[ -z $(field 2 <<<"$1") && $(field 1 <<<"$1") != "$(cat "$LEARNER" 2>/dev/null)" ]]
}

# join_as_learner LINE: adds this node, after removing the cluster's former entry for its address (LINE).
join_as_learner() {
    local line=$1 added members
    # An interrupted run may have added this node already. Nothing was started under that id, so this run uses it.
    if [[ -z $line || -n $(field 2 <<<"$line") || $(field 1 <<<"$line") != "$(cat "$LEARNER" 2>/dev/null)" ]]; then
        if [[ -n $line ]]; then
            log "removing the former member $(field 1 <<<"$line") of this node"
            etcd member remove "$(field 1 <<<"$line")" >/dev/null ||
                fail "etcd refuses to remove this node's former member|see hacienda-verify etcd on the other members"
        fi
        added=$(etcd member add "$HACIENDA_NODE" --learner --peer-urls="$URL" 2>&1) ||
            fail "etcd does not accept another member now: $(tail -n 1 <<<"$added")|this node tries again; one member joins at a time"
        mkdir -p "${LEARNER%/*}"
        sed -n 's/^Member *\([0-9a-f]*\) added.*/\1/p' <<<"$added" >"$LEARNER"
    fi
    members=$(list_members) || fail "etcd stopped answering|this node tries again"
    configure existing "$(named_members "$members")"
}

# named_members LINES: the value of ETCD_INITIAL_CLUSTER. A member that has not started yet has no name, so its id is used.
named_members() {
    awk -F'|' -v url="$URL" -v me="$HACIENDA_NODE" '{
        name = $3 == url ? me : ($2 == "" ? "member-" $1 : $2)
        printf "%s%s=%s", separator, name, $3
        separator = ","
    }' <<<"$1"
}

declared_members() {
    local member list=""
    for member in $MEMBERS; do
        list+="${list:+,}${member%%=*}=https://${member#*=}:$PEER_PORT"
    done
    printf '%s\n' "$list"
}

# peers_say: `data` when an answering member, with or without a quorum, lists a member that has served clients.
# `blank` when each member lists none, or nothing listens there; otherwise `unknown`.
# Asks the port of peers, because the port of clients is silent without a quorum.
peers_say() {
    local peer folder=/etc/etcd/peer said=blank answer code
    for peer in $PEERS; do
        code=0
        answer=$(curl --silent --fail --http1.1 --max-time 2 --cacert "$folder/ca.pem" --cert "$folder/cert.pem" --key "$folder/key.pem" \
            "https://${peer#*=}:$PEER_PORT/members") || code=$?
        ((code != REFUSED)) || continue
        case $(jq 'any(.[]; .clientURLs | length > 0)' 2>/dev/null <<<"$answer") in
            true)
                echo data
                return
                ;;
            false) ;;
            *) said=unknown ;;
        esac
    done
    echo "$said"
}

# prepare: decides between founding, joining and starting.
prepare() {
    local members line="" others=unknown
    if ! has_data && [[ ! -s $STATE/cluster.json ]]; then others=$(peers_say); fi
    if [[ $others == blank ]]; then
        # All members are blank, so skip etcdctl, which takes 5 s to notice that no member listens.
        configure new "$(declared_members)"
    elif members=$(list_members); then
        line=$(grep -F "|$URL|" <<<"$members" || true)
        if has_data; then
            is_stranger "$line" || return 0
            set_aside
        fi
        # The founders list this node, it never started, and it has no record of a cluster: it starts under its listed entry.
        if [[ -n $(field 2 <<<"$line") && -z $(field 4 <<<"$line") && ! -s $STATE/cluster.json ]]; then
            configure existing "$(named_members "$members")"
        else
            join_as_learner "$line"
        fi
    elif ! has_data; then
        if [[ -s $STATE/cluster.json || $others == data ]]; then
            fail "an etcd cluster exists, but no quorum of it answers|bring the other members back: this node joins them by itself. If their data is lost, restore it: hacienda explain docs/services/etcd.md"
        fi
        configure new "$(declared_members)"
    fi
}

# promote: a learner becomes a voter as soon as it has caught up.
promote() {
    local id
    id=$(<"$LEARNER")
    etcd member promote "$id" 2>&1 || [[ $(list_members | grep "^$id|" | field 5) == false ]]
}

if ! systemctl --quiet is-active etcd.service; then
    # etcd may be waiting for a quorum or failing repeatedly: its initial configuration may be out of date.
    systemctl stop etcd.service
    rm -f "$INITIAL"
    prepare
    # Do not wait: a founder is ready once there is a quorum, and the others may start later.
    systemctl start --no-block etcd.service
fi
if grep -qs '^ETCD_INITIAL_CLUSTER_STATE=existing$' "$INITIAL"; then
    wait_for "$CATCH_UP" "this member to join" systemctl is-active etcd.service ||
        fail "this member could not join|journalctl -u etcd on this node says why; this node asks the others again and retries"
fi
if [[ -s $LEARNER ]]; then
    wait_for "$CATCH_UP" "this member to catch up" promote || fail "this member has not caught up with the others|this node tries again"
    rm -f "$LEARNER"
fi
