#!/bin/bash
# reconcile.sh [--retire]: the administrator's password as the secret keystone/admin has it, and the catalogue as
# /etc/hacienda/catalogue declares it. --retire: what former credential keys encrypt is encrypted with the present one.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

refused=3 # exit status of admin.py

manage() { # ARGUMENTS...: keystone-manage works on the database, so that it needs nobody's password
    runuser -u keystone -- keystone-manage "$@"
}

code=0
python3 /usr/lib/hacienda/keystone/admin.py "$LOCAL_URL" || code=$?
if ((code == refused)); then
    log "setting the administrator's password"
    # It travels in the environment: an argument would show in the process list.
    OS_BOOTSTRAP_PASSWORD=$(cat "$(secret keystone/admin)") manage bootstrap
elif ((code != 0)); then
    exit "$code"
fi
python3 /usr/lib/hacienda/keystone/catalogue.py "$LOCAL_URL" /etc/hacienda/catalogue
if [[ ${1:-} == --retire ]]; then
    # The next rotation drops the oldest key.
    manage credential_migrate --keystone-user keystone --keystone-group keystone
fi
