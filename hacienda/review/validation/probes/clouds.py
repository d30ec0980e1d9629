"""Lets openstacksdk read a clouds.yaml. Each cloud in it is read to the point where it would ask for a token."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main(file: str) -> int:
    """Exit code: 1 if a cloud in the file cannot be used."""
    config = importlib.import_module("openstack.config")
    exceptions = importlib.import_module("openstack.exceptions")
    auth = importlib.import_module("keystoneauth1.exceptions")
    try:
        clouds = config.OpenStackConfig(config_files=[file], vendor_files=[], secure_files=[]).get_all()
        complaints = [
            f"{cloud.name}: {cloud.config['cacert']} does not exist"
            for cloud in clouds
            if cloud.config.get("cacert") and not Path(cloud.config["cacert"]).is_file()
        ]
        complaints += [f"{cloud.name}: it names no region" for cloud in clouds if not cloud.region_name]
        sessions = [cloud.get_session() for cloud in clouds]
        complaints += [] if sessions else ["it names no cloud"]
    except (exceptions.SDKException, auth.ClientException, ValueError, OSError) as error:
        complaints = [str(error)]
    except importlib.import_module("yaml").YAMLError as error:
        complaints = [str(error)]
    for complaint in complaints:
        print(f"{file}: {complaint}")  # noqa: T201
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
