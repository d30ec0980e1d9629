"""Which node and service get which secrets, by name. Values never pass through this module."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from hacienda import secrets
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import Capability, Certificate, DeclarationError, Secret, Service, authority_secret

_LEAF_PARTS = ("ca.pem", "cert.pem", "key.pem", "bundle.pem")


def leaf_names(leaf: str) -> tuple[str, ...]:
    """Secret names of the parts of a leaf."""
    return tuple(f"x509/{leaf}/{part}" for part in _LEAF_PARTS)


def trusted(cloud: Cloud, capability: Capability) -> str:
    """Secret name of the authority that clients of a capability trust: the load balancers' if they terminate its TLS."""
    provider = cloud.registry.provider(capability)
    ends = any(front.mode == "http" for front in provider.frontends) and cloud.virtual_ip("internal") is not None
    return authority_secret((cloud.registry.provider("load balancer") if ends else provider).authority)


def served(cloud: Cloud, service: Service) -> tuple[str, ...]:
    """Shared secrets that a service owns, and secrets of accounts that it has or hands out."""
    names = {secret.name for secret in service.secrets} | set(_handed_out(cloud, service))
    names |= {
        name for account in service.accounts for name in cloud.registry.account_kind(account.kind).secrets(account)
    }
    return tuple(sorted(names))


def reconciled(cloud: Cloud, service: Service) -> tuple[str, ...]:
    """Secrets that a service's reconcile script applies: those of accounts that it hands out, and those declared as reconciled."""
    if service.reconcile is None:
        return ()
    names = {secret.name for secret in service.secrets if secret.reconciled}
    return tuple(sorted(names.union(_handed_out(cloud, service))))


def _handed_out(cloud: Cloud, service: Service) -> Iterator[str]:
    """Secrets of other services' accounts at this one."""
    for kind in service.hands_out:
        for account in cloud.accounts(kind.name):
            yield from kind.secrets(account)


def owners(cloud: Cloud, node: Node, service: Service) -> tuple[str, ...]:
    """Services of the same node that hand out this one's accounts. They must accept a new password before this service uses it."""
    found = {cloud.registry.owner(account.kind).name for account in service.accounts}
    return tuple(sorted((found - {service.name}) & set(node.services)))


def secret_names(cloud: Cloud, node: Node, files: Iterable[RenderedFile]) -> tuple[str, ...]:
    """Every secret that the node gets: only those that its files name, and those that its services own or serve.

    Raises:
        DeclarationError: a file names a secret that its service neither declares nor serves, or reads one on the node.
    """
    files = tuple(files)
    running = cloud.running(node)
    everybody = _authorities(cloud)
    own = {
        service.name: {*served(cloud, service), *_leaves_of(service), *_of_others(cloud, service), *everybody}
        for service in running
    }
    named: set[str] = set()
    for file in files:
        named.update(file.secrets)
        for name in file.secrets:
            if name not in own.get(file.service, ()):
                raise DeclarationError(f"{file.service}: {file.path} names the secret {name!r}, {_whose(cloud, name)}")
    _refuse_reads(cloud, files, {service.name: service for service in running}, own)
    return tuple(sorted(named.union(*(served(cloud, service) for service in running))))


def _refuse_reads(
    cloud: Cloud, files: Iterable[RenderedFile], running: Mapping[str, Service], own: Mapping[str, Collection[str]]
) -> None:
    """Refuse files that read other services' secrets on the node. Exempt are the node's own programs, which handle all secrets, and
    files with the operator's overrides."""
    holders = {file.path: file.service for file in files if file.secrets or file.kind == "directory"}
    for file in files:
        service = running.get(file.service)
        if service is None or _has_overrides(cloud, service, file):
            continue
        folders = {kind.name for kind in service.hands_out}
        for name in file.secrets_read:
            if not name:
                raise DeclarationError(
                    f"{service.name}: {file.path} reads a secret without naming it; write the name out"
                )
            if name not in own[service.name] and not folders & {name, name.rpartition("/")[0]}:
                raise DeclarationError(f"{service.name}: {file.path} reads the secret {name!r}, {_whose(cloud, name)}")
        for path in sorted(file.paths_read & holders.keys()):
            if holders[path] != service.name:
                raise DeclarationError(
                    f"{service.name}: {file.path} reads {path}, which holds secrets of {holders[path]}"
                )


