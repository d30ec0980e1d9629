"""What a node is given: its files, its manifest, its secrets' names."""

from __future__ import annotations

import hashlib
import tracemalloc
from dataclasses import replace
from typing import Any

import pytest

from hacienda import cloudinit
from hacienda.declare import DeclarationError, NodeFile, Registry, Script, SecretFile, Template
from tests.cloudinit import sample


def files(output: cloudinit.NodeOutput) -> dict[str, cloudinit.RenderedFile]:
    return {file.path: file for file in output.files}


def with_service(**changes: Any) -> dict[str, Any]:
    """A registry whose beta is declared otherwise."""
    return {"registry": Registry((sample.alpha, replace(sample.beta, **changes), sample.gamma))}


def test_template_sees_cloud_node_service_options_and_variables() -> None:
    text = files(sample.render("ctl-2"))["/etc/alpha/alpha.conf"].text
    assert text == "# Alpha, the coordination on ctl-2 of sample\nlimit 7\nmember ctl-1\nmember ctl-2\nmember ctl-3\n"


def test_secret_is_a_placeholder_whose_name_the_manifest_tells() -> None:
    file = files(sample.render())["/etc/beta/beta.conf"]
    assert file.text == "password @{secret:beta/admin}@\n"
    assert file.secrets == ("beta/admin",)


def test_certificate_is_a_folder_and_four_secrets() -> None:
    found = files(sample.render())
    assert (found["/etc/alpha/tls"].kind, found["/etc/alpha/tls"].mode) == ("directory", 0o750)
    for part in ("ca", "cert", "key", "bundle"):
        file = found[f"/etc/alpha/tls/{part}.pem"]
        assert (file.kind, file.text, file.mode) == ("secret", f"@{{secret:x509/alpha/{part}.pem}}@", 0o440)


def test_node_is_given_only_the_secrets_it_needs() -> None:
    assert sample.render("cmp-1").secret_names == ("database/gamma",)
    names = sample.render("ctl-1").secret_names
    assert {"database/beta", "database/gamma", "beta/keys", "alpha/cookie", "x509/alpha/key.pem"} <= set(names)


def test_actions_name_service_and_what_it_does() -> None:
    actions = sample.render().actions
    assert actions["/etc/beta/beta.conf"] == "beta:reload"
    assert actions["/etc/alpha/alpha.conf"] == "alpha:restart"
    assert "/etc/hacienda/node.env" not in actions


def test_script_that_keeps_running_says_what_its_change_asks_for() -> None:
    output = sample.render()
    assert output.actions["/usr/lib/hacienda/beta/watch.sh"] == "beta:reload"
    assert "/usr/lib/hacienda/beta/verify.sh" not in output.actions
    entries = {entry["path"]: entry["on_change"] for entry in output.manifest["files"]}
    assert entries["/usr/lib/hacienda/beta/watch.sh"] == "reload"
    assert entries["/usr/lib/hacienda/beta/verify.sh"] == "none"


def test_oneshot_waits_for_services_of_its_node_but_never_for_coordination() -> None:
    found = files(sample.render())
    beta = found["/etc/systemd/system/hacienda-beta.service"].text
    assert "hacienda-alpha.service" not in beta
    assert (
        "After=network-online.target hacienda-beta.service\n"
        in found["/etc/systemd/system/hacienda-gamma.service"].text
    )
    compute = files(sample.render("cmp-1"))["/etc/systemd/system/hacienda-gamma.service"].text
    assert "hacienda-beta.service" not in compute


def test_target_wants_every_oneshot_of_the_node() -> None:
    text = files(sample.render())["/etc/systemd/system/hacienda.target"].text
    assert "Wants=hacienda-alpha.service hacienda-beta.service hacienda-gamma.service\n" in text


def test_manifest_lists_packages_once_and_services_in_start_order() -> None:
    manifest = sample.render().manifest
    assert manifest["packages"] == ["alpha-server", "beta", "shared"]
    assert [service["name"] for service in manifest["services"]] == ["alpha", "beta", "gamma"]
    assert [service["rolling"] for service in manifest["services"]] == [True, True, False]
    assert manifest["services"][1]["units"] == ["beta-helper.service", "beta.service"]


def test_hashes_of_a_plan_are_those_of_the_manifest() -> None:
    output = sample.render()
    assert output.file_hashes == {file["path"]: file["sha256"][:16] for file in output.manifest["files"]}


def test_new_compute_changes_nobody_elses_bundle() -> None:
    before = sample.cloud()
    after = replace(before, nodes=(*before.nodes, sample.node("cmp-2", "compute", 2, 102, "gamma")))
    for node in before.nodes:
        assert sample.render(node.name).bundle_hash == sample.render(node.name, nodes=after.nodes).bundle_hash


def test_equal_files_of_two_nodes_are_kept_once() -> None:
    one, other = (files(sample.render(name)) for name in ("ctl-1", "ctl-2"))
    assert one["/etc/beta/beta.conf"] is other["/etc/beta/beta.conf"]
    assert one["/etc/alpha/alpha.conf"] is not other["/etc/alpha/alpha.conf"]


