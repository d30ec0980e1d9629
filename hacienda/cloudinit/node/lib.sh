# shellcheck shell=bash
# The functions that all of Hacienda's scripts use. Sourced, never run. It expects `set -euo pipefail`.
#
# It loads the facts of this node and, for a script below /usr/lib/hacienda/<service>/, that service's facts.

ROOT=${HACIENDA_ROOT:-}
LIB=$ROOT/usr/lib/hacienda
ETC=$ROOT/etc/hacienda
STATE=$ROOT/var/lib/hacienda

ETCD_PATIENCE=${HACIENDA_ETCD_PATIENCE:-30}  # seconds until "etcd does not answer" is believed: an election takes a few
LOCK_PATIENCE=${HACIENDA_LOCK_PATIENCE:-900} # seconds one node may take to restart and be healthy again

# log TEXT...: one line for the journal.
log() {
    printf '%s\n' "$*" >&2
}

# fail "what is wrong|what to do": ends the script.
fail() {
    log "$*"
    exit 1
}

# number TEXT WHAT: prints TEXT if it is a natural number. Check every text of another user's file, a server, a peer or etcd here
# before arithmetic uses it, because arithmetic runs the command in `x[$(command)]`.
number() {
    [[ $1 =~ ^(0|[1-9][0-9]{0,17})$ ]] || fail "$2 is no number: $(printf '%.40q' "$1")|see what wrote it"
    printf '%s\n' "$1"
}

# run_as USER COMMAND...: runs a command as USER. In a folder that others may write, root must use no name: it may be a link.
run_as() {
    setpriv --reuid="$1" --regid="$1" --init-groups -- "${@:2}"
}

# load_service NAME: exports the service's facts.
load_service() {
    [[ $1 =~ ^[a-z0-9-]+$ ]] || fail "$(printf '%.40q' "$1") is no service|see ls $ETC/services"
    [[ -r $ETC/services/$1.env ]] || fail "$1 is not installed on this node|deploy the environment again"
    set -a
    # shellcheck disable=SC1090
    . "$ETC/services/$1.env"
    set +a
}

# wait_for SECONDS "what" COMMAND...: tries every second until the command succeeds. After SECONDS it logs the last output and
# returns 1. The command runs in a subshell. A slow command runs less often, because the other program needs the processor, too.
wait_for() {
    local limit what=$2 since=$SECONDS told=$SECONDS asked=$SECONDS seen
    limit=$(number "$1" "how long to wait") || return
    shift 2
    until seen=$("$@" 2>&1); do
        if ((SECONDS - since >= limit)); then
            log "gave up after $limit s waiting for $what: $(tail -n 1 <<<"$seen")"
            return 1
        fi
        if ((SECONDS - told >= 10)); then
            told=$SECONDS
            log "waiting for $what ($((SECONDS - since)) s): $(tail -n 1 <<<"$seen")"
        fi
        sleep $((SECONDS - asked > 1 ? SECONDS - asked : 1))
        asked=$SECONDS
    done
}

# wait_a_round SINCE LIMIT TEXT: one round of a wait that started at SINCE (of $SECONDS). Logs TEXT at once and every ten seconds,
# and sleeps one second. 1: the LIMIT in seconds is over. For loops that decide more than wait_for.
wait_a_round() {
    local since limit
    since=$(number "$1" "the beginning of a wait") && limit=$(number "$2" "how long to wait") || return
    if ((SECONDS - since >= limit)); then return 1; fi
    if ((_told < since || SECONDS - _told >= 10)); then
        _told=$SECONDS
        log "$3"
    fi
    sleep 1
}
_told=-1

# secret NAME: path of a secret's file.
secret() {
    local path=$STATE/secrets/$1
    [[ -r $path ]] || fail "the secret $1 is not on this node|deploy the environment again"
    printf '%s\n' "$path"
}

# inputs_hash: one hash of everything that the loaded service's reconcile script applies: computed files, the script itself,
# secrets. A secret is 48 random characters, so its hash reveals nothing. 1: one of them is not readable, because a hash of the
# others would look like the hash of all. (A command substitution clears `set -e`.)
inputs_hash() {
    local path name file
    {
        for path in $HACIENDA_INPUTS "/usr/lib/hacienda/$HACIENDA_SERVICE/$HACIENDA_RECONCILE"; do
            printf '%s ' "$path"
            sha256sum <"$ROOT$path" || return 1
        done
        for name in $HACIENDA_INPUT_SECRETS; do
            printf '%s\n' "$name"
            file=$(secret "$name") || return 1
            cat "$file" || return 1
        done
    } | sha256sum | cut -c 1-32
}

# member_names: names of the service's members, one a line.
member_names() {
    local member
    for member in $MEMBERS; do
        printf '%s\n' "${member%%=*}"
    done
}

# member_address NAME: management address of a member; 1: there is no such member.
member_address() {
    local member
    for member in $MEMBERS; do
        if [[ ${member%%=*} == "$1" ]]; then
            printf '%s\n' "${member#*=}"
            return 0
        fi
    done
    return 1
}

