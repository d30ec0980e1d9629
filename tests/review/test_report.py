"""The report says what it was given, in every way it is written; whatever others wrote is text in it."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hacienda import cloud, environment, services
from hacienda.assess import Acceptance, Finding, Subject, rules
from hacienda.assess.timers import Drill
from hacienda.review import diff as diffs
from hacienda.review import report
from hacienda.review.diff import Diff, words
from hacienda.review.plan import guard, reader
from tests import lanes
from tests.review.diff.samples import Sample, rendering

ROOT = Path(__file__).parents[2]
PLANS = Path(__file__).parent / "plan/plans"
DAY = date(2026, 3, 1)
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr", "path", "polygon"}
ODD = "</td><script>alert(1)</script> ![x](http://e.example/x) | @all #1 `a`\x1b[2J\u202e <!-- "


@functools.cache
def subject(name: str) -> Subject:
    return Subject(cloud.read(environment.find(name, ROOT), services.registry(), rules=rules()), DAY)


@functools.cache
def plain(name: str) -> report.Report:
    """A report to which nothing was given."""
    return report.assemble(subject(name))


def planned(name: str) -> report.Planned:
    text = (PLANS / f"{name}.json").read_text()
    verdict = guard.judge([reader.read(text, "plan.json")])
    return report.Planned(("plan.json",), reader.read(text, "plan.json").changes, verdict)


def compared(diff: Diff) -> report.Compared:
    base = diffs.Base("main", "0123456789abcdef", rendering([]))
    return report.Compared(words.title("lab", base, diff), "main", base.commit, new=False, diff=diff)


def everywhere(machines: int, files: int, lines: int) -> report.Compared:
    """Every line of some files changes on some machines."""
    names = [f"cmp-{number}" for number in range(1, machines + 1)]
    paths = [f"/etc/service/{number}.conf" for number in range(files)]

    def samples(word: str) -> list[Sample]:
        text = "".join(f"{word} = a setting with a long name, number {number}\n" for number in range(lines))
        return [Sample(name, dict.fromkeys(paths, text)) for name in names]

    return compared(diffs.compare(rendering(samples("old")), rendering(samples("new")), lines=200))


class Page(HTMLParser):
    """A page's elements, each with its attributes and its ancestors; every element is closed where it must be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), tuple(self.open)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes, _ in self.elements if tag in tags]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def full(name: str = "lab") -> report.Report:
    before = [Sample("ctl-1", {"/etc/x": "a\n"}), Sample("ctl-2")]
    changed = diffs.compare(rendering(before), rendering([Sample("ctl-1", {"/etc/x": "b\n"})]))
    return replace(plain(name), compared=compared(changed), planned=planned("replace-two"))


def visible(markdown: str) -> list[str]:
    """Lines that a reader of a comment sees before opening anything."""
    return re.sub(r"<details>.*?</details>", "folded", markdown, flags=re.DOTALL).splitlines()


