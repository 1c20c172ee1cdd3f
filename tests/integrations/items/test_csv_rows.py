import csv
import io
import re
from itertools import takewhile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import Reader, read_items
from sfn_notebook.integrations.items.csv_rows import _Row

FIRST_ROW = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
TWO = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"]}


def test_values_are_text_under_their_headers(read):
    assert read("id,ok\n1,true\n,None\n", **FIRST_ROW) == [{"id": "1", "ok": "true"}, {"id": "", "ok": "None"}]


def test_given_headers_make_the_first_line_a_row(read):
    assert read("1,2\n3,4\n", **TWO) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_short_rows_are_filled_and_long_ones_cut(read):
    assert read("1\n2,3,4\n,,,,\n", **TWO) == [{"a": "1", "b": ""}, {"a": "2", "b": "3"}, {"a": "", "b": ""}]


def test_headers_are_any_text_even_none(read):
    assert read("0,{},\n1,2,3\n", **FIRST_ROW) == [{"0": "1", "{}": "2", "": "3"}]


@pytest.mark.parametrize(
    ("name", "delimiter"), [("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("SPACE", " "), ("TAB", "\t")]
)
def test_each_delimiter(read, name, delimiter):
    assert read(f"1{delimiter}2\n", CSVDelimiter=name, **TWO) == [{"a": "1", "b": "2"}]


def test_quoted_text_holds_delimiters_newlines_and_quotes(read):
    assert read('"x,y","one\ntwo ""three"""\n', **TWO) == [{"a": "x,y", "b": 'one\ntwo "three"'}]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"x\,y", "x,y"),
        (r"x\\y", r"x\y"),
        (r"x\"y", 'x"y'),
        (r"x\ny", "xny"),
        (r"x\|y", "x|y"),
        (r'"x\"y"', 'x"y'),
        (r'"x\\"', "x\\"),
        (r'"x\ny"', "xny"),
    ],
)
def test_a_backslash_escapes_backslash_quote_and_delimiter_and_is_dropped_elsewhere(read, written, text):
    assert read(f"{written},2\n", **TWO) == [{"a": text, "b": "2"}]


def test_a_backslash_does_not_escape_the_end_of_a_line(read):
    assert read("1,x\\\n2,y\\\\\n3,\\", **TWO) == [{"a": "1", "b": "x"}, {"a": "2", "b": "y\\"}, {"a": "3", "b": ""}]
    assert read('"x\\\ny",z\\\r\n', **TWO) == [{"a": "x\ny", "b": "z"}]


def test_blanks_are_kept_and_empty_lines_are_no_rows(read):
    assert read("\n 1 , 2\n\n   \n", **TWO) == [{"a": " 1 ", "b": " 2"}, {"a": "   ", "b": ""}]


def test_line_ends_of_windows_a_mark_at_the_start_and_no_line_end_at_the_end(read):
    assert read(b"\xef\xbb\xbfid,n\r\n1,2\r\n3,4", **FIRST_ROW) == [{"id": "1", "n": "2"}, {"id": "3", "n": "4"}]


def test_no_rows(read):
    assert read("", **FIRST_ROW) == []
    assert read("id\n", **FIRST_ROW) == []


@given(st.lists(st.sampled_from(['"', '""', "\\", ",", "\n", "\r\n", "a", " "])).map("".join))
def test_the_careful_way_to_read_a_row_agrees_with_the_csv_module(text):
    lines = text.splitlines(keepends=True)
    row = _Row(",")
    before_last = list(takewhile(lambda line: not row.take(line), lines))
    assume(len(before_last) < len(lines))
    taken = lines[: len(before_last) + 1]
    assume(not any(re.search(r"(?<!\\)(\\\\)*\\\r?\n$", line) for line in taken))  # there the rules differ
    try:
        first = next(csv.reader(taken, escapechar="\\", strict=True))
    except csv.Error:
        return  # it will not have this row
    assert row.fields == (first or [""])


def test_text_around_quotes_is_taken_as_it_is(read):
    assert read('"x" y,5"\n"a""b"c,2\n', **TWO) == [{"a": "x y", "b": '5"'}, {"a": 'a"bc', "b": "2"}]


def test_fields_longer_than_the_csv_modules_limit_without_touching_that(read):
    limit = csv.field_size_limit()
    long, lines = "x" * (limit + 1), "y\n" * limit
    assert read(f'{long},"{lines}"\n1,2\n', **TWO) == [{"a": long, "b": lines}, {"a": "1", "b": "2"}]
    assert csv.field_size_limit() == limit


def test_equal_headers_are_refused_in_aws_s_words(refusal):
    assert refusal("a,b,a\n", **FIRST_ROW) == "CSV headers cannot contain duplicates."
    assert refusal("", InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=["a", "a"]) == (
        "CSV headers cannot contain duplicates."
    )


def test_a_quote_that_is_never_closed_is_refused_with_its_line(refusal):
    cause = refusal('1,2\n"3\n4"x,"5\n6\n', key="rows.csv", **TWO)
    assert cause == "s3://in/rows.csv, line 2: a quote is opened and never closed."


def test_a_row_that_never_ends_is_not_read_to_the_end_of_the_file(refusal):
    assert "a row of more than 8 MB" in refusal('1,"' + ("x" * 999 + "\n") * 9000, **TWO)


def test_other_encodings_are_refused(refusal):
    assert refusal("Zoë,1\n".encode("latin-1"), **TWO) == (
        "s3://in/items: is no UTF-8 text (a byte 0xeb). Save it as UTF-8."
    )


def test_headers_of_more_than_10_kib_are_refused_where_limits_hold(read, refusal):
    header = "h" * (10 * 1024 + 1)
    assert "10 KiB" in refusal(f"{header}\n1\n", **FIRST_ROW)
    assert read(f"{header}\n1\n", limits=False, **FIRST_ROW) == [{header: "1"}]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"CSVHeaderLocation": "LAST_ROW"}, "FIRST_ROW or GIVEN"),
        ({}, "CSVHeaderLocation is missing"),
        ({"CSVHeaderLocation": "GIVEN"}, "CSVHeaders lists them"),
        ({"CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": ","}, "COMMA, PIPE, SEMICOLON, SPACE, TAB"),
    ],
)
def test_a_wrong_configuration_says_what_is_right(refusal, config, said):
    assert said in refusal("a\n1\n", InputType="CSV", **config)


# A byte order mark at the start of a file is no text.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff")) | st.text(',"\\\n\r\t| x')


@given(st.lists(st.lists(texts, min_size=3, max_size=3)), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_the_csv_module_writes_reads_back(rows, quoting):
    text = io.StringIO()
    csv.writer(text, escapechar="\\", quoting=quoting).writerows(rows)
    reader = Reader(
        "arn:aws:states:::s3:getObject",
        {"Bucket": "in", "Key": "k"},
        {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b", "c"]},
    )
    found = read_items(reader, LocalBuckets({"in": {"k": text.getvalue()}}))
    expected = [dict(zip("abc", row, strict=True)) for row in rows]
    assert [item.value for item in found] == expected
