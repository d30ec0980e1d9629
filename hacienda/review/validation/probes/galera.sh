#!/bin/sh
# Starts a MariaDB server as the founder of a cluster of one, so that Galera reads its options. No check mode reads them.
# Memory and the file for write-sets are small here; `mariadbd --help` checks whether the file's own values are numbers.
set -eu
file=$1
probes=$(dirname "$0")
options=$(sed -nE 's/^wsrep_provider_options *= *"(.*)"$/\1/p' "$file" | sed -E 's/gcache\.size=[0-9]+[KMG]?(;|$)/gcache.size=8M\1/')
install -d -o mysql -g mysql /run/mysqld
exec python3 -P "$probes/start.py" "$file" 'mariadbd: ready for connections' '' \
    mariadbd --user=mysql --wsrep-new-cluster --innodb-buffer-pool-size=20M --innodb-log-file-size=4M \
    --wsrep-provider-options="$options"
