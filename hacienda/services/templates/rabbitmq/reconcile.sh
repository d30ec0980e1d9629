#!/bin/bash
# One user and one virtual host per file in /etc/hacienda/messaging; the password is the secret messaging/<name>. Passwords
# reach the broker as salted hashes, in a file only it can read (its tool hangs on standard input). Users that nothing
# declares any more are removed.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

declared() {
    find /etc/hacienda/messaging -type f -printf '%f\n' 2>/dev/null | sort
}

present() { # the users the broker has
    rabbitmqctl --quiet list_users --no-table-headers | cut -f1 | sort
}

imported() { # the import runs on after the tool has ended
    [ -z "$(comm -23 <(declared) <(present))" ]
}

definitions=$(mktemp -p /var/lib/rabbitmq definitions.XXXXXXXX)
trap 'rm -f "$definitions"' EXIT
chown rabbitmq:rabbitmq "$definitions"
python3 /usr/lib/hacienda/rabbitmq/definitions.py /etc/hacienda/messaging "$STATE/secrets/messaging" >"$definitions"
rabbitmqctl --quiet import_definitions "$definitions" >&2
wait_for 30 "RabbitMQ to import the users" imported || fail "RabbitMQ did not import its users|/var/log/rabbitmq on this node"
comm -13 <(declared) <(present) | while read -r user; do
    log "removing the user $user, which nothing declares"
    rabbitmqctl --quiet delete_user "$user" </dev/null
done
