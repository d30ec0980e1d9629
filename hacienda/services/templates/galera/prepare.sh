#!/bin/bash
# Starts the checker and the watchdog: both look at the server before it runs, too.
set -euo pipefail

systemctl start galera-check.service galera-watch.service
