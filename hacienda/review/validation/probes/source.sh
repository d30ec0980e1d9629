#!/bin/sh
# Reads files of shell variables as a script does, but with an empty PATH: a wrongly quoted value runs as a command and fails.
bad=0
# shellcheck disable=SC2016
read='. "$1"'
for file; do
    if ! said=$(env -i PATH=/nonexistent /bin/bash --noprofile --norc -euc "$read" bash "$file" 2>&1) || [ -n "$said" ]; then
        printf '%s: %s\n' "$file" "${said:-the shell ends with an error}"
        bad=1
    fi
done
exit "$bad"
