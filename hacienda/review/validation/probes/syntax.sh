#!/bin/sh
# Lets bash parse scripts without running them.
bad=0
for file; do
    said=$(/bin/bash -n "$file" 2>&1) || bad=1
    [ -z "$said" ] || printf '%s\n' "$said"
done
exit "$bad"
