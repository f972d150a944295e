"""JUnit XML, as GitLab's test panel reads it: a suite per layer, a case per rule and resource.

https://docs.gitlab.com/ci/testing/unit_test_reports/ (testsuites/testsuite/testcase with failure, error or skipped)
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as xml

# What XML 1.0 cannot hold: https://www.w3.org/TR/xml/#charsets
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(verdict: dict[str, Any]) -> bytes:
    """The verdict as test suites. What passed, was waived, or could not be determined is shown as such."""
    top = xml.Element("testsuites", name="lychgate")
    layers: dict[str, list[dict[str, Any]]] = {}
    for one in verdict["judgements"]:
        layers.setdefault(one["layer"], []).append(one)
    strict = verdict["run"]["strict"]
    for layer, judgements in layers.items():
        suite = xml.SubElement(top, "testsuite", name=layer)
        for one in judgements:
            _case(suite, one, strict)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(sum(case.find(tag) is not None for case in suite)))
        suite.set("tests", str(len(suite)))
    for name in ("tests", "failures", "errors", "skipped"):
        top.set(name, str(sum(int(suite.get(name, "0")) for suite in top)))
    xml.indent(top)
    text: bytes = xml.tostring(top, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: xml.Element, one: dict[str, Any], strict: bool) -> None:
    case = xml.SubElement(suite, "testcase", name=_text(f"{one['rule']}: {one['name']}"), classname=_text(one["stack"]))
    if one["location"]:
        case.set("file", _text(one["location"]["file"]))
        case.set("line", str(one["location"]["line"]))
    mandatory = one["level"] in ("mandatory", "remediate")
    outcome, message = one["outcome"], _text(one["message"])
    if outcome == "error":
        xml.SubElement(case, "error", message=message, type="error")
    elif (outcome == "fail" and mandatory) or (outcome == "unknown" and mandatory and strict):
        kind = one["severity"] if outcome == "fail" else "undetermined"
        xml.SubElement(case, "failure", message=message, type=kind).text = _text(one["urn"])
    elif outcome in ("fail", "unknown", "waived", "not applicable"):
        why = {"fail": "advisory: ", "unknown": "not determined: ", "waived": f"waived ({one['waiver']}): "}.get(
            outcome, ""
        )
        xml.SubElement(case, "skipped", message=_text(why + message))


def _text(text: str) -> str:
    """Text that XML can hold."""
    return FORBIDDEN.sub("\ufffd", text)
