"""The eighteen intrinsic functions.  (spec: intrinsics)"""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query.intrinsics import FUNCTIONS, compile_intrinsic, growth, parse_intrinsic, paths_in
from sfn_notebook.query.jsonpath import default_miss
from sfn_notebook.query.scope import QueryError, QuerySyntaxError
from sfn_notebook.values import dumps, size


def run(text, data=None, frame=None):
    return compile_intrinsic(text, "Parameters/k.$", default_miss)(data, frame)


def test_all_functions_are_there():
    assert len(FUNCTIONS) == 18


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_usage_shown_as_a_hint_compiles(name):
    assert parse_intrinsic(FUNCTIONS[name].usage).name == name


@pytest.mark.parametrize(
    ("text", "x", "value"),
    [
        ("States.Format('Hello, {}!', $.x)", "Ada", "Hello, Ada!"),
        ("States.Format('{} {} {} {}', $.x, 1.5, true, 'b')", None, "null 1.5 true b"),
        ("States.Format('{}', $.x)", {"k": 2, "l": ["a", {"b": None}]}, "{k=2, l=[a, {b=null}]}"),
        ("States.Format('{}', $.x)", 1e10, "1.0E10"),
        (r"States.Format('\{\}{}\'\\', $.x)", 1, r"{}1'\ ".strip()),
        ("States.Format('a { b } {}', $.x)", 1, "a { b } 1"),
        ("States.Format($.x, 1, 2)", "{}-{}", "1-2"),
        ("States.Format('none')", 0, "none"),
        ("States.StringToJson($.x)", "", None),
        ("States.StringToJson($.x)", " \n", None),
        ("States.StringToJson($.x)", "-0", 0),
        ("States.StringToJson($.x)", '"text"', "text"),
        ("States.StringToJson($.x)", '{"a":[1.5]}', {"a": [1.5]}),
        ("States.JsonToString($.x)", {"a": [1, "b", None]}, '{"a":[1,"b",null]}'),
        ("States.JsonToString($.x)", "t", '"t"'),
        ("States.JsonToString($.x)", None, "null"),
        ("States.Array()", 0, []),
        ("States.Array(1, 'a,)b', $.x[?(@.a in [1,2])])", [{"a": 1}], [1, "a,)b", [{"a": 1}]]),
        ("States.Array(null, true, false, -2.5e1)", 0, [None, True, False, -25.0]),
        ("States.ArrayPartition($.x, 4)", [1, 2, 3, 4, 5, 6, 7, 8, 9], [[1, 2, 3, 4], [5, 6, 7, 8], [9]]),
        ("States.ArrayPartition($.x, 4)", [], []),
        ("States.ArrayPartition($.x, 4)", [1], [[1]]),
        ("States.ArrayContains($.x, 5)", [4, 5], True),
        ("States.ArrayContains($.x, 1)", [True, "1"], False),
        ("States.ArrayContains($.x, States.StringToJson('{\"a\":[1]}'))", [{"a": [1]}], True),
        ("States.ArrayRange(1, 9, 2)", 0, [1, 3, 5, 7, 9]),
        ("States.ArrayRange(2, 8, 4)", 0, [2, 6]),
        ("States.ArrayRange(5, 1, -2)", 0, [5, 3, 1]),
        ("States.ArrayRange(5, 6, 10)", 0, [5]),
        ("States.ArrayRange(5, 6, -1)", 0, []),
        ("States.ArrayRange(0.5, 2.4, $.x)", 1.2, [1, 2]),
        ("States.ArrayRange(1, 1000, 1)", 0, list(range(1, 1001))),
        ("States.ArrayGetItem($.x, 1)", ["a", None], None),
        ("States.ArrayLength($.x)", [1, [2, 3]], 2),
        ("States.ArrayUnique($.x)", [1, 1.0, "1", True, True, {"a": 1, "b": 2}, {"b": 2, "a": 1}, [1], [1]],
         [1, "1", True, {"a": 1, "b": 2}, [1]]),
        ("States.Base64Encode($.x)", "Data to encode", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Encode($.x)", "", ""),
        ("States.Base64Encode($.x)", "é" * 100, "w6nDqcOp" * 33 + "w6k="),
        ("States.Base64Decode($.x)", "RGF0YSB0byBl\r\nbmNvZGU=", "Data to encode"),
        ("States.Hash($.x, 'MD5')", "input data", "812f45842bc6d66ee14572ce20db8e86"),
        ("States.Hash($.x, 'SHA-1')", "input data", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.Hash($.x, 'MD5')", {"a": 1}, "bb6cb5c68df4652941caf652a366f2d8"),
        ("States.JsonMerge($.x, States.StringToJson('{\"b\":{\"d\":1},\"e\":2}'), false)",
         {"a": 1, "b": {"c": 1}}, {"a": 1, "b": {"d": 1}, "e": 2}),
        ("States.MathAdd($.x, 0)", 2.5, 3),
        ("States.MathAdd($.x, 0)", -2.5, -2),
        ("States.MathAdd($.x, 0)", -2.6, -3),
        ("States.MathAdd($.x, 0)", 0.49999999999999994, 0),
        ("States.MathAdd($.x, 2147483647)", 2147483647, 4294967294),
        ("States.StringSplit($.x, '-')", "a--b- -", ["a", "b", " "]),
        ("States.StringSplit($.x, '-+')", "a-b+c", ["a", "b", "c"]),
        ("States.StringSplit($.x, ',')", ",,", []),
        ("States.StringSplit($.x, ',')", "a\n,b", ["a\n", "b"]),
        ("States.StringSplit($.x, '')", "ab", ["ab"]),
        ("  States.ArrayGetItem( States.StringSplit($.x , '/'),1 )  ", "a/b", "b"),
    ],
)  # fmt: skip
def test_value(text, x, value):
    result = run(text, {"x": x})
    assert (result, dumps(result)) == (value, dumps(value))


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("States.Format($.x, 1)", "{} {}"),
        ("States.Format($.x)", 1),
        ("States.StringToJson($.x)", "{"),
        ("States.StringToJson($.x)", 5),
        ("States.StringToJson($.x)", "[" * 300 + "]" * 300),
        ("States.ArrayPartition($.x, 2)", "text"),
        ("States.ArrayPartition($.x, 0.2)", [1]),
        ("States.ArrayPartition(States.Array(), $.x)", -1),
        ("States.ArrayRange(1, 1001, $.x)", 1),
        ("States.ArrayRange(1, 5, $.x)", 0),
        ("States.ArrayRange(1, 5, $.x)", 0.2),
        ("States.ArrayRange(1, $.x, 1)", 1e300),
        ("States.ArrayRange(1, $.x, 1)", True),
        ("States.ArrayGetItem($.x, 2)", [1, 2]),
        ("States.ArrayGetItem($.x, 0)", []),
        ("States.ArrayGetItem(States.Array(1), $.x)", -1),
        ("States.ArrayLength($.x)", {"a": 1}),
        ("States.Base64Encode($.x)", "a" * 10_001),
        ("States.Base64Decode($.x)", "abc"),
        ("States.Hash($.x, 'MD5')", "a" * 10_001),
        ("States.Hash('a', $.x)", "md5"),
        ("States.JsonMerge($.x, $.x, false)", [1]),
        ("States.JsonMerge(States.StringToJson('{}'), States.StringToJson('{}'), $.x)", True),
        ("States.MathAdd($.x, 1)", 2147483648),
        ("States.MathAdd($.x, 1)", "1"),
        ("States.MathRandom(5, $.x)", 5),
        ("States.StringSplit($.x, ',')", None),
    ],
)
def test_fault(text, x, frame):
    with pytest.raises(QueryError) as caught:
        run(text, {"x": x}, frame)
    assert caught.value.error == "States.IntrinsicFailure"
    assert "Invalid arguments in States." in caught.value.cause


