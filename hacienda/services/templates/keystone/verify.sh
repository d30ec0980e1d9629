#!/bin/bash
# verify.sh [--local]: issues a token through the virtual IP and validates it here. Then compares the key repositories of all members,
# which publish hashes of theirs in etcd: different keys cause random 401s. Then reports what the release's own check said. With --local,
# neither a member with other keys nor that check is a fault.
# Before the administrator's new password is in force (HACIENDA_UNRECONCILED), Keystone only has to answer.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

systemctl is-active --quiet keystone.service ||
    fail "keystone is not running|journalctl -u hacienda-keystone -u keystone"
# Ask for no token while Keystone still loads: three nodes that start Python every second only to get a 503 take a third of two
# processors from the loading ones.
curl --silent --output /dev/null --max-time 5 --cacert /etc/keystone/tls/ca.pem "${LOCAL_URL%/v3}/healthcheck" ||
    fail "keystone does not answer on this node yet|journalctl -u keystone"
if [[ -n ${HACIENDA_UNRECONCILED:-} ]]; then
    echo "keystone answers"
    exit 0
fi
issued=$(timeout 9 python3 /usr/lib/hacienda/keystone/issue.py "$AUTH_URL" "$LOCAL_URL") ||
    fail "${issued:-Keystone does not answer within 9 s|journalctl -u keystone}"
hash=$(cd /etc/keystone && find fernet-keys credential-keys -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
keys=/hacienda/keystone/keys
if etcd put "$keys/$HACIENDA_NODE" "$hash" >/dev/null 2>&1; then
    for name in $(member_names); do
        theirs=$(etcd_get "$keys/$name" 2>/dev/null || true)
        if [ -n "$theirs" ] && [ "$theirs" != "$hash" ] && [ "${1:-}" != --local ]; then
            fail "fernet or credential keys differ from those of $name|deploy the environment again, so that both get the same keys"
        fi
    done
fi
# Nothing waits for the release's own check, least of all a start.
if [[ ${1:-} != --local ]]; then issued+=$(/usr/lib/hacienda/keystone/upgrade-check.sh --said); fi
echo "$issued"
