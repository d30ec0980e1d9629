#!/bin/sh
# udhcpc calls this with what happened to the lease: it gives the card its address and routes, and says so on the console.
export PATH=/bin
card=${interface:?}
case ${1:-} in
  deconfig)
    ip address flush dev "$card"
    ip link set "$card" up
    ;;
  bound | renew)
    ip link set "$card" mtu "${mtu:-1500}"
    ip address replace "${ip:?}/${mask:?}" dev "$card"
    # RFC 3442: where a lease has classless routes, its routers do not count.
    # shellcheck disable=SC2086 # words
    set -- ${staticroutes:-${router:+0.0.0.0/0 ${router%% *}}}
    while [ $# -ge 2 ]; do
      # The gateway 0.0.0.0 means that the network is on this link.
      if [ "$2" = 0.0.0.0 ]; then
        ip route replace "$1" dev "$card"
      else
        ip route replace "$1" via "$2" dev "$card"
      fi
      shift 2
    done
    read -r up _ </proc/uptime
    echo "HACIENDA-GUEST address $ip after $up s" >/dev/console
    [ "$1" = renew ] || /bin/metadata >/dev/console 2>&1 &
    ;;
esac
