#!/bin/sh
# Reads files of shell variables as a script does, with no program at hand: a value that is not quoted right runs as a command.
bad=0
# shellcheck disable=SC2016
read='. "$1"'
for file; do
    if ! said=$(env -i PATH=/nonexistent /bin/bash --noprofile --norc -euc "$read" bash "$file" 2>&1) || [ -n "$said" ]; then
        printf '%s: %s\n' "$file" "${said:-ends with an error}"
        bad=1
    fi
done
exit "$bad"
