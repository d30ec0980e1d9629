#!/bin/sh
# openvswitch.sh FILE: the node's own script writes FILE into a new database of Open vSwitch.
set -eu
file=$1
mkdir -p /run/openvswitch
ovsdb-tool create /tmp/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --unixctl=/tmp/ovsdb.ctl --pidfile=/tmp/ovsdb.pid --detach --no-chdir \
    -vconsole:off -vsyslog:off /tmp/conf.db
HACIENDA_SERVICE=ovn-chassis bash /usr/lib/hacienda/ovn-chassis/configure.sh || refused=1
kill "$(cat /tmp/ovsdb.pid)"
[ -z "${refused:-}" ] || { echo "$file is refused" && exit 1; }
