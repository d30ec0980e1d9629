"""docs/STYLE.md, held against hand-written pages and against what the code says: words to avoid, and length of sentences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda.errors import InputError
from tests import prose as written
from tests import repository

ROOT = Path(__file__).parents[1]
STYLE = (ROOT / "docs/STYLE.md").read_text()
GENERATED = ("docs/commands/", "docs/environment.md", "docs/rules/README.md")
PAGES = [page for page in repository.git(ROOT, "ls-files", "*.md").splitlines() if not page.startswith(GENERATED)]
"""Every other page, the next one too."""
MODULES = [
    module
    for module in repository.git(ROOT, "ls-files", "hacienda/*.py").splitlines()
    if not re.fullmatch(r"hacienda/provider/protocol/.*_pb2\w*\.py", module)
]
"""Every other module, the next one too. What protoc generates is nobody's prose."""
TEMPLATES = [
    template
    for template in repository.git(ROOT, "ls-files", "hacienda/*.sh", "hacienda/*/templates/*").splitlines()
    if not template.startswith("hacienda/lab/files/") and not template.endswith((".py", ".css"))
]
"""Shell scripts and templates, whose comments and messages operators read on the nodes. Python ones are modules. The texts in
hacienda/lab/files/ name the lab's image: another word in them would rebuild it."""
LONGEST = 30
"""Words of a sentence."""


def avoided() -> set[str]:
    """Words that the page's table says to avoid; not its patterns, which have single capitals in them."""
    table = STYLE.partition("| avoid |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {word.strip() for cell in cells for word in cell.split(",") if not re.search(r"\b[A-Z]\b", cell)}


BLOCK = re.compile(r"^ *(`{3,}).*?^ *\1$", re.DOTALL | re.MULTILINE)


def prose(text: str) -> str:
    """A page without its code, its tables and its headings."""
    text = BLOCK.sub("", text)
    text = re.sub(r"^(\||#|    ).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"`[^`]+`", "CODE", text).replace("*", "")


def cells(text: str) -> str:
    """The headings of a page and the cells of its tables, each as a paragraph."""
    lines = re.findall(r"^(?:\||#+) (.*?)\|?$", BLOCK.sub("", text), re.MULTILINE)
    return "\n\n".join(cell.strip() for line in lines for cell in line.split(" | "))


def faults(text: str) -> list[str]:
    """Words to avoid and sentences that are too long, in the prose of a page."""
    written = prose(text)
    words = re.compile(rf"\b({'|'.join(sorted(avoided()))})\b", re.IGNORECASE)
    found = [match[0].lower() for match in words.finditer(written)]
    sentences = re.split(r"(?m)(?<=[.:;?!])\s+|\n\s*\n|^\s*(?:-|\d+\.)\s+", written)
    return found + [" ".join(one.split()) for one in sentences if len(one.split()) > LONGEST]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_keeps_to_the_style(page: str) -> None:
    assert faults((ROOT / page).read_text()) == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/STYLE.md"])
def test_tables_and_headings_keep_to_it_too(page: str) -> None:
    assert faults(cells((ROOT / page).read_text())) == []


@pytest.mark.parametrize("module", MODULES)
def test_docstrings_comments_and_messages_keep_to_it(module: str) -> None:
    assert [fault for text in written.paragraphs((ROOT / module).read_text()) for fault in faults(text)] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_comments_and_messages_of_templates_keep_to_it(template: str) -> None:
    assert [fault for text in written.lines((ROOT / template).read_text()) for fault in faults(text)] == []


def test_what_templates_say_is_found() -> None:
    source = """#!/bin/bash whoever
# shellcheck disable=anew
# just one
# sentence
value=1 # simply
log "${value} of ours" # told
fail "$(cat "$file") is told|it goes"
echo 'anew'
Description=Whence X
// whoever
%% goes
"""
    said = [*written.lines(source)]
    assert [fault for text in said for fault in faults(text)] == [
        *("just", "simply", "of ours", "told", "told", "goes", "anew", "whence", "whoever", "goes"),
    ]
    assert "just one\nsentence" in said
    long = "word " * LONGEST
    assert len(faults(*written.lines(f"# {long}\n# word\n"))) == 1
    assert len(faults(*written.lines(f'fail "{long}|word"\n'))) == 0


def test_templates_are_found() -> None:
    assert {"hacienda/cloudinit/node/converge.sh", "hacienda/services/templates/galera/wsrep_sst_hacienda"} < {
        *TEMPLATES
    }
    assert "hacienda/services/templates/haproxy/haproxy.cfg.j2" in TEMPLATES


def test_modules_are_found() -> None:
    assert {"hacienda/__init__.py", "hacienda/cloud/network.py", "hacienda/cloudinit/node/install.py"} < {*MODULES}
    assert not [module for module in MODULES if "_pb2" in module]


def test_what_code_says_is_found() -> None:
    source = '''"""Whoever reads.

    Args:
        what: it is told
            anew.
    """
value = 1  # simply
"""What goes."""
# just one
# sentence
error = f"{value} of ours\\nis {value} goes"
names = ("goes", "simply", "two words")
'''
    said = [*written.paragraphs(source)]
    assert [fault for text in said for fault in faults(text)] == [
        *("whoever", "told", "anew", "goes", "simply", "just", "of ours", "goes"),
    ]
    assert "just one\nsentence" in said
    [argument] = [text for text in said if "told" in text]
    assert "\n\nwhat: it is told\nanew." in argument
    long = "word " * LONGEST
    assert len(faults(*written.paragraphs(f'"""{long}\n    word\n    """'))) == 1
    assert len(faults(*written.paragraphs(f'"""{long}\n    what: word\n    """'))) == 0
    assert len(faults(*written.paragraphs(f'say("{long}" "word")'))) == 1


def test_pages_are_found() -> None:
    assert {"README.md", "SECURITY.md", "docs/services/etcd.md", "docs/rules/TIME.md"} < {*PAGES}
    assert not [page for page in PAGES if "/commands/" in page]


def test_what_the_style_avoids_is_found() -> None:
    assert avoided() >= {"told", "goes", "anew", "whoever", "of ours", "simply", "just"}
    assert faults("Whoever asks is told:\nit starts anew.") == ["whoever", "told", "anew"]
    assert (
        faults("| told |\n\n# Whoever\n\n    anew\n\n```\ngoes\n```\n`just`\n\n1. One\n\n   ```\n   goes\n   ```\n")
        == []
    )
    assert faults(cells("| one | told |\n\n# Whoever\n\n| `just` | goes: no |\n\nanew\n")) == [
        "told",
        "whoever",
        "goes",
    ]
    assert len(faults(cells("| one | " + "word " * (LONGEST + 1) + "|\n"))) == 1
    assert len(faults("word " * (LONGEST + 1) + "\n\n- " + "word " * LONGEST)) == 1


def test_the_example_of_a_message_is_what_the_readme_s_file_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [text] = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    Path("environments").mkdir()
    Path("environments/lab.yaml").write_text(text.replace("vip: 10.77.0.10", "vip: 10.78.0.10"))
    with pytest.raises(InputError) as raised:
        cloud.read(Path("environments/lab.yaml"), services.registry())
    shown = "".join(f"    {line}\n" for line in str(raised.value).splitlines())
    assert shown in STYLE


def test_the_readme_s_file_is_a_whole_one(tmp_path: Path) -> None:
    [text] = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "lab.yaml").write_text(text)
    assert [node.name for node in cloud.read(tmp_path / "lab.yaml", services.registry()).nodes] == [
        "ctl-1",
        "ctl-2",
        "ctl-3",
    ]
