"""JUnit XML, as GitLab's test panel reads it: a suite per layer, a case per rule and resource.

https://docs.gitlab.com/ci/testing/unit_test_reports/ (testsuites/testsuite/testcase with failure, error or skipped)
What blocks is a failure, a rule that crashed an error; what is advisory, waived, not applicable, or undetermined
without blocking is skipped, with a message that says which. GitLab compares cases by name and class.
"""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree

from lychgate.reports.reading import Record, blocks
from lychgate.reports.texts import cut, xml

LONGEST = 1000  # GitLab does not parse an XML node that is very large
SKIPPED = ("fail", "unknown", "waived", "not applicable")


def render(verdict: Record) -> bytes:
    """The verdict as test suites. What passed, was waived, or could not be determined is shown as such."""
    top = ElementTree.Element("testsuites", name="lychgate")
    layers: dict[str, list[Record]] = {}
    for one in verdict["judgements"]:
        layers.setdefault(one["layer"], []).append(one)
    known = Counter(map(_identity, verdict["judgements"]))
    for layer, judgements in layers.items():
        suite = ElementTree.SubElement(top, "testsuite", name=layer)
        for one in judgements:
            _case(suite, one, verdict["run"]["strict"], unique=known[_identity(one)] == 1)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(sum(case.find(tag) is not None for case in suite)))
        suite.set("tests", str(len(suite)))
    for name in ("tests", "failures", "errors", "skipped"):
        top.set(name, str(sum(int(suite.get(name, "0")) for suite in top)))
    ElementTree.indent(top)
    text: bytes = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _identity(one: Record) -> tuple[str, str, str]:
    return one["stack"], one["rule"], one["name"]


def _case(suite: ElementTree.Element, one: Record, strict: bool, unique: bool) -> None:
    name = f"{one['rule']}: {one['name'] if unique else one['urn']}"
    case = ElementTree.SubElement(suite, "testcase", name=_text(name), classname=_text(one["stack"]))
    if one["location"]:
        case.set("file", _text(one["location"]["file"]))
        case.set("line", str(one["location"]["line"]))
    outcome, message = one["outcome"], one["message"]
    if outcome == "error":
        ElementTree.SubElement(case, "error", message=_text(message), type="error")
    elif blocks(one, strict):
        kind = one["severity"] if outcome == "fail" else "undetermined"
        text = _text(message if outcome == "fail" else f"not determined: {message}")
        ElementTree.SubElement(case, "failure", message=text, type=kind).text = _text(one["urn"])
    elif outcome in SKIPPED:
        why = {"fail": "advisory: ", "unknown": "not determined: ", "waived": f"waived ({one['waiver']}): "}
        ElementTree.SubElement(case, "skipped", message=_text(why.get(outcome, "not applicable: ") + message))


def _text(text: str) -> str:
    return cut(xml(text), LONGEST)