class TestPage:
    @pytest.mark.parametrize(
        "name", lanes.first(["lab", "production", "large", "two-node"], {"lab", "two-node"}.__contains__)
    )
    def test_it_is_sound(self, name: str) -> None:
        page = Page(report.page(full(name)))
        ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        for _, attributes, _ in page.elements:
            assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)
            assert "style" not in attributes
        assert page.all("html")[0] == {"lang": "en"}
        assert page.all("title")
        assert len(page.all("h1")) == len(page.all("main")) == 1

    def test_it_asks_nobody_for_anything(self) -> None:
        text = report.page(full())
        page = Page(text)
        links = [
            value for _, attributes, _ in page.elements for key, value in attributes.items() if key in ("src", "href")
        ]
        assert links
        assert all(link and link.startswith(("#", "data:")) for link in links)
        assert not page.all("script", "iframe", "object", "img", "form", "base")
        assert not any(key.startswith("on") for _, attributes, _ in page.elements for key in attributes)
        assert not re.search(r"@import|url\(", text)
        (policy,) = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
        assert (policy or "").startswith("default-src 'none'")

    def test_keyboards_and_readers_find_their_way(self) -> None:
        page = Page(report.page(full()))
        focusable = [a for tag, a, _ in page.elements if tag in ("a", "summary") or a.get("tabindex") == "0"]
        assert focusable[0]["href"] == "#content", "the first stop skips to the content"
        targets = {attributes["id"] for _, attributes, _ in page.elements if "id" in attributes}
        assert {(one["href"] or "").removeprefix("#") for one in page.all("a")} <= targets
        for tag, attributes, inside in page.elements:
            if tag == "summary":
                assert inside[-1] == "details"
            if tag == "th":
                assert attributes.get("scope") in ("col", "row")
            if tag == "pre" or attributes.get("class", "") in ("wide", "wide drawing"):
                assert attributes["tabindex"] == "0", "what scrolls can be scrolled with keys"
                assert attributes["aria-label"]
        assert len(page.all("table")) == len(page.all("caption"))
        assert len(page.all("details")) == len(page.all("summary")) > 3

    def test_headings_go_down_in_steps(self) -> None:
        levels = [int(tag[1]) for tag, _, _ in Page(report.page(full())).elements if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1
        assert set(levels[1:]) == {2}

    def test_it_shows_every_part(self) -> None:
        text = Page(report.page(full("production"))).text
        for said in (
            "REFUSED: ctl-1 and ctl-3 are replaced",
            "1. replace ctl-1",
            "machines removed ctl-2 diff",
            "-a +b",
            "the site's own backup dumps the database every night to another site 2027-11-30",
            "14 compute machines",
            "at least 2 of 3 (ctl-1 ctl-2 ctl-3), each with",
            "3 x advert_int 0.3 s",
            "What buys the next nine",
        ):
            assert said in text

    def test_what_was_not_given_is_told(self) -> None:
        text = Page(report.page(plain("lab"))).text
        assert "no base was given ( --base REV )" in text
        assert "no plan was given ( --plan PLAN.json )" in text

    def test_measured_times_stand_beside_the_budget(self) -> None:
        drill = Drill("VIP holder loses power: longest write outage", 99.0, "2 processors", "2026-03-01")
        text = Page(report.page(report.assemble(subject("lab"), drills=[drill]))).text
        assert " 99 " in text

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_contrast(self, theme: str) -> None:
        """WCAG AA: 4.5 for text. Whatever is written, it is on one of these."""
        rules_of = re.findall(r":root \{(.*?)\}", report.page(plain("lab")), re.DOTALL)
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", rules_of[0] if theme == "light" else rules_of[1]))
        for ink, papers in {
            "ink": ("paper", "shade", "plus", "minus"),
            **dict.fromkeys(("faint", "link", "good", "warn", "bad"), ("paper", "shade")),
        }.items():
            for paper in papers:
                assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)