# etcd ARGUMENTS...: etcdctl with this node's certificate, for at most 10 s: `etcdctl txn` has no time-out of its own and
# waits forever if no endpoint answers, even with --command-timeout (seen with 3.4.23).
etcd() {
    if [[ -z ${HACIENDA_ETCD_ENDPOINTS:-} ]]; then
        log "this node is no member of etcd"
        return 2
    fi
    local tls=()
    if [[ -n ${HACIENDA_ETCD_TLS:-} ]]; then
        tls=(--cacert="$HACIENDA_ETCD_TLS/ca.pem" --cert="$HACIENDA_ETCD_TLS/cert.pem" --key="$HACIENDA_ETCD_TLS/key.pem")
    fi
    ETCDCTL_API=3 timeout --kill-after=1 10 etcdctl --endpoints="$HACIENDA_ETCD_ENDPOINTS" --dial-timeout=2s --command-timeout=5s "${tls[@]}" "$@"
}

# etcd_get KEY: the value, linearizable; empty: there is no such key. 2: etcd does not answer.
etcd_get() {
    etcd get --print-value-only "$1" || return 2
}

# etcd_cas KEY OLD NEW: compare and swap; an empty OLD means absent, an empty NEW deletes.
# 0: the key holds NEW, now or already (etcd may have executed a request whose answer was lost). 1: it holds another value, printed.
# 2: etcd does not answer, and it is unknown whether it executed the request: ask again.
etcd_cas() {
    local key=$1 old=$2 new=$3 compare="value(\"$1\") = \"$2\"" change="put $1 \"$3\"" answer held
    [[ $key$old$new =~ ^[A-Za-z0-9._:/@+-]*$ ]] || fail "etcd_cas: unsafe characters in $key, '$old' or '$new'|choose plain ones"
    if [[ -z $old ]]; then compare="version(\"$key\") = \"0\""; fi
    if [[ -z $new ]]; then change="del $key"; fi
    answer=$(printf '%s\n\n%s\n\nget %s\n\n' "$compare" "$change" "$key" | etcd txn) || return 2
    case ${answer%%$'\n'*} in
        SUCCESS) return 0 ;;
        FAILURE) ;;
        *) return 2 ;;
    esac
    # After the word FAILURE and an empty line: the key and its value, or nothing.
    held=$(sed -n '4p' <<<"$answer")
    [[ $held != "$new" ]] || return 0
    printf '%s\n' "$held"
    return 1
}

# _ask_etcd COMMAND...: repeats a function while it returns 2, for ETCD_PATIENCE seconds.
_ask_etcd() {
    local since=$SECONDS code
    while true; do
        code=0
        "$@" || code=$?
        if ((code != 2 || SECONDS - since >= ETCD_PATIENCE)); then
            return "$code"
        fi
        sleep 1
    done
}

# lock NAME: takes /hacienda/NAME for this node, and waits for its holder. The lock has no TTL and survives reboots; taking it
# twice is allowed. 2: etcd does not answer. The marker on disk shows a later run that this node may hold the lock.
lock() {
    local name=$1 since=$SECONDS code holder
    mkdir -p "$STATE/holding"
    : >"$STATE/holding/${name//\//__}"
    while true; do
        code=0
        holder=$(_ask_etcd etcd_cas "/hacienda/$name" "" "$HACIENDA_NODE") || code=$?
        case $code in
            0) return 0 ;;
            1) ;;
            *) return 2 ;;
        esac
        wait_a_round "$since" "$LOCK_PATIENCE" "waiting for $holder to release $name" ||
            fail "$name has been held by $holder for $LOCK_PATIENCE s|see hacienda-verify on $holder; if it is gone for good: hacienda-leave $holder"
    done
}

# holds NAME: whether this node may hold the lock. It does not ask etcd.
holds() {
    [[ -e $STATE/holding/${1//\//__} ]]
}

# unlock NAME: releases the lock if this node holds it. 2: etcd does not answer; the lock stays.
unlock() {
    local code=0
    _ask_etcd etcd_cas "/hacienda/$1" "$HACIENDA_NODE" "" >/dev/null || code=$?
    ((code != 2)) || return 2
    rm -f "$STATE/holding/${1//\//__}"
}

# release_node NODE: releases every lock and unfinished claim of a dead node. 2: etcd does not answer.
release_node() {
    local prefix key value found
    for prefix in /hacienda/rolling/ /hacienda/reconcile/ /hacienda/boot/ /hacienda/migrate/ /hacienda/release/; do
        found=$(etcd get --prefix "$prefix") || return 2
        while read -r key && read -r value; do
            if [[ $value == "$1" || $value == "claimed:$1" ]]; then
                etcd_cas "$key" "$value" "" >/dev/null || [[ $? == 1 ]] || return 2
                log "released $key, which $1 held"
            fi
        done <<<"$found"
    done
}

if [[ -r $ETC/node.env ]]; then
    set -a
    # shellcheck disable=SC1091
    . "$ETC/node.env"
    set +a
fi
if [[ $0 == "$LIB"/*/* ]]; then
    load_service "$(basename "$(dirname "$0")")"
fi
