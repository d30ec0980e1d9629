#!/bin/bash
# reconcile.sh [--retire]: the passwords of the administrator and the probe as the secrets keystone/admin and keystone/probe have
# them, the users of services as /etc/hacienda/accounts/identity declares them, and the catalogue as /etc/hacienda/catalogue does.
# --retire: former users of services are removed, and what former credential keys encrypt is encrypted with the present one.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

refused=3 # exit status of admin.py
tries=3   # of setting the password: the first one that finds it set makes nothing of wrong ones before it

manage() { # ARGUMENTS...: keystone-manage works on the database, so that it needs nobody's password
    # With the cache, which has to forget what changes.
    runuser -u keystone -- python3 /usr/lib/hacienda/keystone/sealed_cache.py "$@"
}

for ((try = 1; try <= tries; try++)); do
    code=0
    python3 /usr/lib/hacienda/keystone/admin.py "$LOCAL_URL" || code=$?
    ((code == refused)) || break
    log "setting the administrator's password"
    # It travels in the environment: an argument would show in the process list. A stranger may have locked the account while it
    # could still be locked (accounts.py); bootstrap, which asks the database, does not mind.
    OS_BOOTSTRAP_PASSWORD=$(cat "$(secret keystone/admin)") OS_SECURITY_COMPLIANCE__LOCKOUT_FAILURE_ATTEMPTS=1000000000 manage bootstrap
done
((code == 0)) || exit "$code"
python3 /usr/lib/hacienda/keystone/accounts.py "$LOCAL_URL"
python3 /usr/lib/hacienda/keystone/users.py "$LOCAL_URL" /etc/hacienda/accounts/identity "$STATE/secrets/identity" "$@"
python3 /usr/lib/hacienda/keystone/catalogue.py "$LOCAL_URL" /etc/hacienda/catalogue
if [[ ${1:-} == --retire ]]; then
    # The next rotation drops the oldest key.
    manage credential_migrate --keystone-user keystone --keystone-group keystone
fi
