#!/bin/bash
# reload.sh PID: makes uWSGI, whose master is PID, restart one worker after the other, and waits until no former worker is left. Until
# then some use the former configuration and its passwords. The script runs as the API's own user.
set -euo pipefail

patience=240 # seconds; each worker has 20 to finish its requests

workers() {
    cat "/proc/$1/task/$1/children"
}

former=$(workers "$1")
echo c >"$RUNTIME_DIRECTORY/control" # systemd sets the folder
for ((waited = 0; waited < patience; waited++)); do
    left=""
    for worker in $former; do
        if [[ " $(workers "$1") " == *" $worker "* ]]; then left=$worker; fi
    done
    [[ -n $left ]] || exit 0
    sleep 1
done
echo "worker $left still has the former configuration after $patience s" >&2
exit 1
