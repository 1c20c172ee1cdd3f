from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.asl.source import read
from sfn_notebook.values import ABSENT, MAX_DEPTH

TEXT = """{
  "a": [1, {"b": "x"}],
  "c/d~e": null,
  "é\\u00e9": 2
}"""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def problem(text):
    """The one problem of a text: code, line, column, and what is marked."""
    source = read(text)
    [found] = source.problems
    return found.code, (found.line, found.column), found.hint


@given(JSON, st.sampled_from([None, 2]), st.booleans())
def test_it_reads_what_json_reads(value, indent, ascii_only):
    try:
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    except RecursionError:
        return
    source = read(text)
    assert source.problems == ()
    assert json.dumps(source.value) == json.dumps(widened(value))


def widened(value):
    """Integers over 64 bits are floats."""
    if isinstance(value, dict):
        return {key: widened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [widened(item) for item in value]
    is_big = type(value) is int and not -(2**63) <= value < 2**64
    return float(value) if is_big else value


@given(st.text(alphabet=st.sampled_from("{}[]\",:\\/ \n\tatruefalsn0123-+.eEud8\u00e9\ud800#'")))
def test_no_text_makes_it_raise_and_json_agrees_on_what_is_json(text):
    source = read(text)
    unreadable = {found.code for found in source.problems} - {"ASL108"}
    assert (source.value is ABSENT) == bool(unreadable)
    try:
        json.loads(text, parse_constant=lambda name: pytest.fail(name) if not unreadable else None)
    except ValueError:
        assert unreadable
    else:
        assert unreadable <= {"ASL110", "ASL111"}


@given(st.text())
def test_every_problem_is_inside_the_text(text):
    lines = text.split("\n")
    for found in read(text).problems:
        assert 1 <= found.line <= found.end_line <= len(lines)
        assert 1 <= found.column <= len(lines[found.line - 1]) + 1
        assert (found.line, found.column) <= (found.end_line, found.end_column)


@pytest.mark.parametrize(
    ("pointer", "key", "span"),
    [
        ("", False, (1, 1, 5, 2)),
        ("/a", False, (2, 8, 2, 23)),
        ("/a", True, (2, 3, 2, 6)),
        ("/a/0", False, (2, 9, 2, 10)),
        ("/a/1/b", False, (2, 18, 2, 21)),
        ("/c~1d~0e", True, (3, 3, 3, 10)),
        ("/éé", False, (4, 14, 4, 15)),
        ("/a/7", False, (2, 8, 2, 23)),
        ("/nowhere/at/all", False, (1, 1, 5, 2)),
        ("", True, (1, 1, 5, 2)),
    ],
)
def test_every_value_and_key_has_a_place(pointer, key, span):
    assert read(TEXT).span(pointer, key=key) == span


def test_a_character_of_a_string_has_a_place():
    text = r'{"a": "\\\u00e9\ud83d\ude00x"}'
    source = read(text)
    start, _ = source.ends(["a"])
    assert [text[source.offset_in_string(start, at)] for at in range(4)] == ["\\", "\\", "\\", "x"]
    assert source.offset_in_string(start, 99) == text.rindex('"')


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("{'a': 1}", (1, 2), "JSON quotes with"),
        ("{a: 1}", (1, 2), "double quotes"),
        ('{"a": True}', (1, 7), "true"),
        ('{"a": None}', (1, 7), "null"),
        ('{"a": 1,\n}', (1, 8), "Delete the comma"),
        ('{"a": 1\n "b": 2}', (1, 7), ""),
        ('{"a": 1 # why\n}', (1, 9), "Comment"),
        ('{"a": ${x}}', (1, 7), "placeholder"),
        ('{"a": {% 1 %}}', (1, 8), "JSONata"),
        ('{"a": "x" y"}', (1, 11), '\\"'),
        ('{"a": [1, 2}', (1, 7), ""),
        ('{\n"a": {"b": 1}\n', (1, 1), ""),
        ('{"a": “b”}', (1, 7), "Typographic"),
        ('["a": 1]', (1, 5), "no keys"),
        ('{"a": 1}}', (1, 9), "One closing bracket too many"),
        ('{"a": "\\d"}', (1, 8), "\\\\d"),
        ("\ufeff{}", (1, 1), "byte order"),
    ],
)
def test_a_slip_is_told_once_where_it_is_and_what_to_do(text, place, hint):
    _, where, told = problem(text)
    assert where == place
    assert hint in told


def test_all_duplicate_keys_are_told_and_the_last_one_counts():
    source = read('{"a": 1,\n"a": 2,\n"b": {"c": 1, "c": 2},\n"a": 3}')
    assert [(found.code, found.line, found.path) for found in source.problems] == [
        ("ASL108", 2, "/a"),
        ("ASL108", 3, "/b/c"),
        ("ASL108", 4, "/a"),
    ]
    assert source.value == {"a": 3, "b": {"c": 2}}


def test_numbers():
    [big, whole, fraction, exponent, zero] = read("[123456789012345678901, 1, 1.0, 1e2, -0]").value
    assert (type(big), type(whole), type(fraction), type(exponent)) == (float, int, float, float)
    assert (big, whole, fraction, exponent) == (123456789012345678901.0, 1, 1.0, 100.0)
    assert math.copysign(1, zero) == 1


def test_the_deepest_text_is_read_and_a_deeper_one_told():
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH).problems == ()
    assert problem("[" * (MAX_DEPTH + 1))[0] == "ASL113"


@pytest.mark.parametrize(
    "text", ["[" * 2**20, '{"a":' * 200_000, "1" * 2**20, '"' + "\\n" * 500_000 + '"', "[" + "1," * 500_000]
)
def test_a_megabyte_takes_no_time(text):
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 5  # seconds where quadratic work would take many minutes
