#!/bin/sh
# uwsgi.sh START FILE: starts the API of FILE by the program START until its application is loaded. An API that is migrated first, as its facts
# say, is so here, too: in an SQLite file that takes the place of its database.
set -eu
start=$1 file=$2
service=$(basename "$(dirname "$file")")
facts=/etc/hacienda/services/$service.env

fact() { # NAME: its value, as shell variables are quoted
    grep "^$1=" "$facts" 2>/dev/null | cut -d = -f 2- | tr -d "'"
}

mkdir -p "/run/$service"
section=OS_$(fact MIGRATE_SECTION | tr '[:lower:]' '[:upper:]')_
# SQLite has no pool, and so no time to wait for one.
database="env ${section}_CONNECTION=sqlite:////tmp/$service.db ${section}_POOL_TIMEOUT="
run='import importlib, sys; tool = importlib.import_module(sys.argv.pop(1)); sys.exit(tool.main())'
migrate=$(fact MIGRATE)
if [ -n "$migrate" ]; then
    # shellcheck disable=SC2086 # variables; a module and its arguments
    $database python3 -P -c "$run" $migrate || { echo "$file: $migrate failed" && exit 1; }
fi
# shellcheck disable=SC2086 # variables
exec $database python3 -P "$start" "$file" '^WSGI app .* ready in' '' uwsgi_python3 --strict --ini "$file" --processes 1
