"""`hacienda secrets init|rotate|certificate|reencrypt|show`."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hacienda import cloudinit, secrets
from hacienda.cli import console, project
from hacienda.errors import InputError
from hacienda.secrets import recipients
from hacienda.secrets.pki import utc_now
from hacienda.secrets.rotate import ROTATABLE

app = typer.Typer(help="Create, rotate and show an environment's secrets and certificates.", no_args_is_help=True)


@app.command()
def init(env: project.Env, as_json: project.AsJson = False) -> None:
    """Create missing passwords, keys, certificate authorities and certificates.

    Existing ones stay as they are. Certificates that expire soon, or whose names changed, are renewed. Synthesis does
    the same by itself.
    """
    cloud = project.read(env)
    store = project.store_of(cloud)
    with console.working("making secrets"):
        minted = secrets.mint(store, cloudinit.needs(cloud, project.root()))
    if as_json:
        console.show_json(
            {"environment": cloud.name, "store": str(store.spec), "created": minted.created, "renewed": minted.renewed}
        )
        return
    console.show(f"{len(minted.created)} created, {len(minted.renewed)} renewed in {store.spec.path}")
    for name in (*minted.created, *minted.renewed):
        console.show(f"  {name}")


@app.command()
def rotate(
    env: project.Env,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Entries as `show` lists them; * matches: 'database/*'."),
    ] = None,
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help=f"All entries of a kind: {', '.join(ROTATABLE)}.")
    ] = None,
    as_json: project.AsJson = False,
) -> None:
    """Create new values; `hacienda apply` brings them to the nodes.

    The apply also ends the rotation. Once every node has the new value, nodes refuse former passwords and do not trust
    a former authority. Fernet keys rotate as Keystone rotates them, so tokens stay valid; max_active_keys keys are
    kept. An entry with an unfinished rotation stays as it is: apply first. Without a name or a kind, nothing is
    rotated.
    """
    cloud = project.read(env)
    if not names and not kinds:
        raise typer.BadParameter("name an entry, or a kind with --kind")
    done = secrets.rotate(project.store_of(cloud), names or (), kinds or (), cloudinit.needs(cloud).keys)
    if as_json:
        console.show_json({"environment": cloud.name, "rotated": done.changed, "waiting": done.waiting})
        return
    for name in done.changed:
        console.show(f"rotated {name}")
    for name in done.waiting:
        console.show(f"left {name} unchanged: its last rotation is unfinished, apply first")
    console.say(f"Run `hacienda apply {env}` to bring them to the nodes.")


@app.command()
def certificate(
    env: project.Env,
    chain: Annotated[
        Path, typer.Argument(help="The certificate for the public name, then its intermediate authorities; PEM.")
    ],
    key: Annotated[Path, typer.Argument(help="Its private key, readable only by its owner; PEM.")],
    as_json: project.AsJson = False,
) -> None:
    """Keep a certificate of another authority in the store, for an environment whose `api.certificate` names no files.

    The command first checks names, expiry, chain and key. `hacienda apply` brings the certificate to the load
    balancers.
    """
    cloud = project.read(env)
    needs = cloudinit.needs(cloud, project.root())
    if not needs.provided:
        raise InputError(
            f"{cloud.name} has no certificate of another authority", "Add `api: {certificate: {}}` to its file."
        )
    given = tuple(replace(one, chain=chain, key=key) for one in needs.provided)
    minted = secrets.mint(project.store_of(cloud), replace(needs, provided=given))
    changed = [
        name for name in (*minted.created, *minted.renewed) for one in given if name.startswith(f"x509/{one.name}/")
    ]
    if as_json:
        console.show_json({"environment": cloud.name, "changed": changed})
        return
    for name in changed or ["nothing: the store has this certificate"]:
        console.show(f"kept {name}")
    console.say(f"Run `hacienda apply {env}` to bring it to the load balancers.")


@app.command()
def reencrypt(env: project.Env, yes: project.Yes = False, as_json: project.AsJson = False) -> None:
    """Encrypt an age store to the recipients in the environment's file, after showing who gains and who loses access.

    Other commands refuse to write a store with other recipients than the file names. A person who loses access still
    knows the secrets so far, and git keeps the former file: rotate the secrets that this person must not use.
    """
    cloud = project.read(env)
    spec = project.store_of(cloud).spec
    found = recipients.difference(spec)
    for word, keys, style in (
        ("gains access: can read every secret", found.gains, "bold red"),
        ("loses access: cannot read later values", found.loses, "yellow"),
        ("stays", found.stays, ""),
    ):
        for key in keys:
            console.err.print(Text(f"  {word}: {key}", style=style))
    if found:
        if not console.confirm(f"Encrypt {spec.path} to these {len(spec.recipients)} recipients?", yes):
            raise InputError("Nothing was touched.")
        recipients.reencrypt(spec, found)
    if as_json:
        console.show_json({"environment": cloud.name, "changed": bool(found), **asdict(found)})
        return
    console.show(
        f"encrypted {spec.path} to {len(spec.recipients)} recipients"
        if found
        else "nothing to do: it has these recipients"
    )
    if found.loses:
        console.say(
            f"Recipients that lost access may have a copy. Run `hacienda secrets rotate {env} '*'`, then `hacienda apply {env}`."
        )


@app.command()
def show(env: project.Env, as_json: project.AsJson = False) -> None:
    """List secrets with kind, age and expiry. Only --json also shows their values."""
    cloud = project.read(env)
    store = project.store_of(cloud)
    entries = secrets.inventory(store)
    if as_json:
        listed = [
            {
                "name": name,
                "kind": entry.kind,
                "created": entry.created and entry.created.isoformat(),
                "expires": entry.expires and entry.expires.isoformat(),
                "value": value,
            }
            for entry in entries
            for name, value in secrets.reveal(store, entry).items()
        ]
        console.show_json({"environment": cloud.name, "store": str(store.spec), "secrets": listed})
        return
    console.say(f"{store.spec.path} ({store.spec.kind}): {len(entries)} entries")
    table = Table("name", "kind", "age", "expires", "", box=None, pad_edge=False)
    for entry in entries:
        rotating = "being rotated: apply" if entry.rotating else ""
        table.add_row(entry.name, entry.kind, _age(entry.created), _expiry(entry.expires), rotating)
    console.out.print(table)


def _age(created: datetime | None) -> str:
    return "" if created is None else f"{(utc_now() - created).days} d"


def _expiry(expires: datetime | None) -> str:
    return "" if expires is None else f"in {(expires - utc_now()).days} d ({expires:%Y-%m-%d})"
