#!/bin/bash
# upgrade-check.sh: runs the release's own check once for each version of the package, and keeps what it says. The first member does it
# for all, because they share what is checked. It waits until the machine has nothing more urgent to do, and checks one service at a
# time. 1: the check failed or does not run; systemd starts this script again.
# upgrade-check.sh --said: what verify.sh adds to its line, from what is kept; empty: the check succeeded, or nobody has asked yet.
# 1: it did not succeed.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

kept=$STATE/upgrade-check/$HACIENDA_SERVICE # three lines: the version of the package, the exit status of the check, a text

# quiet: whether a processor is free. While a cloud starts, other services wait for the processors.
quiet() {
    local said load processors
    read -r said _ </proc/loadavg
    load=$(number "${said%.*}" "the load")
    processors=$(number "$(nproc)" "the number of processors")
    ((load < processors))
}

# wait_until_quiet: for 15 minutes at most.
wait_until_quiet() {
    local round
    for ((round = 0; round < 60; round++)); do
        if quiet; then return; fi
        sleep 15
    done
}

# ask: runs the check as a user other than root, and sets `code` and `said`. What did not run is repeated after a minute, because the
# database or an API may be changing its server.
ask() {
    local words try
    read -r -a words <<<"$UPGRADE_CHECK"
    for ((try = 1; try <= 3; try++)); do
        if ((try > 1)); then sleep 60; fi
        code=0
        said=$(run_as "$HACIENDA_SERVICE" timeout 600 \
            python3 "/usr/lib/hacienda/$HACIENDA_SERVICE/upgrade_check.py" "${words[@]}" 9>&-) || code=$?
        if ((code <= 2)); then return; fi
    done
}

first='' known_version='' known_code='' known_text=''
read -r first <<<"$(member_names)"
if [[ $first != "$HACIENDA_NODE" ]]; then exit 0; fi
if [[ -r $kept ]]; then
    { read -r known_version && read -r known_code && read -r known_text; } <"$kept" || true
fi

if [[ ${1:-} == --said ]]; then
    what="the upgrade check of $HACIENDA_SERVICE $known_version"
    next="journalctl -u $HACIENDA_SERVICE-upgrade-check; it is repeated every 5 minutes until it succeeds"
    case $known_code in
        "" | 0) exit 0 ;;
        1) echo "; $what warns: $known_text" ;;
        2) fail "$what fails: $known_text|repair what it names; $next" ;;
        *) fail "$what does not run: $known_text|$next" ;;
    esac
    exit 0
fi

version=$(dpkg-query --show --showformat='${Version}' "$UPGRADE_PACKAGE")
if [[ $known_version == "$version" && $known_code =~ ^[01]$ ]]; then exit 0; fi
wait_until_quiet
mkdir -p "${kept%/*}"
exec 9>"${kept%/*}/.lock"
flock 9
ask
# Verify scripts print the text, in which `|` separates a fault from its repair.
said=$(printf '%s' "$said" | tr -c '[:print:]' ' ' | tr '|' '/' | cut -c -500)
printf '%s\n%s\n%s\n' "$version" "$code" "$said" >"$kept.new"
mv "$kept.new" "$kept"
log "upgrade check of $HACIENDA_SERVICE $version ends with $code: ${said:-nothing to do}"
((code <= 1))
