"""What a bare machine gets of this one's settings."""

from __future__ import annotations

from pathlib import Path

from tests.fresh import settings


def test_pip_options_of_any_file_become_variables_and_other_commands_options_do_not() -> None:
    listed = "global.index-url='https://index.example.org/simple'\ninstall.trusted-host='a\\nb'\ndownload.dest='x'\n:env:.cert='/c'\n"
    assert settings.pip_variables(listed) == {
        "PIP_INDEX_URL": "https://index.example.org/simple",
        "PIP_TRUSTED_HOST": "a\nb",
    }


def test_proxies_are_handed_on_certificates_copied_and_nothing_else_is_seen(tmp_path: Path) -> None:
    certificates = tmp_path / "ca.crt"
    certificates.write_text("a certificate")
    variables = {
        "https_proxy": "http://proxy.example.org:3128",
        "NO_PROXY": "10.0.0.0/8",
        "PIP_INDEX_URL": "https://index.example.org/simple",
        "PIP_CERT": str(certificates),
        "PIP_FIND_LINKS": "/a/folder/of/this/machine",
        "PYTHONPATH": "/somewhere",
        "TF_CLI_CONFIG_FILE": str(certificates),
        "PATH": "/usr/local/bin",
    }
    assert settings.handed_on(variables, tmp_path / "copies", Path("/root/settings")) == {
        "https_proxy": "http://proxy.example.org:3128",
        "NO_PROXY": "10.0.0.0/8",
        "PIP_INDEX_URL": "https://index.example.org/simple",
        "PIP_CERT": "/root/settings/pip_cert",
    }
    assert (tmp_path / "copies/pip_cert").read_text() == "a certificate"
