#!/bin/sh
# uwsgi-settings.sh START FILE: the program START starts uWSGI with FILE, but without the application, which needs other servers to
# load.
set -eu
start=$1 file=$2
alone=/tmp/uwsgi-settings.ini
mkdir -p "$(sed -n 's|^master-fifo = \(.*\)/.*|\1|p' "$file")"
sed '/^\(module\|need-app\) = /d' "$file" >"$alone"
exec python3 -P "$start" "$alone" '^spawned uWSGI worker 1 ' '' uwsgi_python3 --strict --ini "$alone" --processes 1
