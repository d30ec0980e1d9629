#!/bin/bash
# Notes who left; a check and a drain refuse for ctl-9. A drain takes two steps.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "$HACIENDA_ROOT/usr/lib/hacienda/lib.sh"

case $1 in
    --drain)
        [[ $2 != ctl-9 ]] || fail "ctl-9 holds too much|add a machine first"
        [[ -e $STATE/test-drained ]] || { touch "$STATE/test-drained"; echo "2 parts still move"; exit 75; }
        echo "nothing is left"
        exit 0
        ;;
    --stay)
        rm -f "$STATE/test-drained"
        echo "it stays"
        exit 0
        ;;
esac
if [[ $1 == --check ]]; then
    [[ $2 != ctl-9 ]] || fail "1 of 3 members would stay|repair another one first"
    echo "2 of 3 members stay"
    exit 0
fi
echo "$1" >>"$STATE/test-left"
