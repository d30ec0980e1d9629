"""A three-node Galera behind a virtual IP, in an app of one's own: `cdktf deploy`, or `python main.py` and Terraform by hand."""

from __future__ import annotations

import sys

from hacienda.cdk import App, Construct, Output, Stack  # cdktn's own, or cdktf's; Node comes with the package
from hacienda.constructs import Cluster, Network, VirtualIp
from hacienda.errors import HaciendaError
from hacienda.platforms import Incus


class Database(Stack):
    """The stack's name is the environment's: secrets and state are in .hacienda/database/."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        network = Network(self, "management", platform=Incus(project="hacienda-database"), cidr="10.78.0.0/24")
        virtual_ip = VirtualIp(self, "virtual-ip", network=network, address="10.78.0.10")
        cluster = Cluster(self, "galera", services=["galera"], networks=[network], virtual_ips=[virtual_ip], machines=3)
        host, port = cluster.endpoint("galera", "mysql")
        Output(self, "endpoint", value=f"{host}:{port}", description="Where clients find the database.")
        Output(self, "machines", value=list(cluster.names))


def main() -> int:
    """Synthesize; what is wrong with the props is told in the operator's words."""
    app = App()
    try:
        Database(app, "database")
    except HaciendaError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
