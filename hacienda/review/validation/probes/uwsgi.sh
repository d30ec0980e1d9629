#!/bin/sh
# uwsgi.sh START FILE: starts the API of FILE by the program START until its application is loaded. An API that is migrated first, as its facts
# say, is so here, too: in an SQLite file that takes the place of its database.
set -eu
RUN='import importlib, sys; tool = importlib.import_module(sys.argv.pop(1)); sys.exit(tool.main())'
start=$1 file=$2
service=$(basename "$(dirname "$file")")
facts=/etc/hacienda/services/$service.env
mkdir -p "/run/$service"
MIGRATE=""
# shellcheck disable=SC1090
if [ -r "$facts" ]; then . "$facts"; fi
if [ -n "$MIGRATE" ]; then
    section=$(printf '%s' "$MIGRATE_SECTION" | tr '[:lower:]' '[:upper:]')
    export "OS_${section}__CONNECTION=sqlite:////tmp/$service.db"
    printf '%s\n' "$MIGRATE" | tr ',' '\n' | while read -r command; do
        # shellcheck disable=SC2086 # a module and its arguments
        python3 -P -c "$RUN" $command || { echo "$file: $command failed" && exit 1; }
    done
fi
exec python3 -P "$start" "$file" '^WSGI app .* ready in' '' uwsgi_python3 --strict --ini "$file" --processes 1
