"""JUnit XML: each question a test case, failed where its answer is not right; each missed bar a case of its own."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from ..gate import Miss
from ..measure import Failure
from ..record import Record

_NOT_ALLOWED = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def run_junit(record: Record, missed: Sequence[Miss] = ()) -> str:
    """A run as JUnit XML, one suite for the questions and one for the bars."""
    suites = ElementTree.Element("testsuites")
    failed = [row for row in record.rows if row.failure != Failure.NONE]
    name = record.about["set"]["name"]
    suite = _suite(suites, name, len(record.rows), len(failed))
    for row in record.rows:
        case = ElementTree.SubElement(
            suite, "testcase", classname=_clean(name), name=_clean(f"{row.id}: {row.question}")
        )
        if row.failure != Failure.NONE:
            failure = ElementTree.SubElement(case, "failure", message=_clean(row.failure))
            nothing = "a judged document" if row.only_finding else "no answer"
            wanted, came = " | ".join(row.gold) or nothing, " | ".join(row.answers) or f"no answer: {row.refusal}"
            failure.text = _clean(f"wanted: {wanted}\ncame: {came}")
    gate = _suite(suites, "gate", len(missed), len(missed))
    for miss in missed:
        bar = miss.figure if miss.tag is None else f"{miss.figure} [{miss.tag}]"
        case = ElementTree.SubElement(gate, "testcase", classname="gate", name=_clean(bar))
        ElementTree.SubElement(case, "failure", message=_clean(miss.line()))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _suite(parent: ElementTree.Element, name: str, tests: int, failures: int) -> ElementTree.Element:
    return ElementTree.SubElement(
        parent, "testsuite", name=_clean(name), tests=str(tests), failures=str(failures), errors="0"
    )


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return text.translate(_NOT_ALLOWED)
