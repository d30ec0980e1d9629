#!/bin/bash
# Brings this node's member up, from any state:
#   data here                       start it (set it aside first if the cluster has removed this member meanwhile);
#   no data, a cluster answers      join it: a learner first, which cannot cost the quorum, then a voter;
#   no data, none answers, a record wait: a machine that knows of a cluster never founds another one, nor does one whose
#                                   peers still hold a cluster's data, quorum or not;
#   no data, none answers, none     found it with the other declared members: nobody is the first, all must say the same.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/etcd/members.sh
. /usr/lib/hacienda/etcd/members.sh

CATCH_UP=60 # seconds a new member may take to join, and to catch up, before it is tried again
REFUSED=7   # curl's exit status when nothing listens

# configure STATE CLUSTER: what etcd reads while its data directory is empty.
configure() {
    mkdir -p "${INITIAL%/*}"
    printf 'ETCD_INITIAL_CLUSTER_STATE=%s\nETCD_INITIAL_CLUSTER=%s\nETCD_INITIAL_CLUSTER_TOKEN=%s\n' "$1" "$2" "$TOKEN" >"$INITIAL.new"
    mv "$INITIAL.new" "$INITIAL"
}

# set_aside: keeps data that no cluster wants any more, the latest only.
set_aside() {
    log "this member was removed from the cluster: its data goes to $DATA.removed"
    run_as etcd rm -rf "$DATA.removed"
    run_as etcd mv --no-target-directory "$DATA" "$DATA.removed"
}

# is_stranger LINE: whether the cluster that answers does not know the data of this node: LINE is what it lists for our
# address. A member that was added but never started belongs to us only if we were added as just that one.
is_stranger() {
    [[ -n $1 ]] || return 0
    [[ -z $(field 2 <<<"$1") && $(field 1 <<<"$1") != "$(cat "$LEARNER" 2>/dev/null)" ]]
}

# join_as_learner LINE: adds this node, after removing whatever the cluster still lists for its address (LINE).
join_as_learner() {
    local line=$1 added members
    # Added moments ago by a run that was interrupted: nothing was started under that id, so it can be used.
    if [[ -z $line || -n $(field 2 <<<"$line") || $(field 1 <<<"$line") != "$(cat "$LEARNER" 2>/dev/null)" ]]; then
        if [[ -n $line ]]; then
            log "removing the former member $(field 1 <<<"$line") of this node"
            etcd member remove "$(field 1 <<<"$line")" >/dev/null ||
                fail "etcd refuses to remove this node's former member|see hacienda-verify etcd on the other members"
        fi
        added=$(etcd member add "$HACIENDA_NODE" --learner --peer-urls="$URL" 2>&1) ||
            fail "etcd does not accept another member now: $(tail -n 1 <<<"$added")|it is tried again; one member joins at a time"
        mkdir -p "${LEARNER%/*}"
        sed -n 's/^Member *\([0-9a-f]*\) added.*/\1/p' <<<"$added" >"$LEARNER"
    fi
    members=$(list_members) || fail "etcd stopped answering|it is tried again"
    configure existing "$(named_members "$members")"
}

# named_members LINES: as ETCD_INITIAL_CLUSTER wants them. A member that has not started yet has no name: its id will do.
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

# peers_say: `data` when a member that answers, with or without a quorum, knows of one that ever served clients; `blank` when
# every member says that none did, or that nothing listens there; otherwise `unknown`. The peers' own port tells, the
# clients' one is silent without a quorum.
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
        # Everybody is as blank as this node. Nobody need wait for etcdctl, which takes 5 s to believe that none listens.
        configure new "$(declared_members)"
    elif members=$(list_members); then
        line=$(grep -F "|$URL|" <<<"$members" || true)
        if has_data; then
            is_stranger "$line" || return 0
            set_aside
        fi
        # Listed by those who founded, not yet arrived itself, and nothing of it was ever lost: it comes as it was expected.
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
    # It may be waiting for a quorum, or failing over and over: what it was told may be out of date.
    systemctl stop etcd.service
    rm -f "$INITIAL"
    prepare
    # Not waiting: a founder is ready when a quorum is, and the others may come later.
    systemctl start --no-block etcd.service
fi
if grep -qs '^ETCD_INITIAL_CLUSTER_STATE=existing$' "$INITIAL"; then
    wait_for "$CATCH_UP" "this member to join" systemctl is-active etcd.service ||
        fail "this member could not join|journalctl -u etcd on this node says why; it is tried again with what the others say then"
fi
if [[ -s $LEARNER ]]; then
    wait_for "$CATCH_UP" "this member to catch up" promote || fail "this member has not caught up with the others|it is tried again"
    rm -f "$LEARNER"
fi
