"""A service's files on one node, from its declarations."""

from __future__ import annotations

import functools
import json
import posixpath
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import facts, programs, secrecy, templating
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import (
    Certificate,
    DeclarationError,
    NodeFile,
    Script,
    SecretDirectory,
    SecretFile,
    Service,
    Template,
    TrustAnchor,
    consistency,
    placeholder,
)


def service_files(cloud: Cloud, node: Node, service: Service, templates: Path) -> Iterator[RenderedFile]:
    """Every file of one service on one node.

    Raises:
        DeclarationError: a template is missing or uses an undefined variable, or a time is in no file.
    """
    variables = _variables(cloud, node, service)
    for declared in service.files:
        if isinstance(declared, Template):
            yield _template(cloud, service, declared, templates, variables)
        elif isinstance(declared, Certificate):
            yield from _certificate(declared, service.name)
        elif isinstance(declared, TrustAnchor):
            yield _trust_anchor(declared, service.name, secrecy.trusted(cloud, declared.capability))
        else:
            yield _secret(declared, service.name)
    if service.users:
        yield _users(service.name, service.title, service.users)
    computed = (*service.node_files(cloud, node), *_accounts(cloud, service))
    _check_timers(service, {file.path for file in computed})
    yield from (_text(file, file.content, service.name) for file in computed)
    yield from (_script(service.name, script, templates) for script in service.all_scripts())
    inputs = secrecy.reconciled(cloud, service)
    yield facts.service_file(cloud, node, service, computed, inputs, secrecy.owners(cloud, node, service))


def _check_timers(service: Service, computed: Collection[str]) -> None:
    """The registry knows templates and scripts alone. A time may be in a computed file, too."""
    for where in consistency.unknown_times(service, computed):
        raise DeclarationError(where)


def chosen_files(
    cloud: Cloud, node: Node, service: Service, templates: Path, paths: Collection[str]
) -> Iterator[RenderedFile]:
    """The templates and scripts of a service that have one of these paths; no others are rendered.

    Raises:
        DeclarationError: as `service_files`.
    """
    variables = _variables(cloud, node, service)
    for declared in service.files:
        if isinstance(declared, Template) and declared.path in paths:
            yield _template(cloud, service, declared, templates, variables)
    scripts = (_script(service.name, script, templates) for script in service.all_scripts())
    yield from (script for script in scripts if script.path in paths)


def _variables(cloud: Cloud, node: Node, service: Service) -> dict[str, Any]:
    given = {"cloud": cloud, "node": node, "service": service, "options": cloud.option(service.name)}
    return {**given, **service.variables(cloud, node)}


def _template(
    cloud: Cloud, service: Service, declared: Template, templates: Path, variables: Mapping[str, Any]
) -> RenderedFile:
    source = declared.source or f"{Path(declared.path).name}.j2"
    name = posixpath.normpath(f"{service.name}/{source}")
    text = templating.render(templates, name, unit=Path(declared.path).name, **variables)
    if service.overrides is not None and service.overrides.path == declared.path:
        text = service.overrides.merged(text, service.written(cloud.option(service.name)))
    return _text(declared, text, service.name)


def _text(declared: Template | NodeFile, text: str, service: str) -> RenderedFile:
    """A text file. A file with a secret must not be readable by all users."""
    file = RenderedFile(
        path=declared.path,
        text=text,
        checker=declared.checker,
        service=service,
        group=declared.group,
        mode=declared.mode,
        on_change=declared.on_change,
    )
    if file.secrets and file.mode & 0o007:
        raise DeclarationError(
            f"{file.service}: {file.path} holds a secret and is readable by all users ({file.mode:04o})"
        )
    return file


def _accounts(cloud: Cloud, service: Service) -> Iterator[NodeFile]:
    """A file for each account of other services at this one: its user, and the details that its kind takes."""
    for kind in service.hands_out:
        for account in cloud.accounts(kind.name):
            said = {name: getattr(account, name) for name in kind.takes}
            # The number of connections is a function of the node, and no part of an account.
            details = {name: value for name, value in said.items() if not callable(value)}
            text = json.dumps({"user": account.user, **details}, sort_keys=True) + "\n"
            yield NodeFile(f"{kind.folder}/{account.name}.json", text, checker="json")


@functools.cache
def _users(service: str, title: str, users: tuple[str, ...]) -> RenderedFile:
    """The declaration of a service's own users. hacienda-apply places it, and makes the users, before all other files."""
    text = "".join(f'u {user} - "{title}"\n' for user in users)
    return RenderedFile(f"/etc/sysusers.d/hacienda-{service}.conf", text, "systemd-sysusers", service)


@functools.cache
def _secret(declared: SecretFile | SecretDirectory, service: str) -> RenderedFile:
    return RenderedFile(
        path=declared.path,
        text=placeholder(declared.secret),
        checker="secret",
        service=service,
        kind="directory" if isinstance(declared, SecretDirectory) else "secret",
        group=declared.group,
        mode=declared.mode,
        on_change=declared.on_change,
    )


@functools.cache
def _certificate(declared: Certificate, service: str) -> tuple[RenderedFile, ...]:
    def part(path: str, text: str, mode: int, **rest: Any) -> RenderedFile:
        return RenderedFile(path, text, "x509", service, group=declared.group, mode=mode, **rest)

    folder = part(declared.directory, "", 0o750, kind="directory")
    names = secrecy.leaf_names(declared.name(service))
    return (
        folder,
        *(
            part(f"{declared.directory}/{name.rsplit('/', 1)[1]}", placeholder(name), 0o440, kind="secret",
                 on_change=declared.on_change_of_authority if name.endswith("/ca.pem") else declared.on_change)
            for name in names
        ),
    )  # fmt: skip


@functools.cache
def _trust_anchor(declared: TrustAnchor, service: str, name: str) -> RenderedFile:
    return RenderedFile(
        path=f"{declared.directory}/ca.pem",
        text=placeholder(name),
        checker="x509",
        service=service,
        kind="secret",
        group=declared.group,
        mode=0o440,
        on_change=declared.on_change,
    )


@functools.cache
def _script(service: str, declared: Script, templates: Path) -> RenderedFile:
    name = declared.name
    text = templating.static(templates / service / (declared.source or name))
    checker = "python" if name.endswith(".py") or "python" in text.partition("\n")[0] else "shellcheck"
    path = f"{programs.LIB}/{service}/{name}"
    return RenderedFile(path, text, checker, service, mode=0o755, on_change=declared.on_change)
