#!/bin/bash
# reload.sh PID: has uWSGI, whose master is PID, start one worker after the other anew, and waits until none of the former is
# left: until then some use the former configuration, and the passwords in it. It runs as the API's own user.
set -euo pipefail

patience=240 # seconds; a worker has 20 to finish its requests, then the next one begins

workers() {
    cat "/proc/$1/task/$1/children"
}

former=$(workers "$1")
echo c >"$RUNTIME_DIRECTORY/control" # systemd names the folder
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