def contrast(one: str, other: str) -> float:
    lights = sorted(luminance(colour) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class TestComment:
    def test_it_begins_with_its_mark_and_what_goes(self) -> None:
        lines = report.comment(full()).splitlines()
        assert lines[0] == "<!-- hacienda:lab -->"
        assert lines[1].startswith("## ❌ lab: 2 machines replaced; the quorum guard refuses the plan")
        first = next(line for line in lines if line.startswith("| ⚠️"))
        assert "machines replaced: ctl-1 ctl-3, machines removed: ctl-2" in first
        folds = [line for line in lines if line.startswith("<details")]
        assert folds[0] == "<details open><summary>Deletions and replacements</summary>"

    @pytest.mark.parametrize("name", lanes.first(["lab", "large"], "lab".__eq__))
    def test_it_is_a_screenful(self, name: str) -> None:
        assert len(visible(report.comment(plain(name)))) < 30
        assert len(visible(report.comment(replace(plain(name), compared=everywhere(1000, 3, 20))))) < 30

    def test_every_fold_begins_with_an_empty_line_and_ends(self) -> None:
        lines = report.comment(full()).splitlines()
        for number, line in enumerate(lines):
            if line.startswith("<details"):
                assert line.endswith("</summary>")
                assert lines[number + 1] == ""
        assert sum(line.startswith("<details") for line in lines) == lines.count("</details>")

    def test_tables_are_whole(self) -> None:
        width = 0
        for line in report.comment(full("two-node")).splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert cells == width or not cells or not width, line
            width = cells

    def test_fences_are_longer_than_what_is_in_them(self) -> None:
        before, after = Sample("ctl-1", {"/x": "a\n"}), Sample("ctl-1", {"/x": "```\n</details>\n````\n"})
        found = compared(diffs.compare(rendering([before]), rendering([after])))
        assert "`````diff\n" in report.comment(replace(plain("lab"), compared=found))


def with_odd_texts() -> report.Report:
    found = plain("lab")
    bad = Finding("SINGLE", "error", ODD, ODD, ODD, concerns=(ODD,), file=ODD, line=1)
    accepted = replace(bad, acceptance=Acceptance(ODD, DAY, expired=False))
    before, after = Sample("ctl-1", {f"/{ODD}": "a\n"}), Sample("ctl-1", {f"/{ODD}": ODD}, packages=(ODD,))
    diff = diffs.compare(rendering([before]), rendering([after]))
    plan = json.loads((PLANS / "replace-two.json").read_text())
    for entry in plan["resource_changes"]:
        entry["address"] += ODD
        for side in ("before", "after"):
            (entry["change"].get(side) or {})["node"] = ODD
    verdict = guard.judge([reader.read((PLANS / "replace-two.json").read_text(), ODD)])
    changed = report.Planned((ODD,), reader.read(json.dumps(plan), ODD).changes, verdict)
    return replace(found, findings=(bad, accepted), compared=compared(diff), planned=changed)


class TestTextOfOthers:
    def test_it_is_text_in_a_page(self) -> None:
        page = Page(report.page(with_odd_texts()))
        assert not page.all("script", "img")
        assert page.text.count("<script>alert(1)</script>") > 5
        assert not re.search("[\x1b\u202e]", "".join(page.texts))

    def test_it_is_text_in_a_comment(self) -> None:
        lines = report.comment(with_odd_texts()).splitlines()
        fences = [number for number, line in enumerate(lines) if line.startswith("```")]
        fenced = {n for start, end in zip(fences[::2], fences[1::2], strict=True) for n in range(start, end + 1)}
        for number, line in enumerate(lines):
            assert not re.search("[\x1b\u202e]", line)
            if number not in fenced:
                assert "<script" not in line
                assert not re.search(r"(?<!\\)!?\[x", line)
                assert "@all" not in line
                assert number == 0 or "<!--" not in line

    def test_endless_lines_are_cut(self) -> None:
        endless = replace(plain("lab").findings[0], reason="x" * 100_000)
        found = replace(plain("lab"), findings=(endless,))
        assert len(report.page(found)) < 60_000
        assert "and 99000 more characters" in report.comment(found)


class TestSize:
    @pytest.mark.long
    def test_a_thousand_computes_that_all_change(self) -> None:
        found = replace(plain("large"), compared=everywhere(1000, 40, 300), planned=planned("computes-replaced"))
        page, comment = report.page(found), report.comment(found)
        assert len(page.encode()) < 300 * 1024
        assert len(comment) < 60_000
        assert len(json.dumps(report.document(found)).encode()) < 2 * 1024 * 1024
        assert "more lines: <code>hacienda diff" in page
        assert "1000 machines: cmp-1..1000" in page

    def test_a_thousand_computes_that_stay(self) -> None:
        found = plain("large")
        for text in (report.page(found), report.comment(found), json.dumps(report.document(found))):
            assert len(text.encode()) < 100 * 1024

    def test_many_findings_of_one_rule_are_counted(self) -> None:
        found = plain("lab")
        many = tuple(Finding("SINGLE", "warning", f"a.b{n}", f"reason {n}.", "Fix.") for n in range(500))
        assert "and 480 more like it" in report.comment(replace(found, findings=many))


def test_exit_codes() -> None:
    fine, bad = plain("lab"), Finding("VOTERS", "error", "machines", "Two voters.", "Use 3.")
    accepted = replace(bad, acceptance=Acceptance("a lab", DAY, expired=False))
    assert replace(fine, findings=(accepted,)).exit_code == 0
    assert replace(fine, findings=(bad,)).exit_code == 1
    assert replace(fine, findings=(bad,), planned=planned("replace-two")).exit_code == 4
    assert replace(fine, planned=planned("replace-one")).exit_code == 0


def test_programs_are_told_the_same() -> None:
    told = json.loads(json.dumps(report.document(full("lab"))))
    assert told["exit_code"] == 4
    assert told["plan"]["guard"]["refused"] is True
    assert told["plan"]["going"] == {"replaced": "ctl-1 ctl-3"}
    assert told["diff"]["nodes"]["removed"] == "ctl-2"
    assert told["topology"]["single_points_of_failure"] == [{"rule": "DOMAIN", "accepted": True}]
    assert told["timers"]["failures"]
    assert told["availability"]["paths"]
    nothing = report.document(plain("lab"))
    assert nothing["plan"] is None
    assert nothing["diff"] is None
