#!/bin/bash
# One user and one virtual host per file in /etc/hacienda/messaging; the password is the secret messaging/<name>. Passwords
# reach the broker as salted hashes, in a file only it can read (its tool hangs on standard input). Users that nothing
# declares any more are removed.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

definitions=$(mktemp -p /var/lib/rabbitmq)
trap 'rm -f "$definitions"' EXIT
chown rabbitmq:rabbitmq "$definitions"
python3 /usr/lib/hacienda/rabbitmq/definitions.py /etc/hacienda/messaging "$STATE/secrets/messaging" >"$definitions"
# One call of the tool for everything: its own import_definitions ends before the import does.
removed=$(evaluate 120 "
    {ok, Text} = file:read_file(\"$definitions\"),
    {ok, Definitions} = rabbit_json:try_decode(Text),
    ok = rabbit_definitions:import_raw(Text),
    Declared = [maps:get(<<\"name\">>, User) || User <- maps:get(<<\"users\">>, Definitions)],
    Present = [proplists:get_value(user, User) || User <- rabbit_auth_backend_internal:list_users()],
    [begin rabbit_auth_backend_internal:delete_user(User, <<\"hacienda\">>), User end || User <- Present -- Declared].")
log "users: $(find /etc/hacienda/messaging -type f -printf '%f ' 2>/dev/null); removed: $removed"
