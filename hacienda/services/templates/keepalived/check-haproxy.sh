#!/bin/bash
# check-haproxy.sh PORT: exits with 0 while HAProxy on this machine answers, 1 when it does not, 2 when it reports that this machine
# is cut off. keepalived runs this script every second, without privileges.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET /health HTTP/1.0\r\n\r\n' >&3
read -r -t 1 answer <&3
case $answer in
    *" 200 "*) exit 0 ;;
    *" 503 "*) exit 2 ;;
    *) exit 1 ;;
esac
