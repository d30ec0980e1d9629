#!/bin/bash
# The catalogue as /etc/hacienda/catalogue declares it, in one process.
set -euo pipefail
# shellcheck source=hacienda/cloudinit/node/lib.sh
. /usr/lib/hacienda/lib.sh

exec python3 /usr/lib/hacienda/keystone/catalogue.py "$LOCAL_URL" /etc/hacienda/catalogue
