#!/bin/bash
# reconcile.sh [--retire]: makes a virtual host for each file in /etc/hacienda/accounts/messaging, with the user messaging/<user>.user and
# its password messaging/<user>. The broker gets passwords as salted hashes, in a file that only root and the broker can read (its tool
# hangs on standard input). Users that are no longer declared are removed; a former user of a declared account is kept until --retire.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh
# shellcheck source=hacienda/services/templates/rabbitmq/common.sh
. /usr/lib/hacienda/rabbitmq/common.sh

kept='fun(Name) -> lists:member(Owner(Name), Owners) end'
if [[ ${1:-} == --retire ]]; then kept='fun(_) -> false end'; fi
definitions=/run/hacienda/rabbitmq.definitions # in a folder of root's, where the broker reads it
install -d -m 0755 "${definitions%/*}"
trap 'rm -f "$definitions"' EXIT
install -g rabbitmq -m 0640 /dev/null "$definitions"
python3 /usr/lib/hacienda/rabbitmq/definitions.py /etc/hacienda/accounts/messaging "$STATE/secrets/messaging" >"$definitions"
# One call of the tool does everything, because its own import_definitions returns before the import ends.
removed=$(evaluate 120 "
    {ok, Text} = file:read_file(\"$definitions\"),
    {ok, Definitions} = rabbit_json:try_decode(Text),
    ok = rabbit_definitions:import_raw(Text),
    Named = fun(Key) -> [maps:get(<<\"name\">>, One) || One <- maps:get(Key, Definitions)] end,
    Declared = Named(<<\"users\">>),
    Owner = fun(Name) -> re:replace(Name, \"-[0-9a-f]{8}\$\", \"\", [{return, binary}]) end,
    Owners = lists:map(Owner, Declared),
    Kept = $kept,
    Present = [proplists:get_value(user, User) || User <- rabbit_auth_backend_internal:list_users()],
    [begin rabbit_auth_backend_internal:delete_user(User, <<\"hacienda\">>), User end || User <- Present -- Declared, not Kept(User)].")
log "users of: $(find /etc/hacienda/accounts/messaging -type f -printf '%f ' 2>/dev/null); removed: $removed"
