#!/bin/sh
# An answer of the guest's HTTP server: GET /cgi-bin/disk?ACTION&SERIAL&FIRST&COUNT. SERIAL is the serial number of a disk, the first 20
# characters of a volume's identifier. `write` fills COUNT blocks of 4 KiB from block FIRST with random bytes and `read` reads
# them; both answer with the blocks' SHA-256. An answer to `write` means that the disk has confirmed the bytes (fsync).
export PATH=/bin
answer() { # STATUS TEXT
  printf 'Status: %s\r\nContent-Type: text/plain\r\n\r\n%s\n' "$1" "$2"
  exit 0
}
IFS='&' read -r action serial first count <<EOF
${QUERY_STRING:-}
EOF
case $first$count in
  '' | *[!0-9]*) answer "400 Bad Request" "disk?ACTION&SERIAL&FIRST&COUNT" ;;
esac
for disk in /sys/block/*; do
  [ "$(cat "$disk/serial" 2>/dev/null)" = "$serial" ] && break
  disk=
done
[ -n "$serial" ] && [ -n "$disk" ] || answer "404 Not Found" "no disk has the serial number '$serial'"
device=/dev/${disk##*/}
blocks=/tmp/$$
trap 'rm -f "$blocks"' EXIT
case $action in
  write)
    dd if=/dev/urandom of="$blocks" bs=4096 count="$count" 2>/dev/null
    said=$(dd if="$blocks" of="$device" bs=4096 seek="$first" conv=fsync,notrunc 2>&1) || answer "507 Insufficient Storage" "$said"
    ;;
  read)
    # Read from the disk, not from this machine's memory.
    echo 3 >/proc/sys/vm/drop_caches
    said=$(dd if="$device" of="$blocks" bs=4096 skip="$first" count="$count" 2>&1) || answer "500 Internal Server Error" "$said"
    ;;
  *) answer "400 Bad Request" "write or read" ;;
esac
[ "$(wc -c <"$blocks")" -eq $((count * 4096)) ] || answer "416 Range Not Satisfiable" "the disk ends before block $((first + count))"
answer "200 OK" "$(sha256sum <"$blocks" | cut -d ' ' -f 1)"
