"""An image's name follows from its recipe, and from nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from hacienda.lab import apt_sources, recipe

FOLDER = Path("/srv/build")


def test_the_alias_does_not_depend_on_order_or_repetition() -> None:
    first = recipe.recipe(["haproxy", "memcached"])
    assert recipe.recipe(["memcached", "haproxy", "haproxy", "systemd"]).alias == first.alias
    assert first.alias.startswith("hacienda/debian-13/")
    assert len(first.alias.rsplit("/", 1)[1]) == 12


def test_the_alias_changes_with_packages_and_architecture() -> None:
    aliases = {
        recipe.recipe([]).alias,
        recipe.recipe(["haproxy"]).alias,
        recipe.recipe(["haproxy"], "arm64").alias,
    }
    assert len(aliases) == 3


def test_metadata_names_every_template_and_the_architecture_as_incus_knows_it() -> None:
    made = recipe.recipe([], "arm64")
    metadata = json.loads(made.metadata())
    assert metadata["architecture"] == "aarch64"
    assert {entry["template"] for entry in metadata["templates"].values()} == set(made.templates())
    assert metadata["creation_date"] > 0


def test_user_data_and_network_configuration_come_from_the_instance() -> None:
    templates = recipe.recipe([]).templates()
    assert 'config_get("cloud-init.user-data"' in templates["user-data.tpl"]
    assert 'config_get("cloud-init.network-config"' in templates["network-config.tpl"]
    assert all(text.endswith("\n") for text in templates.values())


def test_the_build_runs_in_its_own_mount_namespace_and_takes_secrets_by_file() -> None:
    made = recipe.recipe(["haproxy"])
    sources = apt_sources.Mirror("http://m.example/debian").lines(recipe.SUITE)
    argv = recipe.mmdebstrap_argv(made, FOLDER, sources, "/keys.gpg")
    assert argv[:5] == ("unshare", "--mount", "--propagation", "private", "--")
    assert argv[5] == "mmdebstrap"
    assert f"--include={','.join(made.packages)}" in argv
    assert "--aptopt=/srv/build/apt.conf" in argv
    assert argv[-4:] == (
        "trixie",
        "/srv/build/rootfs.tar",
        "deb http://m.example/debian trixie main",
        "deb http://m.example/debian trixie-updates main",
    )


def test_the_base_is_in_every_image() -> None:
    made = recipe.recipe(["haproxy"])
    assert {*recipe.BASE_PACKAGES, "haproxy"} == set(made.packages)
    assert list(made.packages) == sorted(made.packages)


def test_the_image_keeps_no_identity_and_no_secret() -> None:
    script = recipe.recipe([]).scripts()["image-customize.sh"]
    for path in ("/etc/machine-id", "/etc/ssh/ssh_host_*", "/var/lib/rabbitmq/.erlang.cookie", "policy-rc.d"):
        assert path in script
