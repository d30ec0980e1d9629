"""The CDK app: `cdktf deploy 'lab-*'`. HACIENDA_ENV names one environment, else it is everything in environments/."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hacienda import assess, cloud, environment, services
from hacienda.errors import HaciendaError

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Synthesize into CDKTF_OUTDIR, which the CDK's command line sets. Returns the exit code."""
    chosen = os.environ.get("HACIENDA_ENV")
    out = Path(os.environ.get("CDKTF_OUTDIR") or ROOT / "cdktf.out")
    # A pull request's checkout has no store, and nothing to mint it for.
    with_secrets = os.environ.get("HACIENDA_SECRETS", "mint") != "none"
    try:
        from hacienda import stacks  # it starts Node, which may be missing

        paths = [environment.find(chosen, ROOT)] if chosen else sorted((ROOT / "environments").glob("*.yaml"))
        clouds = cloud.read_all(paths, services.registry(), rules=assess.rules())
        stacks.synthesize(clouds, out, root=ROOT, with_secrets=with_secrets)
    except HaciendaError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
