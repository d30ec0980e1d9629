"""`hacienda lab up|down|image|status`."""

from __future__ import annotations

import json
import shutil
import time
from typing import Annotated, Any

import typer
from rich.table import Table

from hacienda import lab, operate
from hacienda.cli import console, progress, project
from hacienda.cli import status as reports
from hacienda.cloud import Cloud
from hacienda.errors import InputError, RefusedError, UnwellError
from hacienda.lab import command, contents, daemon, machine, steps, versions
from hacienda.lab.apt_sources import Mirror
from hacienda.lab.layout import IMAGE

app = typer.Typer(help="A whole cloud on this machine, in Incus containers.", no_args_is_help=True)

Env = Annotated[
    str,
    typer.Argument(metavar="[ENV]", envvar="HACIENDA_ENV", help="Environment of platform incus; default: lab."),
]
MirrorOption = Annotated[
    str | None,
    typer.Option("--mirror", metavar="URL", help="Debian archive; default: the one that this machine's own apt uses."),
]


@app.command()
def up(env: Env = "lab", mirror: MirrorOption = None) -> None:
    """Prepare this machine, build the image, apply the environment, and wait until it is healthy. Needs root.

    It lists all changes of the machine before it makes the first one. You can run it again at any time.
    """
    cloud = _incus(env)
    began = time.monotonic()
    _image(cloud, mirror)
    here = project.here()
    done = operate.apply(here, cloud, approve=_safe, observer=progress.Watcher(), once=True)
    if done.unfinished:
        console.say(f"To continue the rotation of the authority, run: hacienda apply {env}")
    with console.working("asking the nodes"):
        found = operate.examine(here, cloud)
    reports.show(cloud, found)
    for line in endpoints(cloud):
        console.show(line)
    console.show(f"{cloud.name} applied in {done.seconds:.1f} s; everything in {time.monotonic() - began:.1f} s.")
    if not found.well:
        raise typer.Exit(UnwellError.exit_code)


@app.command()
def down(
    env: Env = "lab",
    everything: Annotated[bool, typer.Option("--all", help="All environments, and the lab itself.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep-lab", help="Keep the lab and its images, also without an environment.")
    ] = False,
    yes: project.Yes = False,
) -> None:
    """Remove every trace of an environment from this machine; with the last one, the lab itself.

    Its machines, their data, its secrets and Terraform's state are deleted. Packages stay.
    """
    if everything and keep:
        raise InputError("--all removes the lab, and --keep-lab keeps it.", "Name one of them.")
    cloud = _incus(env)
    what = "every environment of the lab" if everything else cloud.name
    if not console.confirm(f"Remove {what} from this machine, data and secrets included?", yes):
        raise InputError("Nothing was touched.")
    lab.teardown(None if everything else cloud.name, keep=keep, progress=console.say)
    shutil.rmtree(project.state_folder(cloud.name), ignore_errors=True)
    console.show(f"{what}: removed")


@app.command()
def image(env: Env = "lab", mirror: MirrorOption = None) -> None:
    """Prepare this machine, and build the image for an environment's packages, unless it exists. Needs root.

    A build takes about two minutes. `lab up` builds the image too, so this command is for a later `lab up`, or for images alone.
    New machines boot from it at once, unless another environment has machines here: then from the next `lab up` on.
    """
    cloud = _incus(env)
    console.show(_image(cloud, mirror, beside=True))


@app.command()
def status(as_json: project.AsJson = False) -> None:
    """Show the lab's host side: daemon, environments, machines. Exit code 1: the daemon does not answer."""
    place = lab.Lab()
    answers = daemon.answers(place)
    machines = _machines(place) if answers else []
    if as_json:
        console.show_json({"folder": str(place.folder), "daemon": answers, "machines": machines})
    elif not answers:
        console.show(f"No Incus daemon answers on {place.socket}. Run: hacienda lab up")
    else:
        console.show(f"The daemon answers on {place.socket}.")
        table = Table("environment", "machine", "state", box=None, pad_edge=False)
        for machine in machines:
            table.add_row(machine["environment"], machine["name"], machine["state"])
        console.out.print(table)
    if not answers:
        raise typer.Exit(UnwellError.exit_code)


def _safe(review: operate.Review) -> bool:
    """Approve without a question, and refuse what would cost a quorum."""
    if review.refusals:
        raise RefusedError("\n".join(review.refusals))
    return True


def endpoints(cloud: Cloud) -> list[str]:
    """Addresses at which clients reach balanced services. The operator's machine may not resolve the environment's names."""
    lines = []
    for service in cloud.services:
        for frontend in service.frontends:
            for scope in frontend.scopes:
                vip = cloud.virtual_ip(scope)
                if vip is not None:
                    scheme = "https" if frontend.mode == "http" else "tls"
                    address = f"{scheme}://{vip.address}:{service.port(frontend.port).number}"
                    name, _ = cloud.endpoint(service.name, frontend.port, scope)
                    lines.append(f"  {service.name:<10} {address}  ({scope}, {name})")
    return lines


def _incus(env: str) -> Cloud:
    """Read an environment, which must be of platform incus."""
    cloud = project.read(env)
    if cloud.platform.type != "incus":
        raise InputError(
            f"{cloud.name} is on the platform {cloud.platform.type}; the lab runs only environments of platform incus."
        )
    return cloud


def _mirror(url: str | None) -> Mirror | None:
    return Mirror(url) if url else None


def _declared_mirror(cloud: Cloud) -> Mirror | None:
    declared = cloud.package_sources
    return Mirror(declared.mirror, declared.security) if declared.mirror else None


def mirror_of(cloud: Cloud) -> Mirror:
    """The Debian archive of an environment: the one in its file, or the one that this machine's own apt uses.

    Raises:
        ToolError: there is none.
    """
    return _declared_mirror(cloud) or steps.own_mirror(machine.look(lab.Lab(), ()))


def _image(cloud: Cloud, mirror: str | None, *, beside: bool = False) -> str:
    """Prepare this machine, build the image, and point the alias that machines boot from to it; returns the image's own alias.

    Args:
        beside: leave the alias alone while another environment has machines, which its next machine would boot from, too.
    """
    place = lab.prepare(cloud.name, mirror=_mirror(mirror), progress=console.say)
    built = lab.build(
        cloud.packages,
        mirror=_mirror(mirror) or _declared_mirror(cloud),
        proxy=cloud.package_sources.proxy,
        progress=console.say,
    )
    contents.ensure(place, built, cloud.assumptions)
    named = {*cloud.packages, *(assumption["package"] for assumption in cloud.assumptions)}
    moved = list(versions.differences(contents.packages(place, built), named))
    if moved:
        console.say(f"packages that differ from those of the last green run: {'; '.join(moved)}")
    aliases = {alias["name"]: alias["target"] for alias in command.listed(place, "/1.0/images/aliases?recursion=1")}
    if beside and any(one["environment"] != cloud.name for one in _machines(place)):
        return built
    if aliases.get(IMAGE) != aliases[built]:
        if IMAGE in aliases:
            command.incus(place, "image", "alias", "delete", IMAGE)
        command.incus(place, "image", "alias", "create", IMAGE, aliases[built])
    return built


def _machines(place: lab.Lab) -> list[dict[str, Any]]:
    listed = json.loads(command.incus(place, "list", "--all-projects", "--format=json"))
    return [
        {
            "environment": str(one["project"]).removeprefix("hacienda-"),
            "name": str(one["name"]),
            "state": str(one["status"]).lower(),
        }
        for one in listed
    ]
