"""The PDF, read back by others: its standards, what stands on its pages, and nothing alive of a hostile program."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from lychgate.reports import document, paper_contents, pdf
from lychgate.reports.evidence.canonical import canonical, digest
from lychgate.reports.paper_contents import MARK, contents, share, shown

from benchmarks.verdicts import verdict as generated
from tests.reports.conftest import hostile_texts, poisoned

ROOT = Path(__file__).parents[2]
TEMPLATE = pdf.PAPER / "report.typ"
# Characters beyond ASCII that a text may hold as they are.
DRAWN = "".join(
    chr(number) for number in range(0xA1, 0x2600) if not paper_contents._NOT_DRAWN.match(chr(number))
)  # fmt: skip


def opened(verdict: dict[str, Any]) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf.render(verdict)))


def pages(reader: pypdf.PdfReader) -> list[str]:
    return [page.extract_text() for page in reader.pages]


def squeezed(text: str) -> str:
    """Without blanks: where a line or a long word breaks is no matter."""
    return re.sub(r"\s", "", text)


def whole(paper: list[str]) -> str:
    """Without the line that every page has at its head."""
    return squeezed("".join(re.sub(r"^.*\n", "", page) for page in paper))


@pytest.fixture(scope="module")
def reader(compared: dict[str, Any]) -> pypdf.PdfReader:
    return opened(compared)


@pytest.fixture(scope="module")
def paper(reader: pypdf.PdfReader) -> list[str]:
    return pages(reader)


def bookmarks(reader: pypdf.PdfReader, entries: list[Any] | None = None) -> list[str]:
    found: list[str] = []
    for one in reader.outline if entries is None else entries:
        found += bookmarks(reader, one) if isinstance(one, list) else [str(one.title)]
    return found


def test_it_is_tagged_titled_and_dated_and_says_its_standards(each: dict[str, Any]) -> None:
    reader = opened(each)
    catalog = reader.trailer["/Root"]
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/StructTreeRoot"]["/K"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = catalog["/Metadata"].get_data().decode()
    for tag in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<"):
        assert tag in metadata
    assert reader.metadata is not None
    stacks = ", ".join(stack["name"] for stack in each["stacks"])
    assert reader.metadata.title == f"Lychgate verdict on {stacks}"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.isoformat() == each["run"]["as_of"]
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            (inner,) = font.get_object()["/DescendantFonts"]
            assert {"/FontFile2", "/FontFile3"} & set(inner.get_object()["/FontDescriptor"])


def test_the_cover_says_what_was_judged_and_by_what_digest_it_is_known(
    compared: dict[str, Any], paper: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "verdict.json"
    path.write_bytes(document.render(compared))
    cover, *others = paper
    for text in (
        "Verdict on infrastructure code", paper_contents.sentence(compared), "acme, globex",
        "96, of them in scope 71", "111122223333", "eu-central-1", compared["run"]["commit"],
        "2026-11-30T00:00:00+00:00", "Recorded by", "Assessor",
    ):  # fmt: skip
        assert text in cover
    assert digest(canonical(document.read(path))) in squeezed(cover)
    rest = squeezed("".join(others))
    for text in (
        *compared["run"]["inputs"].values(),
        compared["run"]["rules_digest"],
        compared["run"]["ruleset_digest"],
    ):
        assert text in rest
    assert all(f"page {number} of {len(others) + 1}" in page for number, page in enumerate(others, 2))
    assert all(
        f"Lychgate verdict {compared['run']['id']}, commit {compared['run']['commit'][:12]}" in one for one in others
    )


def test_requirements_stand_in_the_order_of_the_standard(compared: dict[str, Any], reader: pypdf.PdfReader) -> None:
    titles = bookmarks(reader)
    ids = [title.split()[0] for title in titles if title[0].isdigit()]
    spoken = {one["id"] for one in compared["requirements"] if one["rules"]}
    assert set(ids) == spoken
    assert ids == sorted(ids, key=lambda name: [int(part) for part in name.split(".")])
    assert ids != sorted(ids)
    assert titles[0] == "Contents" and "Annex: populations" in titles


def test_appendix_a_comes_after_the_twelve() -> None:
    names = ["A1.1.2", "12.1", "3.10", "3.2", "3.2.1", "A1.1.10"]
    assert sorted(names, key=paper_contents._order) == ["3.2", "3.2.1", "3.10", "12.1", "A1.1.2", "A1.1.10"]


def test_the_counts_are_those_of_the_verdict(each: dict[str, Any]) -> None:
    known = {one["id"]: one for one in each["requirements"]}
    made = contents(each)["sections"]["rows"]
    assert len(made) == sum(bool(one["rules"]) for one in each["requirements"])
    for one in made:
        for name in ("failed", "unknown", "waived"):
            assert one[name] == known[one["id"]][name]
        told = sum(len(group["rows"]) for group in one["findings"])
        assert told + one["more"] == one["failed"] + one["unknown"] + one["waived"]


def test_every_finding_stands_there_with_its_fix_and_every_judgement_in_the_annex(
    compared: dict[str, Any], paper: list[str]
) -> None:
    rules = {rule["id"]: rule for rule in compared["rules"]}
    text = whole(paper).replace("`", "")
    for one in compared["judgements"]:
        if one["outcome"] in ("fail", "error", "unknown", "waived"):
            assert squeezed(one["message"].replace("`", "")) in text
            assert f"{one['location']['file']}:{one['location']['line']}" in text
        if one["outcome"] == "fail":
            assert "Tomend:" + squeezed(rules[one["rule"]]["remediation"].replace("`", "")) in text
    annex = contents(compared)["annex"]["rows"]
    assert sum(len(rule["rows"]) for rule in annex) == len(compared["judgements"])
    assert "Allfindingsarehere" in text and "Allarehere" in text
    for said in (
        "approvedbysecurity", "beingmoved", "nohostmaypassiton", "2026-11-01to2027-01-31", "62daysleft",
        "nonetworknamespace", "achart", "aws:ec2/getAmi:getAmi", "broughtbythischange", "Waiver:SEC-7,until2027-01-31",
        "theverdictof2026-11-29T00:00:00+00:00oncommit" + "c" * 40, "Whatisnolongerfound",
    ):  # fmt: skip
        assert said in text, said


def test_a_requirement_of_which_nothing_was_judged_is_not_said_to_be_met(empty: dict[str, Any]) -> None:
    assert {one["result"] for one in contents(empty)["sections"]["rows"]} == {"nothing judged"}
    assert "nothingjudged" in whole(pages(opened(empty)))
    crashed = deepcopy(empty)
    (rule, *_) = crashed["requirements"][0]["rules"] or [crashed["rules"][0]["id"]]
    for outcome, state, result in (
        ("not applicable", "decided", "nothing judged"), ("pass", "decided", "no finding"),
        ("pass", "undetermined", "undetermined"), ("error", "decided", "undetermined"), ("waived", "decided", "waived"),
    ):  # fmt: skip
        one = {"id": "1.1", "title": "t", "state": state, "rules": [rule], "failed": 0, "unknown": 0, "waived": 0}
        assert paper_contents._result(one, paper_contents.Counter([outcome])) == result


def test_what_has_no_end_is_cut_and_said(verdict: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper_contents, "FINDINGS", 180)
    monkeypatch.setattr(paper_contents, "ANNEX", 200)
    for made in (generated(100), verdict):
        data = contents(made)
        assert 0 < sum(len(group["rows"]) for one in data["sections"]["rows"] for group in one["findings"]) <= 180
        rows = sum(len(rule["rows"]) for rule in data["annex"]["rows"])
        assert 0 < rows <= 200
        left = len(made["judgements"]) - rows
        assert (f" {left:,} more stand in populations.xlsx" in data["bounds"]["annex"]) == (left > 0)
        monkeypatch.setattr(paper_contents, "FINDINGS", 1)
        monkeypatch.setattr(paper_contents, "ANNEX", 1)
    assert left > 0
    text = whole(pages(opened(verdict)))
    for said in (f"{left}morestandinpopulations.xlsx", "ofwhichthefirst1standhere", "Herearethefirst1findingsofeach"):
        assert said in text
    assert re.search(r"And[1-9]\d*morefindingshere", text)
    assert "Allfindingsarehere" not in text and "Allarehere" not in text


@given(st.lists(st.integers(1, 50), max_size=20), st.integers(1, 300))
def test_a_bound_is_shared_as_far_as_it_goes(sizes: list[int], most: int) -> None:
    number = share(sizes, most)
    taken = [min(size, number) for size in sizes]
    assert number == 1 or sum(taken) <= most
    assert taken == sizes or sum(min(size, number + 1) for size in sizes) > most


@settings(max_examples=300)
@given(st.text(max_size=80) | hostile_texts)
def test_a_text_is_one_that_can_be_set(text: str) -> None:
    made = shown(text)
    plain = made.replace(MARK, "")
    assert plain and not paper_contents._NOT_DRAWN.search(plain)
    assert len(plain) <= 150
    assert max(map(len, re.split(f"[ {MARK}]", made))) <= 20
    if text.isascii() and text.isprintable() and text.strip() and len(text) <= 100:
        assert plain == " ".join(text.split())


def test_the_fonts_have_every_character_that_a_text_may_hold() -> None:
    chars = DRAWN + "".join(map(chr, range(0x20, 0x7F)))
    source = '#set document(title: "x")\n#set text(lang: "en", font: ("Libertinus Serif", "DejaVu Sans Mono"))\n'
    source += (
        '#let s = sys.inputs.s\n#let code = text.with(font: "DejaVu Sans Mono")\n#s\n\n*#s*\n\n#code(s)\n\n*#code(s)*'
    )
    assert len(DRAWN) > 900
    typst.compile(
        source.encode(), root=pdf.PAPER, ignore_system_fonts=True, sys_inputs={"s": " ".join(chars)},
        pdf_standards=pdf.STANDARDS,
    )  # fmt: skip
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        typst.compile(
            source.encode(), root=pdf.PAPER, ignore_system_fonts=True, sys_inputs={"s": "\u4e2d"},
            pdf_standards=pdf.STANDARDS,
        )  # fmt: skip


HOSTILE = (
    '#read("/etc/passwd")', '#import "@preview/evil:1.0.0"', '#eval("1+1")', "$x^2$", "*bold*", "_soft_", "= heading",
    "@cite", "<label>", "#link(\"https://evil.example\")[x]", "https://evil.example/x", "[a](javascript:x)", "<b>x</b>",
    "\\u{41}", "// comment", "/* comment", "```typ #panic()```", "~", "--", "...", "\"quotes\" 'too'", "#",
)  # fmt: skip


@pytest.mark.parametrize("part", range(4))
def test_markup_of_any_kind_stays_text(part: int) -> None:
    texts = HOSTILE[part::4]
    reader = opened(poisoned(" ".join(texts)))
    found = squeezed("".join(pages(reader))).replace("`", "")
    for text in texts:
        assert found.count(squeezed(text).replace("`", "")) > 20, text
    assert "root:x:" not in found
    for page in reader.pages:
        for link in page.get("/Annots", []):
            assert "/A" not in link.get_object() or link.get_object()["/A"]["/S"] == "/GoTo"
    catalog = reader.trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(catalog)
    assert not {"/JavaScript", "/EmbeddedFiles"} & set(catalog.get("/Names", {}))


def test_what_no_font_has_is_written_out() -> None:
    text = "\u4e2d \U0001f4b3 \u202ex \u05e2 caf\u00e9 \u0416 \u2192 e\u0301 \x1b[31m"
    found = squeezed("".join(pages(opened(poisoned(text)))))
    assert "\\u4e2d\\U0001f4b3\\u202ex\\u05e2caf\u00e9\u0416\u2192e\\u0301\\x1b[31m" in found


@pytest.mark.parametrize("text", ["a" * 5_000, "/" * 600, "Aa-" * 300, "\u4e2d" * 700])
def test_a_word_without_end_stays_between_the_margins(text: str) -> None:
    across: list[float] = []
    down: list[float] = []

    def visit(part: str, page: list[float], at: list[float], *_: object) -> None:
        if part.strip():
            across.append(at[4] * page[0] + at[5] * page[2] + page[4])
            down.append(at[4] * page[1] + at[5] * page[3] + page[5])

    for one in opened(poisoned(text)).pages:
        one.extract_text(visitor_text=visit)
    margin, width, height = 2 / 2.54 * 72, 21 / 2.54 * 72, 29.7 / 2.54 * 72
    assert across and min(across) >= margin - 1 and max(across) < width - margin
    assert min(down) >= margin - 1 and max(down) < height - margin / 2


@settings(max_examples=15, deadline=None)
@given(hostile_texts)
def test_it_is_made_of_whatever_text(text: str) -> None:
    assert pdf.render(poisoned(text)).startswith(b"%PDF-1.7")


def test_the_template_reads_no_file_but_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty: dict[str, Any]
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    paper = tmp_path / "paper"
    paper.mkdir()
    monkeypatch.setattr(pdf, "PAPER", paper)
    for path in ("../secret.txt", "/../secret.txt", str(tmp_path / "secret.txt"), "/etc/passwd"):
        (paper / "report.typ").write_text(f"#read({json.dumps(path)})")
        with pytest.raises(typst.TypstError, match=r"(?i)not found|access|escape|denied"):
            pdf.render(empty)
    assert "read(" not in TEMPLATE.read_text("utf-8") and "import" not in TEMPLATE.read_text("utf-8")


def test_the_same_bytes_come_of_another_place_and_clock(compared: dict[str, Any], tmp_path: Path) -> None:
    code = (
        "import json, sys; from lychgate.reports import pdf; sys.stdout.buffer.write(pdf.render(json.load(sys.stdin)))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(compared).encode(), capture_output=True, check=True,
        cwd=tmp_path,
        env=os.environ | {"TZ": "Pacific/Auckland", "SOURCE_DATE_EPOCH": "1", "HOME": str(tmp_path), "LANG": "C"},
    )  # fmt: skip
    assert other.stdout == pdf.render(compared)


@pytest.fixture(scope="session")
def verapdf() -> str:
    """The class path of veraPDF, fetched by Maven once a machine."""
    if not shutil.which("mvn") or not shutil.which("java"):
        pytest.skip("veraPDF needs Maven and Java")
    folder = Path.home() / ".cache" / "lychgate" / "verapdf-1.28.2"
    if not folder.exists():
        made = folder.with_name(f"{folder.name}.{os.getpid()}")
        command = ["mvn", "-q", "-f", ROOT / "tests/reports/verapdf/pom.xml", "dependency:copy-dependencies"]
        done = subprocess.run([*command, f"-DoutputDirectory={made}"], capture_output=True, check=False, timeout=300)
        if done.returncode:
            pytest.skip("Maven could not fetch veraPDF")
        made.replace(folder)
    return f"{folder}/*"


@pytest.mark.verapdf
@pytest.mark.slow
def test_verapdf_finds_it_to_be_what_it_says(
    compared: dict[str, Any], verapdf: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_contents, "ANNEX", 100)
    monkeypatch.setattr(paper_contents, "FINDINGS", 60)
    paths = []
    for number, made in enumerate((compared, poisoned(" ".join(HOSTILE) + "\u4e2d\u202e"))):
        paths.append(tmp_path / f"{number}.pdf")
        paths[-1].write_bytes(pdf.render(made))
    command = ["java", "-cp", verapdf, ROOT / "tests/reports/verapdf/Validate.java", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert re.fullmatch(r"(PDF/A-2a true \d{5,}\nPDF/UA-1 true \d{5,}\n){2}", done.stdout), done.stdout[:3000]
