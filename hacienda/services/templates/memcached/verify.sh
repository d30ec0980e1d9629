#!/bin/bash
# The cache answers on this node's address.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

answer=""
{
    printf 'version\r\nquit\r\n' >&3
    read -r -t 3 answer <&3 || true
} 3<>"/dev/tcp/$HACIENDA_ADDRESS/$CACHE_PORT" 2>/dev/null || true
answer=${answer%$'\r'}
[[ $answer == VERSION* ]] ||
    fail "memcached does not answer on $HACIENDA_ADDRESS:$CACHE_PORT|journalctl -u memcached"
echo "answers, version ${answer#VERSION }"
