#!/bin/bash
# Starts the checker and the watchdog: both look at the server before it runs, too.
set -euo pipefail

systemd-sysusers /etc/sysusers.d/galera-check.conf
systemctl start galera-check.service galera-watch.service