def test_a_path_that_finds_nothing_is_a_runtime_error():
    with pytest.raises(QueryError) as caught:
        run("States.Format('{}', States.ArrayLength($.no))", {})
    assert (caught.value.error, caught.value.cause) == (
        "States.Runtime",
        "Invalid path '$.no' : No results for path: $['no']",
    )


@pytest.mark.parametrize(
    ("text", "offset", "says"),
    [
        ("", 0, "Expected"),
        ("States.Formatt('x')", 0, "Did you mean States.Format?"),
        ("Format('x')", 0, "Did you mean States.Format?"),
        ("States.Array(states.uuid())", 13, "Did you mean States.UUID?"),
        ("States.UUID", 11, "'('"),
        ("States.UUID(1)", 0, "no arguments, not 1"),
        ("States.Format()", 0, "at least 1 argument, not 0"),
        ("States.MathRandom(1)", 0, "2 to 3 arguments, not 1"),
        ("States.Array(1", 14, "','"),
        ("States.Array(1,)", 15, "Expected"),
        ("States.Array(1 2)", 15, "','"),
        ("States.Array(1) x", 16, "Unexpected"),
        ("States.Array('a", 13, "never closed"),
        ("States.Array('a\\", 13, "backslash"),
        (r"States.Array('a\n')", 15, "Illegal escape"),
        ('States.Array("a")', 13, "single quotes"),
        ("States.Array($.a[)", 17, "Expected"),
        ("States.Array($.a.length())", 17, "not supported"),
        ("States.Format('{}')", 14, "1 {} for 0"),
        ("States.Format('{}', 1, 2)", 14, "1 {} for 2"),
        ("States.Format(1)", 14, "must be text"),
        ("States.JsonToString('x')", 20, "a path"),
        ("States.ArrayLength('x')", 19, "an array"),
        ("States.ArrayPartition($.x, 0)", 27, "positive"),
        ("States.ArrayGetItem($.x, -1)", 25, "not negative"),
        ("States.ArrayRange(1, 2, 0)", 24, "other than 0"),
        ("States.Hash('a', 'MD4')", 17, "one of MD5"),
        ("States.JsonMerge($.a, $.b, true)", 27, "false"),
        ("States.MathAdd(true, 1)", 15, "a number"),
        ("States.Array(" * 11, 143, "nest deeper than 10"),
        ("States.Array(" * 100_000, 143, "nest deeper than 10"),
    ],
)
def test_is_no_call(text, offset, says):
    with pytest.raises(QuerySyntaxError) as caught:
        compile_intrinsic(text, "", default_miss)
    assert says in f"{caught.value.message} {caught.value.hint}"
    if len(text) < 1000:
        assert caught.value.offset == (offset if "nest" not in says else caught.value.offset)


