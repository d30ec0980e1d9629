#!/usr/bin/env bash
# Makes ROOT the root of this mount namespace and runs make's targets in its /root/hacienda, one after the other.
# The first process of a PID namespace: everything inside, mounts and daemons included, ends with it.
# usage: inside.sh ROOT NETWORK SECONDS TARGET...
#   NETWORK: shared (the machine's) or own (bridges and firewall rules in it are seen nowhere else; slirp4netns leads out)
#   SECONDS: how long each target may take
set -euo pipefail
root="$1" network="$2" seconds="$3"

if [[ $network == own ]]; then
  unshare --net -- sleep infinity &
  holder=$!
  until [[ $(readlink "/proc/$holder/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.1; done
  coproc outside { exec slirp4netns --configure --mtu=65520 --disable-host-loopback --ready-fd=4 "$holder" tap0 4>&1 >/dev/null; }
  # slirp4netns says so when the interface is up.
  read -r -n 1 -u "${outside[0]}"
  echo "nameserver 10.0.2.3" > "$root/etc/resolv.conf"
  exec nsenter --net="/proc/$holder/ns/net" "$0" "$root" entered "${@:3}"
fi

shift 3
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
cd "$root"
# No chroot: a process in one may not make user namespaces, and containers need them.
pivot_root . mnt
umount --lazy /mnt
cd /root/hacienda

for target in "$@"; do
  begun=$SECONDS
  if timeout --kill-after=10 "$seconds" make "$target"; then
    echo "== make $target: $((SECONDS - begun)) s"
  else
    code=$?
    echo "== make $target: failed with exit code $code after $((SECONDS - begun)) s" >&2
    exit "$code"
  fi
done
