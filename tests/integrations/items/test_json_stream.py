import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_notebook.integrations.buckets import LocalBuckets, StoredObject
from sfn_notebook.integrations.items import Reader, read_items

NOT_ITERABLE = "Attempting to map over non-iterable node."


def test_elements_of_an_array_are_items(read):
    assert read(' [1, "a", null, {"b": [true]}, [], 2.5 ]\n', InputType="JSON") == [
        1,
        "a",
        None,
        {"b": [True]},
        [],
        2.5,
    ]
    assert read("[]", InputType="JSON") == []


def test_a_pointer_chooses_an_array_within(read):
    text = '{"skip": {"items": [0, {"a": "]}"}]}, "a/b": [{"m~n": [5, 6]}, {"m~n": [7]}], "after": 1}'
    assert read(text, InputType="JSON", ItemsPointer="/a~1b/0/m~0n") == [5, 6]
    assert read(text, InputType="JSON", ItemsPointer="/a~1b/1/m~0n") == [7]
    assert read('{"a.b": [1], "a": {"b": [2]}}', InputType="JSON", ItemsPointer="/a/b") == [2]


def test_a_pointer_to_an_object_gives_its_members(read_from):
    text = '{"stock": {"pears": 3, "a b": {"n": 1}}}'
    found = read_from(
        {"in": {"x.json": text}}, {"Bucket": "in", "Key": "x.json"}, InputType="JSON", ItemsPointer="/stock"
    )
    assert found == [(3, "pears", "S3://in/x.json"), ({"n": 1}, "a b", "S3://in/x.json")]
    whole = read_from({"in": {"x": text}}, {"Bucket": "in", "Key": "x"}, InputType="JSON", ItemsPointer="")
    assert [item.key for item in whole] == ["stock"]


@pytest.mark.parametrize("text", ["1", '"text"', "null", "true", '{"Hello": "world"}', "{}"])
def test_what_is_no_array_is_refused_in_aws_s_words(refusal, text):
    assert refusal(text, InputType="JSON") == NOT_ITERABLE


def test_a_pointer_to_a_scalar_is_refused_likewise(refusal):
    assert refusal('{"a": 1}', InputType="JSON", ItemsPointer="/a") == NOT_ITERABLE


def test_a_pointer_that_leads_nowhere_says_where_it_stops(refusal):
    text = '{"a": {"b": [1]}}'
    assert refusal(text, key="x.json", InputType="JSON", ItemsPointer="/a/c/d") == (
        "s3://in/x.json: ItemsPointer '/a/c/d' leads nowhere: at /a there is no 'c'."
    )
    assert "at the top there is no 'b'" in refusal(text, InputType="JSON", ItemsPointer="/b")
    assert "at /a/b/0 there is no 'c'" in refusal(text, InputType="JSON", ItemsPointer="/a/b/0/c")
    assert "A JSON Pointer begins with '/'" in refusal(text, InputType="JSON", ItemsPointer="$.a")


def test_numbers_keep_their_kind_and_integers_are_exact(read):
    text = "[9007199254740993, -9223372036854775808, 18446744073709551615, 1.0, 1e2, -0.5, 123456789012345678901]"
    found = read(text, InputType="JSON")
    assert found == [9007199254740993, -(2**63), 2**64 - 1, 1.0, 100.0, -0.5, 1.2345678901234568e20]
    assert [type(number) for number in found] == [int] * 3 + [float] * 4


def test_the_last_of_equal_names_in_an_item_wins(read):
    assert read('[{"a": 1, "b": 2, "a": 3}]', InputType="JSON") == [{"a": 3, "b": 2}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("[1, 2", "the end"),
        ('[1, "abc', "the file ends within a value near '\"abc'"),
        ("[1,\n 2,]", "line 2: no valid JSON: expecting value near ']'"),
        ("[1 2]", "',' or ']' should be here near '2]'"),
        ("[01]", "no valid JSON: number with leading zero is not allowed near '01]'."),
        ("[NaN]", "NaN"),
        ('[{"a" 1}]', "no valid JSON: expecting ':' delimiter near '1}]'"),
        ('["\\ud800"]', "surrogate"),
        ('["a\nb"]', "control character"),
        ("[1] [2]", "something comes after the array near '[2]'"),
        ("[" + "[" * 100_000, "no valid JSON"),
        ("[1e400]", "infinity"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(refusal, text, said):
    cause = refusal(text, key="x.json", InputType="JSON")
    assert cause.startswith("s3://in/x.json")
    assert said in cause


@pytest.mark.parametrize("text", ['{"a": 1, 5: 2}', '{"a" 1}', '{"a": 1 "b": 2}', '{"a": 1,}', '{"a": 1', '{"a":', "{"])
def test_an_object_on_the_way_that_is_no_json_is_refused(refusal, text):
    assert refusal(text, key="x.json", InputType="JSON", ItemsPointer="/b").startswith(
        "s3://in/x.json, line 1: no valid JSON: "
    )


def test_items_before_a_fault_are_given():
    reader = Reader("arn:aws:states:::s3:getObject", {"Bucket": "in", "Key": "k"}, {"InputType": "JSON"})
    found = read_items(reader, LocalBuckets({"in": {"k": "[1, 2, oops]"}}))
    assert [next(found).value, next(found).value] == [1, 2]


def test_an_item_of_more_than_8_mb_is_refused_where_limits_hold(read, refusal):
    large = json.dumps(["x" * (9 * 1024 * 1024), 1])
    assert "an item of more than 8 MB" in refusal(large, InputType="JSON")
    assert [len(str(item)) for item in read(large, limits=False, InputType="JSON")] == [9 * 1024 * 1024, 1]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(json_values), st.sampled_from([None, 1]), st.booleans())
def test_what_json_writes_reads_back(items, indent, ascii_only):
    text = json.dumps(items, indent=indent, ensure_ascii=ascii_only)
    reader = Reader("arn:aws:states:::s3:getObject", {"Bucket": "in", "Key": "k"}, {"InputType": "JSON"})
    found = [item.value for item in read_items(reader, LocalBuckets({"in": {"k": text}}))]
    assert json.dumps(found) == json.dumps(items)


class Slow(io.RawIOBase):
    """Gives a few bytes at a time, as a network does."""

    def __init__(self, data, step):
        self.data, self.step = io.BytesIO(data), step

    def readable(self):
        return True

    def read(self, size=-1):
        return self.data.read(self.step)


class SlowBuckets:
    """Buckets with one object that arrives in small pieces."""

    def __init__(self, text, step):
        self.text, self.step = text, step

    def read_object(self, bucket, key, *, version_id=None, expected_bucket_owner=None):
        return StoredObject(Slow(self.text.encode(), self.step))


@settings(max_examples=40)
@given(st.dictionaries(st.text(), json_values), st.integers(1, 7), st.text())
def test_an_item_may_be_cut_anywhere_by_the_pieces_it_arrives_in(members, step, name):
    text = json.dumps({"before": members, f"{name}!": members}, ensure_ascii=False)
    pointer = "/" + f"{name}!".replace("~", "~0").replace("/", "~1")
    config = {"InputType": "JSON", "ItemsPointer": pointer}
    reader = Reader("arn:aws:states:::s3:getObject", {"Bucket": "in", "Key": "k"}, config)
    found = {item.key: item.value for item in read_items(reader, SlowBuckets(text, step))}
    assert json.dumps(found) == json.dumps(members)
