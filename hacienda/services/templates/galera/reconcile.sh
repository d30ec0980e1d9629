#!/bin/bash
# reconcile.sh [--retire]: one schema and one user per file in /etc/hacienda/databases; the password is the secret
# database/<name>. A former password is accepted, too, until --retire. Hashes reach the server through standard input only.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

client=(mariadb --no-defaults --socket=/run/mysqld/mysqld.sock --batch --raw --skip-column-names)
accounts=$("${client[@]}" -e "SELECT User, Host, Priv FROM mysql.global_priv WHERE Host <> 'localhost'")
# An empty answer has no line at all.
wanted=$(printf '%s' "${accounts:+$accounts$'\n'}" |
    python3 /usr/lib/hacienda/galera/accounts.py /etc/hacienda/databases "$STATE/secrets/database" "$CLIENT_NETWORK" "$@")
"${client[@]}" <<<"$wanted"
log "databases: $(find /etc/hacienda/databases -type f -printf '%f ' 2>/dev/null)"
