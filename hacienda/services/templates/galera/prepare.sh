#!/bin/bash
# Starts the health checker and the watchdog, which watch the server also before it runs.
set -euo pipefail

systemctl start galera-check.service galera-watch.service
