#!/bin/bash
# One schema and one user per file in /etc/hacienda/databases; the password is the secret database/<name>. Passwords reach the
# server through standard input only.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/galera/common.sh
. /usr/lib/hacienda/galera/common.sh

rights="SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, CREATE TEMPORARY TABLES, LOCK TABLES, TRIGGER"
shopt -s nullglob

statements() {
    local file name account schema password declared=""
    for file in /etc/hacienda/databases/*; do
        name=${file##*/}
        password=$(cat "$(secret "database/$name")")
        [ -n "$password" ] || fail "the secret database/$name is empty|deploy the environment again"
        account="'$name'@'$CLIENT_NETWORK'"
        declared+="'$name',"
        schema="\`$name\`"
        printf 'CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci;\n' "$schema"
        printf 'CREATE USER IF NOT EXISTS %s ACCOUNT LOCK;\n' "$account"
        printf "ALTER USER %s IDENTIFIED BY '%s' REQUIRE SSL ACCOUNT UNLOCK;\n" "$account" "$password"
        # An underscore in a GRANT stands for any character, so it is escaped.
        printf 'GRANT %s ON %s.* TO %s;\n' "$rights" "${schema//_/\\_}" "$account"
    done
    printf "SELECT CONCAT('ALTER USER ', QUOTE(User), '@', QUOTE(Host), ' ACCOUNT LOCK;') FROM mysql.global_priv WHERE Host <> 'localhost' AND User NOT IN (%s'');\n" "$declared"
}

# The last statement prints one for each account that nothing declares any more: locked, not dropped, as its schema is kept.
client=(mariadb --no-defaults --socket=/run/mysqld/mysqld.sock --batch --skip-column-names)
statements | "${client[@]}" | "${client[@]}"
log "databases: $(find /etc/hacienda/databases -type f -printf '%f ' 2>/dev/null)"