def _has_overrides(cloud: Cloud, service: Service, file: RenderedFile) -> bool:
    declared = service.overrides
    return declared is not None and declared.path == file.path and bool(service.written(cloud.option(service.name)))


def _of_others(cloud: Cloud, service: Service) -> Iterator[str]:
    """Secrets of the certificate of another authority. Load balancers present it, and every service may read its authority."""
    if cloud.public_certificate is None:
        return
    if "load balancer" in service.provides:
        yield cloud.public_certificate.bundle_name
    if cloud.public_certificate.authority is not None:
        yield cloud.public_certificate.authority_name


def _whose(cloud: Cloud, name: str) -> str:
    for service in cloud.services:
        if name in served(cloud, service) or name in _leaves_of(service):
            return f"which is {service.name}'s and not declared for it"
    return "which nothing declares"


def store_spec(cloud: Cloud, root: Path) -> secrets.StoreSpec:
    """The environment's store of secrets.

    Args:
        root: the project's folder.
    """
    declared = cloud.secrets
    return secrets.StoreSpec.of(root, cloud.name, declared.backend, declared.path, declared.recipients)


def needs(cloud: Cloud, root: Path = Path()) -> secrets.Needs:
    """Everything that the environment's store must hold: shared secrets, and a leaf for each certificate of each node.

    Args:
        root: the project's folder, which paths in the environment file are relative to.
    """
    leaves = (
        _leaf(cloud, node, service, certificate)
        for node in cloud.nodes
        for service in cloud.running(node)
        for certificate in service.certificates
    )
    return secrets.Needs(
        environment=cloud.name,
        secrets=tuple(secret for _, secret in sorted(_shared(cloud).items())),
        leaves=tuple(leaves),
        certificate_days=cloud.certificate_days,
        keys={
            secret.name: secret.keys(cloud)
            for service in cloud.services
            for secret in service.secrets
            if secret.kind == "fernet-keys"
        },
        provided=tuple(_provided(cloud, root)),
    )


def _provided(cloud: Cloud, root: Path) -> Iterator[secrets.Provided]:
    """The certificate for the public name, if another authority signs it."""
    declared, vip = cloud.public_certificate, cloud.virtual_ip("public")
    if declared is None or vip is None:
        return
    paths = {
        part: root / Path(path).expanduser() if path else None
        for part, path in (("chain", declared.chain), ("key", declared.key), ("authority", declared.authority))
    }
    source = cloud.source
    yield secrets.Provided(
        "public",
        vip.name_for("public"),
        **paths,
        field="api.certificate",
        file=source.file if source else "",
        line=source.locate("api.certificate") if source else None,
    )


def _shared(cloud: Cloud) -> dict[str, Secret]:
    declared = {secret.name: secret for service in cloud.services for secret in service.secrets}
    accounts = (account for service in cloud.services for account in service.accounts)
    return declared | {one.password: cloud.registry.account_kind(one.kind).password(one) for one in accounts}


def _leaves_of(service: Service) -> Iterator[str]:
    for certificate in service.certificates:
        yield from leaf_names(certificate.name(service.name))


def _authorities(cloud: Cloud) -> frozenset[str]:
    """Secret names of all authorities, which every service may read."""
    found = (one.authority or service.name for service in cloud.services for one in service.certificates)
    return frozenset(map(authority_secret, found))


def _leaf(cloud: Cloud, node: Node, service: Service, certificate: Certificate) -> secrets.Leaf:
    """The leaf of a certificate. It names the node on the management network and, for a service's first certificate, the name that
    clients use."""
    name = certificate.name(service.name)
    if certificate.usage == "client":
        return secrets.Leaf(node.name, name, usage="client")
    names, addresses = [cloud.fqdn(node), node.name], [str(cloud.address(node))]
    if certificate.virtual_ips:
        names += _names(cloud)
        addresses += [str(vip.address) for vip in cloud.virtual_ips]
    if not certificate.role and any(front.mode == "tcp" for front in service.frontends):
        names.append(cloud.own_name(service.name))
    return secrets.Leaf(node.name, name, tuple(names), tuple(addresses), certificate.usage)


def _names(cloud: Cloud) -> list[str]:
    """Names of the virtual IPs in the environment's own certificates. The public name is left out if another authority signs for
    it, because a load balancer would then have two certificates for that name."""
    public = cloud.virtual_ip("public")
    elsewhere = public.name_for("public") if public is not None and cloud.public_certificate is not None else None
    return [name for vip in cloud.virtual_ips for name in vip.hostnames if name != elsewhere]
