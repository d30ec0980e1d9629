#!/bin/sh
# Runs after the packages are installed: nothing starts by itself but the network, SSH and cloud-init,
# and nothing that identifies a machine or is a secret stays in the image.
# usage: image-customize.sh ROOT
set -eu
root="$1"

rm -f "$root/usr/sbin/policy-rc.d"

# A preset file, because packages enable their units as they are installed. Applied now, and with an empty machine-id
# (not the "uninitialized" that mmdebstrap leaves) the first boot does not count as one that applies Debian's presets.
install -d "$root/etc/systemd/system-preset"
cat > "$root/etc/systemd/system-preset/00-hacienda.preset" <<'EOF'
enable ssh.service
enable systemd-networkd.service
enable systemd-networkd.socket
enable systemd-networkd-wait-online.service
enable cloud-*
disable *
EOF
chroot "$root" systemctl preset-all
# Presets do not reach init scripts without a unit (Neutron's workers), which systemd starts for these links.
rm -f "$root"/etc/rc?.d/S*

install -d "$root/etc/cloud/cloud.cfg.d"
cat > "$root/etc/cloud/cloud.cfg.d/90-hacienda.cfg" <<'EOF'
datasource_list: [NoCloud, None]
ssh_deletekeys: true
ssh_genkeytypes: [ed25519]
system_info:
  network:
    renderers: [networkd]
EOF

printf 'LANG=C.UTF-8\n' > "$root/etc/default/locale"

# Identity and secrets: made anew on each machine, or delivered to it.
: > "$root/etc/machine-id"
: > "$root/etc/hostname"
: > "$root/etc/resolv.conf"
rm -f "$root/var/lib/dbus/machine-id" "$root"/etc/ssh/ssh_host_* \
  "$root/var/lib/rabbitmq/.erlang.cookie" "$root/etc/ssl/private/ssl-cert-snakeoil.key" \
  "$root/etc/ssl/certs/ssl-cert-snakeoil.pem" "$root/var/lib/systemd/random-seed" \
  "$root/var/lib/systemd/credential.secret"

# MariaDB logs there when it is told to, and does not create the folder.
if chroot "$root" getent passwd mysql > /dev/null; then
  install -d "$root/var/log/mysql"
  chroot "$root" chown mysql:adm /var/log/mysql
fi

# Newer than /usr: ldconfig, sysusers, the journal's catalogue and the like have nothing left to do at the first boot.
touch "$root/etc/.updated" "$root/var/.updated"