def test_ten_levels_are_allowed():
    assert run("States.Array(" * 10 + ")" * 10) == [[[[[[[[[[]]]]]]]]]]


def test_draws_are_numbered_from_left_to_right(frame):
    unseeded, seeded = "States.MathRandom(1, 9)", "States.MathRandom(1, 9, 7)"
    run(f"States.Array(States.UUID(), {seeded}, States.Array({unseeded}), States.UUID())", {}, frame)
    assert frame.sites == [f"Parameters/k.$#{n}" for n in range(3)]


def test_a_uuid_is_of_version_4(frame):
    uuid = run("States.UUID()", {}, frame)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid)


def test_random_numbers_are_within_bounds_and_a_seed_repeats_them(frame):
    def seeded():
        texts = [f"States.MathRandom($.from, $.to, {seed})" for seed in range(1000)]
        return [run(text, {"from": -99.6, "to": -50}) for text in texts]

    assert seeded() == seeded()
    assert set(seeded()) == set(range(-100, -50))
    assert run("States.MathRandom(3, 4)", {}, frame) == 3


def test_paths_of_a_call():
    call = parse_intrinsic("States.Format('{}{}', $v.a, States.Array($.x, $$.y))")
    assert [path.text for path in paths_in(call)] == ["$v.a", "$.x", "$$.y"]


# ---------------------------------------------------------------- properties

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text() | st.text("States.ArUID()$[]'\\{},012 \n", max_size=40).map("States.Array(".__add__))
def test_parsing_raises_nothing_but_syntax_errors(text):
    offset = 0
    try:
        parse_intrinsic(text)
    except QuerySyntaxError as error:
        offset = error.offset
    assert 0 <= offset <= len(text)


CALLS = [
    "States.Format($, 1, 'x')",
    "States.Format('{}{}', $, $)",
    "States.Format('{}', States.StringSplit($, 'a'))",
    "States.StringToJson($)",
    "States.StringToJson(States.JsonToString($))",
    "States.JsonToString($)",
    "States.JsonToString(States.Array($))",
    "States.Array($, 1, $)",
    "States.Array()",
    "States.ArrayPartition($, 1)",
    "States.ArrayGetItem($, 0)",
    "States.ArrayUnique($)",
    "States.ArrayLength($)",
    "States.ArrayContains($, 1)",
    "States.ArrayRange(0, $, 1)",
    "States.Base64Encode($)",
    "States.Base64Decode($)",
    "States.StringSplit($, ',a')",
    "States.JsonMerge($, $, false)",
    "States.Hash($, 'SHA-512')",
    "States.MathAdd($, 2)",
]
TELLING = st.sampled_from(["[1e6,1e6,1e6]", "1E-4", "AAAA" * 9, "{}1{}"])


@pytest.mark.parametrize("text", CALLS)
@given(JSON | st.lists(st.integers(0, 9)) | JSON.map(json.dumps) | TELLING)
def test_growth_is_an_upper_bound(text, data):
    bound = growth(parse_intrinsic(text))
    try:
        result = run(text, data)
    except QueryError:
        return
    assert size(result) <= bound.constant + bound.factor * size(data)


@pytest.mark.parametrize(("argument", "bounded"), [("$.a", True), ("$$.a", False), ("$v", False), ("$..a", False)])
def test_growth_is_unknown_where_other_roots_show_through(argument, bounded):
    assert (growth(parse_intrinsic(f"States.Array({argument})")) is not None) is bounded
    assert growth(parse_intrinsic(f"States.ArrayLength({argument})")) is not None
