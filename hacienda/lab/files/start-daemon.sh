#!/bin/sh
# Starts the lab's Incus daemon in the mount namespace it was called in, which must be its own.
# usage: start-daemon.sh FOLDER CGROUP
set -eu
folder="$1"
cgroup="$2"

# Incus and LXC want the unified hierarchy at its usual place. Without systemd it may be elsewhere or nowhere.
if [ "$(stat --file-system --format=%T /sys/fs/cgroup)" != cgroup2fs ]; then
  if mountpoint --quiet /sys/fs/cgroup; then
    umount --recursive /sys/fs/cgroup
  fi
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
# Under systemd the unit's own group serves.
if [ -n "$cgroup" ]; then
  mkdir -p "/sys/fs/cgroup/$cgroup"
  echo $$ > "/sys/fs/cgroup/$cgroup/cgroup.procs"
fi

# Mounts made by the daemon have to reach its containers.
mount --make-rshared /

export INCUS_DIR="$folder" PATH="/usr/libexec/incus:$PATH"
exec incusd --group "$(getent group incus-admin > /dev/null && echo incus-admin || echo root)"
