#!/bin/bash
# reconcile.sh [--retire]: sets the passwords of the administrator and the probe from the secrets keystone/admin and keystone/probe.
# Creates and corrects the services' users that /etc/hacienda/accounts/identity declares, and the catalogue in /etc/hacienda/catalogue.
# --retire: removes former users of services, and encrypts with the present credential key what former ones encrypted.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

refused=3 # exit status of admin.py
tries=3   # to set the password; earlier refusals do not count once it is accepted

manage() { # ARGUMENTS...: keystone-manage works on the database, so it needs no account's password
    # sealed_cache.py runs it with the cache, so that changed values leave the cache.
    runuser -u keystone -- python3 /usr/lib/hacienda/keystone/sealed_cache.py "$@"
}

for ((try = 1; try <= tries; try++)); do
    code=0
    python3 /usr/lib/hacienda/keystone/admin.py "$LOCAL_URL" || code=$?
    ((code == refused)) || break
    log "setting the administrator's password"
    # Pass the password in the environment, because the process list shows arguments. A stranger may have locked the account before
    # accounts.py exempted it, so raise the limit for bootstrap.
    OS_BOOTSTRAP_PASSWORD=$(cat "$(secret keystone/admin)") OS_SECURITY_COMPLIANCE__LOCKOUT_FAILURE_ATTEMPTS=1000000000 manage bootstrap
done
((code == 0)) || exit "$code"
python3 /usr/lib/hacienda/keystone/accounts.py "$LOCAL_URL"
python3 /usr/lib/hacienda/keystone/users.py "$LOCAL_URL" /etc/hacienda/accounts/identity "$STATE/secrets/identity" "$@"
python3 /usr/lib/hacienda/keystone/catalogue.py "$LOCAL_URL" /etc/hacienda/catalogue
if [[ ${1:-} == --retire ]]; then
    # The next rotation deletes the oldest key.
    manage credential_migrate --keystone-user keystone --keystone-group keystone
fi
