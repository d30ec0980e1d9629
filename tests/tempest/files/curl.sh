#!/bin/sh
# The two ways in which Tempest's tests call curl: `curl URL` and `curl -X POST -d DATA URL`.
if [ "$1" = -X ]; then
  exec wget -q -O - --post-data "$4" "$5"
fi
exec wget -q -O - "$1"