def test_output_keeps_little_and_makes_its_bundle_when_asked() -> None:
    output = sample.render("cmp-1")
    assert hashlib.sha256(output.bundle).hexdigest() == output.bundle_hash
    nodes = tuple(sample.node(f"cmp-{n}", "compute", n, 100 + n, "gamma") for n in range(1, 101))
    cloud = sample.cloud(nodes=(*sample.cloud().nodes[:3], *nodes))
    tracemalloc.start()
    try:
        outputs = [cloudinit.render(cloud, node, sample.DEPLOYER, sample.TEMPLATES) for node in nodes]
        kept = tracemalloc.get_traced_memory()[0] / len(outputs)
    finally:
        tracemalloc.stop()
    assert kept < len(output.bundle) / 3


def test_secret_in_a_file_everybody_reads_is_refused() -> None:
    files = (Template("/etc/beta/beta.conf", "beta", mode=0o644),)
    with pytest.raises(DeclarationError, match=r"/etc/beta/beta.conf holds a secret and is readable by all users"):
        sample.render(**with_service(files=files))


def test_secret_that_nothing_declares_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"names the secret 'beta/admin', which nothing declares"):
        sample.render(**with_service(secrets=()))


def test_secret_of_another_service_is_refused() -> None:
    files = (*sample.beta.files, SecretFile("/etc/beta/cookie", "alpha/cookie"))
    with pytest.raises(
        DeclarationError, match=r"beta: /etc/beta/cookie names .*, which is alpha's and not declared for it"
    ):
        sample.render(**with_service(files=files))
    leaf = NodeFile("/etc/beta/leaf", "@{secret:x509/alpha/key.pem}@", "text", mode=0o600)
    with pytest.raises(DeclarationError, match=r"names the secret 'x509/alpha/key.pem', which is alpha's"):
        sample.render(**with_service(node_files=lambda cloud, node: (leaf,)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('password=$(cat "$(secret alpha/cookie)")', "reads the secret 'alpha/cookie', which is alpha's"),
        ("secret beta/admni", "reads the secret 'beta/admni', which nothing declares"),
        ("cat </var/lib/hacienda/secrets/alpha/cookie", "reads the secret 'alpha/cookie', which is alpha's"),
        ("LoadCredential=cookie:/var/lib/hacienda/secrets/alpha/cookie", "reads the secret 'alpha/cookie'"),
        ('cat "${STATE}/secrets/alpha/cookie"', "reads the secret 'alpha/cookie'"),
        ('tool "$STATE/secrets/databse"', "reads the secret 'databse', which nothing declares"),
        ('cat "$STATE/secrets/alpha/$name"', "reads the secret 'alpha'"),
        ('cat "$(secret "$name")"', "reads a secret without naming it"),
        ("grep -r x /var/lib/hacienda/secrets/*", "reads a secret without naming it"),
        ('STATE / "secrets" / name', "reads a secret without naming it"),
        ("curl --key /etc/alpha/tls/key.pem", "reads /etc/alpha/tls/key.pem, which holds secrets of alpha"),
        ("tls=/etc/alpha/tls", "reads /etc/alpha/tls, which holds secrets of alpha"),
        ("cp /etc/alpha/tls/bundle.pem.", "reads /etc/alpha/tls/bundle.pem, which holds secrets of alpha"),
    ],
)
def test_script_that_reads_what_its_service_does_not_declare_is_refused(text: str, says: str) -> None:
    script = NodeFile("/usr/lib/hacienda/beta/extra", text, "text")
    with pytest.raises(DeclarationError, match=f"beta: /usr/lib/hacienda/beta/extra {says}"):
        sample.render(**with_service(node_files=lambda cloud, node: (script,)))


@pytest.mark.parametrize(
    "text",
    [
        'cat "$(secret beta/admin)"',
        'cat "$STATE/secrets/beta/admin"',
        "tool /var/lib/hacienda/secrets/database",
        'cat "$STATE/secrets/database/$name"',
        "secret = 7\n# the secrets of others are theirs",
        "/etc/alpha/alpha.conf",
    ],
)
def test_script_may_read_what_its_service_declares_and_hands_out(text: str) -> None:
    script = NodeFile("/usr/lib/hacienda/beta/extra", text, "text")
    assert sample.render(**with_service(node_files=lambda cloud, node: (script,)))


def test_leaf_without_a_certificate_is_refused() -> None:
    leaf = NodeFile("/etc/beta/leaf", "@{secret:x509/beta/key.pem}@", "text", mode=0o600)
    with pytest.raises(DeclarationError, match=r"names the secret 'x509/beta/key.pem'"):
        sample.render(**with_service(node_files=lambda cloud, node: (leaf,)))


def test_path_declared_twice_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"/etc/beta/beta.conf: declared by"):
        sample.render(**with_service(files=(*sample.beta.files, sample.beta.files[0])))


def test_missing_template_and_missing_script_are_named() -> None:
    with pytest.raises(DeclarationError, match=r"beta/other.conf.j2"):
        sample.render(**with_service(files=(Template("/etc/other.conf", "beta"),)))
    with pytest.raises(DeclarationError, match=r"beta/other.sh: no such file"):
        sample.render(**with_service(scripts=(Script("other.sh"),)))


def test_fact_with_a_name_of_ours_is_refused() -> None:
    with pytest.raises(DeclarationError, match="MEMBERS"):
        sample.render(**with_service(facts=lambda cloud, node: {"members": ""}))
