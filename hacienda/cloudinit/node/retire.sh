#!/bin/bash
# hacienda-retire [SERVICE]: ends the time in which a rotated secret's former value is accepted beside the new one. The deployer
# runs it once every node has the new one and uses it; nobody else can know that.
#
# A service's reconcile script is run with --retire, once for all nodes, and refused where the new value is not in force yet.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

if (($# == 0)); then
    for path in "$ETC"/services/*.env; do
        "${BASH_SOURCE[0]}" "$(basename "$path" .env)"
    done
    exit 0
fi

service=$1
load_service "$service"
[[ -n $HACIENDA_RECONCILE && -n $HACIENDA_INPUT_SECRETS ]] || exit 0

# held NAME: value of one of etcd's marks for this service.
held() {
    _ask_etcd etcd_get "/hacienda/$1/$service" || fail "$service: etcd does not answer|see hacienda-verify etcd"
}

wanted=$(inputs_hash)
former=$(held retired)
[[ $former != "$wanted" ]] || exit 0
[[ $(held reconciled) == "$wanted" ]] ||
    fail "$service: what this node holds is not in force yet|see hacienda-verify $service; then apply again"
lock "reconcile/$service" || fail "$service: etcd does not answer|see hacienda-verify etcd"
log "$service: retiring former values of $HACIENDA_INPUT_SECRETS"
"$LIB/$service/$HACIENDA_RECONCILE" --retire
_ask_etcd etcd_cas "/hacienda/retired/$service" "$former" "$wanted" >/dev/null ||
    fail "$service: etcd did not take note|run it again"
unlock "reconcile/$service" || fail "$service: etcd does not answer|see hacienda-verify etcd"
