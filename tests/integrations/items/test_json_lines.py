import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import Reader, read_items

READER = Reader("arn:aws:states:::s3:getObject", {"Bucket": "in", "Key": "k"}, {"InputType": "JSONL"})


def test_each_line_is_an_item(read):
    assert read('{"a": 1}\n[2]\n3\n"x"\nnull\n', InputType="JSONL") == [{"a": 1}, [2], 3, "x", None]


def test_empty_lines_line_ends_of_windows_and_a_mark_at_the_start(read):
    assert read(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n\n{"a": 2}', InputType="JSONL") == [{"a": 1}, {"a": 2}]
    assert read("", InputType="JSONL") == []


def test_numbers_keep_their_kind_and_the_last_of_equal_names_wins(read):
    assert json.dumps(read('{"a": 1, "a": 2.0, "b": 9007199254740993}', InputType="JSONL")) == (
        '[{"a": 2.0, "b": 9007199254740993}]'
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [('{"a": 1}\n\noops\n', 3), ("[1,\n2]", 1), ('1\n"\\ud800"', 2), (b"1\n2\n\xff", 3), ("1\n2 3\n", 2)],
)
def test_a_line_that_is_no_json_is_refused_with_its_number(refusal, text, line):
    assert refusal(text, key="x.jsonl", InputType="JSONL").startswith(f"s3://in/x.jsonl, line {line}: no valid JSON:")


def test_the_column_is_told_too(refusal):
    assert refusal("1\n[2 3]", key="x", InputType="JSONL").startswith("s3://in/x, line 2: no valid JSON: ")
    assert refusal("1\n[2 3]", key="x", InputType="JSONL").endswith(" at column 4.")


def test_lines_before_a_fault_are_given():
    found = read_items(READER, LocalBuckets({"in": {"k": "1\n2\noops"}}))
    assert [next(found).value, next(found).value] == [1, 2]


def test_a_line_of_more_than_8_mb_is_refused_where_limits_hold(read, refusal):
    text = '1\n"' + "x" * (9 * 1024 * 1024) + '"\n2'
    assert refusal(text, InputType="JSONL") == (
        "s3://in/items, line 2: a line of more than 8 MB. Is this JSON Lines, one item per line?"
    )
    assert len(read(text, limits=False, InputType="JSONL")) == 3


@given(
    st.lists(
        st.dictionaries(
            st.text(), st.integers(-(2**63), 2**64 - 1) | st.text() | st.floats(allow_nan=False, allow_infinity=False)
        )
    )
)
def test_what_json_writes_reads_back(items):
    text = "\n".join(map(json.dumps, items))
    found = [item.value for item in read_items(READER, LocalBuckets({"in": {"k": text}}))]
    assert json.dumps(found) == json.dumps(items)


def test_lines_longer_than_the_pieces_a_file_is_read_in(read):
    items = [{"n": n, "text": str(n) * (n * 100_000)} for n in range(9)]
    assert read("\n".join(map(json.dumps, items)), InputType="JSONL") == items
