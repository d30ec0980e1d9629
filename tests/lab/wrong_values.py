"""Wrong values in files of the core services, which the lab's image reads."""

from __future__ import annotations

from tests.lab.validating import Wrong

UNIT = "systemd-analyze verify"
START = r"\A"
END = r"\Z"

CASES = (
    Wrong("/hacienda.sources", r"^Types: deb$", "Types: dab", "apt-get indextargets", "dab"),
    Wrong("/91hacienda-upgrades", START, "Foo {{;\\n", "apt-config", "Syntax error"),
    Wrong(
        "/needrestart/conf.d/90-hacienda.conf",
        r"\{override_rc\}",
        "{override_rc",
        "Perl, as needrestart",
        "syntax error",
    ),
    Wrong("/haproxy.cfg", r"option redispatch", "option redispatches", "haproxy -c", "redispatches"),
    Wrong("/haproxy.cfg", r"inter \d+ms", "inter fast", "haproxy -c", "unexpected character"),
    Wrong(
        "/haproxy.cfg", r"crt /etc/haproxy/tls/bundle.pem", "crt /etc/haproxy/tls/none.pem", "haproxy -c", "none.pem"
    ),
    Wrong("/haproxy.cfg", r"on-marked-down shutdown-sessions", "on-marked-down shutdown", "haproxy -c", "shutdown"),
    Wrong("/keepalived.conf", r"virtual_router_id \d+", "virtual_router_id 256", "keepalived -t", "256"),
    Wrong("/keepalived.conf", r"nopreempt", "nopre", "keepalived -t", "nopre"),
    Wrong(
        "/keepalived.conf",
        r"/usr/lib/hacienda/keepalived/check-haproxy.sh",
        "/usr/lib/none",
        "keepalived -t",
        "not found",
    ),
    Wrong(
        "/journald.conf.d/60-hacienda.conf", r"^SyncIntervalSec=", "SyncInterval=", "journald, started", "SyncInterval"
    ),
    Wrong("/journald.conf.d/60-hacienda.conf", r"SystemMaxUse=1G", "SystemMaxUse=lots", "journald, started", "lots"),
    Wrong("/systemd/network/hacienda.conf", r"=static", "=statics", "networkd, started", "statics"),
    Wrong("/systemd/network/hacienda.conf", r"^KeepConf", "KepConf", "networkd, started", "KepConfiguration"),
    Wrong("/nftables.conf", r"dport \{ ", "dport { 70000, ", "nft -c"),
    Wrong("/nftables.conf", r"ip saddr @management", "ip saddr @managment", "nft -c", "managment"),
    Wrong("/90-hacienda.cnf", r"max_connections = \d+", "max_connection = 5", "mariadbd --help", "max_connection"),
    Wrong("/90-hacienda.cnf", r"max_connections = \d+", "max_connections = 5", "mariadbd --help", "adjusted to 10"),
    Wrong("/90-hacienda.cnf", r"binlog_format = ROW", "binlog_format = ROWS", "mariadbd --help", "ROWS"),
    Wrong(
        "/90-hacienda.cnf", r"evs.suspect_timeout=", "evs.suspect_timeouts=", "mariadbd, started", "suspect_timeouts"
    ),
    Wrong("/90-hacienda.cnf", r"evs.suspect_timeout=PT1.5S", "evs.suspect_timeout=soon", "mariadbd, started", "soon"),
    Wrong("/90-hacienda.cnf", r"^ssl_key = .*", "ssl_key = /etc/mysql/none.pem", "mariadbd, started", "none.pem"),
    Wrong("/garbd.cnf", r"^group = ", "grope = ", "garbd, started", "grope"),
    Wrong("/garbd.cnf", r"evs.suspect_timeout=", "evs.suspect_timeouts=", "garbd, started", "suspect_timeouts"),
    Wrong("/garbd.cnf", r"evs.suspect_timeout=PT1.5S", "evs.suspect_timeout=soon", "garbd, started", "soon"),
    Wrong("/garbd.cnf", r"(socket.ssl_key)=[^;\n]*", r"\1=/etc/garbd/none.pem", "garbd, started", "none.pem"),
    Wrong("/garb.service", r"^Restart=always", "Restart=ever", UNIT, "ever"),
    Wrong("/rabbitmq.conf", r"net_ticktime = 10", "net_ticktime = ten", "cuttlefish", "net_ticktime"),
    Wrong("/rabbitmq.conf", r"cluster_partition_handling = \w+", "cluster_partition_handling = hope", "cuttlefish"),
    Wrong("/rabbitmq.conf", r"ssl_options.verify ", "ssl_options.verified ", "cuttlefish", "ssl_options.verified"),
    Wrong("/inter-node-tls.config", r"\]\.\s*\Z", "]", "Erlang's file:consult"),
    Wrong("/inter-node-tls.config", r"verify_peer\}", "verify_peer", "Erlang's file:consult", "syntax error"),
    Wrong("/etc/default/etcd", r"ETCD_HEARTBEAT_INTERVAL=\d+", "ETCD_HEARTBEAT_INTERVAL=soon", "etcd, started", "soon"),
    Wrong("/etc/default/etcd", r"ETCD_ELECTION_TIMEOUT=\d+", "ETCD_ELECTION_TIMEOUT=300", "etcd, started", "election"),
    Wrong("/etc/default/etcd", r"ETCD_TLS_MIN_VERSION=.*", "ETCD_TLS_MIN_VERSION=TLS9", "etcd, started", "TLS9"),
    Wrong("/etc/default/etcd", r"ETCD_CLIENT_CERT_AUTH", "ETCD_CLIENT_CERT_AUTHS", "etcd, started", "AUTHS"),
    Wrong("/etc/default/etcd", r"(ETCD_PEER_KEY_FILE)=.*", r"\1=/etc/etcd/none.pem", "etcd, started", "none.pem"),
    Wrong("/keystone.conf", r"^provider = fernet", "providers = fernet", "oslo-config-validator", "providers"),
    Wrong("/keystone.conf", r"^expiration = \d+", "expiration = long", "oslo-config-validator", "long"),
    Wrong("/keystone.conf", r"^\[token\]", "[tokens", "oslo-config-validator"),
    Wrong("/uwsgi.ini", r"^threads", "thread-count", "uwsgi, started", "thread-count"),
    Wrong("/keystone/uwsgi.ini", r"^wsgi-file = .*", "wsgi-file = /usr/bin/none", "uwsgi, started", "/usr/bin/none"),
    Wrong("/memcached.conf", r"^-c \d+", "-c many", "memcached, started"),
    Wrong("/memcached.conf", r"^-U 0", "--no-such-option", "memcached, started", "no-such-option"),
    Wrong("/clouds.yaml", r"^    auth:", "   auth:", "openstacksdk"),
    Wrong("/clouds.yaml", r"cacert: .*", "cacert: /etc/none.pem", "openstacksdk", "none.pem"),
    Wrong("/clouds.yaml", r"auth_url: .*", "auth_uri: x", "openstacksdk", "auth_url"),
    Wrong("/sshd_config.d/60-hacienda.conf", r"MaxSessions 60", "MaxSessions lots", "sshd -t", "MaxSessions"),
    Wrong("/sshd_config.d/60-hacienda.conf", r"UseDNS no", "UseDNSs no", "sshd -t", "UseDNSs"),
    Wrong("/chrony.conf", r"^(server|pool) ", "srever ", "chronyd -p", "line"),
    Wrong("/chrony.conf", END, "makestep often 3\n", "chronyd -p"),
    Wrong("/sysctl.d/60-hacienda.conf", r"tcp_retries2 = \d+", "tcp_retries2 = few", "sysctl -p", "tcp_retries2"),
    Wrong("/sysctl.d/60-hacienda.conf", r"tcp_retries2", "tcp_retries3", "sysctl -p", "tcp_retries3"),
    Wrong("/sysusers.d/hacienda-galera.conf", r"^u ", "user ", "systemd-sysusers --dry-run"),
    Wrong("/hacienda-galera.service", r"^Restart=on-failure", "Restart=on-failures", UNIT, "on-failures"),
    Wrong("/hacienda-galera.service", r"/hacienda-converge", "/hacienda-converges", UNIT, "hacienda-converges"),
    Wrong("/hacienda.target", r"^Wants=", "Want=", UNIT, "Want"),
    Wrong("/system/etcd.service", r"\[Service\]", "[Service]\nLimitNOFILES=9", UNIT, "LimitNOFILES"),
    Wrong("/hacienda/galera/join.sh", r"^set -euo pipefail", "if then", "bash -n", "then"),
    Wrong("/hacienda/galera/join.sh", r"^set -euo pipefail", "set -euo pipefail\nrm $1", "ShellCheck", "Double quote"),
    Wrong("/hacienda/galera/founder.py", START, "def f(:\n", "Python's compile"),
    Wrong("/etc/hacienda/node.env", END, "HACIENDA_X=one two\n", "bash, as variables", "two"),
    Wrong("/etc/hacienda/services/galera.env", END, "X='open\n", "bash, as variables"),
    Wrong("/etc/hosts", END, "10.77.0.999 nobody\n", "addresses and names"),
    Wrong("user-data", r"^ssh_pwauth: .*", "ssh_pwauth: [1]", "cloud-init schema", "ssh_pwauth"),
    Wrong("user-data", r"^users:", "user_list:", "cloud-init schema", "user_list"),
    Wrong("user-data", START, "#!cloud\n", "cloud-init schema", "not currently evaluated"),
    Wrong("network-config", r"mtu: \d+", "mtu: large", "cloud-init schema, network", "large"),
    Wrong("network-config", r"mtu:", "mtus:", "cloud-init's keys", "mtus"),
    Wrong("network-config", r"0\.0\.0\.0/0", "default", "cloud-init's networkd", "default"),
)
