#!/bin/sh
# uwsgi.sh START FILE: the program START starts the API of FILE until its application is loaded. If the API's facts declare a
# migration, it runs first, in an SQLite file that replaces the database.
set -eu
start=$1 file=$2
service=$(basename "$(dirname "$file")")
facts=/etc/hacienda/services/$service.env

fact() { # NAME: prints the value of a fact, without its shell quotes
    grep "^$1=" "$facts" 2>/dev/null | cut -d = -f 2- | tr -d "'"
}

mkdir -p "/run/$service"
section=OS_$(fact MIGRATE_SECTION | tr '[:lower:]' '[:upper:]')_
# SQLite has no pool, and therefore no time limit for waiting on it.
database="env ${section}_CONNECTION=sqlite:////tmp/$service.db ${section}_POOL_TIMEOUT="
run='import importlib, sys; tool = importlib.import_module(sys.argv.pop(1)); sys.exit(tool.main())'
migrate=$(fact MIGRATE)
if [ -n "$migrate" ]; then
    # shellcheck disable=SC2086 # variables; a module and its arguments
    $database python3 -P -c "$run" $migrate || { echo "$file: $migrate failed" && exit 1; }
fi
# shellcheck disable=SC2086 # variables
exec $database python3 -P "$start" "$file" '^WSGI app .* ready in' '' uwsgi_python3 --strict --ini "$file" --processes 1
