#!/bin/sh
# uwsgi.sh START FILE: the program START starts the API of FILE until its application is loaded. SQLite files replace the database that
# an application reads while it loads: its schema is made first, if the API's facts declare a migration.
set -eu
start=$1 file=$2
service=$(basename "$(dirname "$file")")
facts=/etc/hacienda/services/$service.env

fact() { # NAME: prints the value of a fact, without its shell quotes
    grep "^$1=" "$facts" 2>/dev/null | cut -d = -f 2- | tr -d "'"
}

mkdir -p "$(sed -n 's|^master-fifo = \(.*\)/.*|\1|p' "$file")"
case $service in
    nova)
        # Its schemas need cells, which its own migration would map to the real databases.
        if ! said=$(python3 -P "$(dirname "$0")/nova.py" "$(fact CONFIGURATION)" /tmp 2>&1); then
            echo "$file: $said"
            exit 1
        fi
        variables=$(echo "$said" | tail -n 1)
        ;;
    *)
        section=OS_$(fact MIGRATE_SECTION | tr '[:lower:]' '[:upper:]')_
        # SQLite has no pool, and therefore no time limit for waiting on it.
        variables="${section}_CONNECTION=sqlite:////tmp/$service.db ${section}_POOL_TIMEOUT="
        run='import importlib, sys; tool = importlib.import_module(sys.argv.pop(1)); sys.exit(tool.main())'
        migrate=$(fact MIGRATE)
        if [ -n "$migrate" ]; then
            # shellcheck disable=SC2086 # variables; a module and its arguments
            env $variables python3 -P -c "$run" $migrate || { echo "$file: $migrate failed" && exit 1; }
        fi
        ;;
esac
# What else an application connects to while it loads: folders replace the storage cluster and the coordination service.
case $service in
    glance)
        variables="$variables OS_DEFAULT__ENABLED_BACKENDS=file:file OS_GLANCE_STORE__DEFAULT_BACKEND=file"
        variables="$variables OS_FILE__FILESYSTEM_STORE_DATADIR=/tmp/images"
        ;;
    cinder) variables="$variables OS_COORDINATION__BACKEND_URL=file:///tmp/locks" ;;
esac
# shellcheck disable=SC2086 # variables
exec env $variables python3 -P "$start" "$file" '^WSGI app .* ready in' '' uwsgi_python3 --strict --ini "$file" --processes 1
