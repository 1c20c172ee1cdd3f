"""JSONPath: the worked answers, the recorded misses, and properties."""

from __future__ import annotations

import json
import timeit
from contextlib import suppress
from pathlib import Path

import jsonpath_ng
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query import jsonpath
from sfn_notebook.query.jsonpath import compile_path, growth, identity, parse, template_miss
from sfn_notebook.query.path_syntax import MAX_STEPS, Index, Name
from sfn_notebook.query.scope import QueryError, QuerySyntaxError
from sfn_notebook.values import size

CASES = Path(__file__).parents[2].parent / "shared/spec/jsonpath-cases.json"
WORKED = json.loads(CASES.read_text()) if CASES.exists() else {"document": None, "cases": []}

needs_cases = pytest.mark.skipif(not CASES.exists(), reason=f"{CASES} is not here")


def is_function(case):
    """The worked answers hold Jayway's path functions, which the service does not support."""
    return case["path"].endswith("()")


@needs_cases
@pytest.mark.parametrize("case", [c for c in WORKED["cases"] if not is_function(c)], ids=lambda c: c["path"])
def test_worked_answer(case, frame):
    if case.get("raises"):
        with pytest.raises((QueryError, QuerySyntaxError)):
            compile_path(case["path"])(WORKED["document"], frame)
    else:
        assert compile_path(case["path"])(WORKED["document"], frame) == case["expect"]


@needs_cases
@pytest.mark.parametrize("case", [c for c in WORKED["cases"] if is_function(c)], ids=lambda c: c["path"])
def test_path_functions_are_refused_as_by_the_service(case):
    with pytest.raises(QuerySyntaxError, match="Path functions"):
        parse(case["path"])


DOCUMENT = {
    "a": {"b": {"c": {"d": 4}}},
    "items": [{"n": 1, "tags": ["x"]}, {"n": 2, "tags": ["x", "y"]}, {"n": None, "tags": []}],
    "text": "abc",
    "aws:x": 1,
    'back\\"slash': 2,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.a.b.c.d", 4),
        ("$.a.b.c", {"d": 4}),
        ("$.items[0].n", 1),
        ("$.items[-2]['tags'][1]", "y"),
        (" $.text ", "abc"),
        ("$.aws:x", 1),
        ("$.['text']", "abc"),
        ("$.items.[0].n", 1),
        ("$.items[0]['n','tags']", {"n": 1, "tags": ["x"]}),
        ("$.items[*]['n','no']", [{"n": 1}, {"n": 2}, {"n": None}]),
        ("$['a','text'].b", [{"c": {"d": 4}}]),
        ("$.items[0,-1,7].n", [1, None]),
        ("$.items[::2].n", [1, None]),
        ("$.items[::-1].n", [None, 2, 1]),
        ("$.items[5:].n", []),
        ("$.text[0:1]", []),
        ("$.a.b.*", [{"d": 4}]),
        ("$.items.[*].n", [1, 2, None]),
        ("$.items[?(@.tags size 2)].n", [2]),
        ("$.items[?(@.tags empty true)].n", [None]),
        ("$.items[?(@.tags empty false)].n", [1, 2]),
        ("$.items[?(@.tags subsetof ['x'])].n", [1, None]),
        ("$.items[?(@.tags anyof ['y'])].n", [2]),
        ("$.items[?(@.tags noneof ['y'])].n", [1, None]),
        ("$.items[?(@.tags contains 'x')].n", [1, 2]),
        ("$.items[?(@.tags[?(@ == y)])].n", [2]),
        ("$.items[?(@.n == null)].tags", [[]]),
        ("$.items[?(@.no == null)]", []),
        ("$.items[?(@.n == '2')].n", [2]),
        ("$.items[?(@.n === 2)].n", [2]),
        ("$.items[?(@.n<2||@.n>=2)].n", [1, 2]),
        ("$.items[?(!(@.n < 2) && @.n)].n", [2, None]),
        ("$.items[?(@.n in $.items[0:1].n)].n", [1]),
        ("$.items[?($.text)].n", [1, 2, None]),
        ("$.items[?($.no)].n", []),
        ("$..[?(@.d == 4)]", [{"d": 4}]),
        ("$..[0].n", [1]),
        ("$..['n','tags']", DOCUMENT["items"]),
        ("$.a.b[?(@.d == 4)]", []),
        ("$.a.b.c[?(@.d == 4)]", [{"d": 4}]),
        ("$.no.items[1:].x", []),
        ("$.no[*]", []),
        (r"""$['back\\"slash']""", 2),
        (r"""$['back\"slash']""", 2),
        (r"$.a\.b[*]", []),
    ],
)
def test_finds(path, found, frame):
    assert compile_path(path)(DOCUMENT, frame) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$$.State.Name", "S"),
        ("$$.Execution.Name ", "run"),
        ("$$.Execution.Input.n", 1),
        ("$$..n", [1]),
        ("$name", "Ada"),
        ("$x.a[1].b", 2),
        ("$x.a", [1, {"b": 2}]),
        ("$x.a[*].b", [2]),
        ("$ключ", 1),
    ],
)
def test_other_roots(path, found, frame):
    assert compile_path(path)({}, frame) == found


def test_the_context_object_itself(frame):
    assert compile_path("$$")({}, frame) is frame.context_object


def test_the_root_is_the_identity_function():
    assert compile_path("$") is identity


def test_a_found_value_is_shared_not_copied(frame):
    assert compile_path("$.a.b")(DOCUMENT, frame) is DOCUMENT["a"]["b"]


@pytest.mark.parametrize(
    ("path", "data", "cause"),
    [
        ("$.X", {}, "Invalid path '$.X' : No results for path: $['X']"),
        (
            "$.no.such.result.path",
            {},
            "Invalid path '$.no.such.result.path' : Missing property in path $['no']",
        ),
        ("$.a.no", {"a": {}}, "Invalid path '$.a.no' : No results for path: $['a']['no']"),
        ("$.a.no.x", {"a": {}}, "Invalid path '$.a.no.x' : Missing property in path $['a']['no']"),
        ("$.a[3]", {"a": [1]}, "Invalid path '$.a[3]' : No results for path: $['a'][3]"),
        ("$.a[-2].b", {"a": [1]}, "Invalid path '$.a[-2].b' : No results for path: $['a'][-2]['b']"),
        ("$.a[0]", {"a": None}, "Invalid path '$.a[0]' : The path $['a'] is null"),
        ("$$.Nope", {}, "Invalid path '$$.Nope' : No results for path: $['Nope']"),
        ("$x.q", {}, "Invalid path '$x.q' : No results for path: $['q']"),
        ("$unset.q", {}, "Invalid path '$unset.q' : The variable $unset has no value"),
        ("$unset[*]", {}, "Invalid path '$unset[*]' : The variable $unset has no value"),
        (
            "$.a[0]",
            {"a": "text"},
            "Invalid path '$.a[0]' : Filter: [0] can only be applied to arrays. Current context is: \"text\"",
        ),
        (
            "$.a.b",
            {"a": 1},
            "Invalid path '$.a.b' : Expected to find an object with property ['b'] in path $['a'] but found 'number'",
        ),
    ],
)
def test_misses(path, data, cause, frame):
    with pytest.raises(QueryError) as caught:
        compile_path(path)(data, frame)
    assert (caught.value.error, caught.value.cause) == ("States.Runtime", cause)


@pytest.mark.parametrize("path", ["$.x", "$$.Execution.Input.x", "$var"])
def test_a_template_names_field_and_input(path, frame):
    with pytest.raises(QueryError) as caught:
        compile_path(path, template_miss("value.$"))({"k": [1, 2]}, frame)
    assert caught.value.cause == (
        f"The JSONPath '{path}' specified for the field 'value.$' could not be found in the input '{{\"k\":[1,2]}}'"
    )


@pytest.mark.parametrize(
    ("path", "offset"),
    [
        ("", 0),
        ("   ", 3),
        ("a.b", 0),
        ("$.", 2),
        ("$..", 3),
        ("$...a", 3),
        ("$.a.", 4),
        ("$.a[", 4),
        ("$.a[1", 3),
        ("$.a[b]", 4),
        ("$.a['b]", 4),
        ("$.a['b',]", 8),
        ("$.a b", 3),
        ("$.a]", 3),
        ("$.**", 2),
        ("$.a\\", 4),
        ("$.a[(@.length-1)]", 4),
        ("$.a[::0]", 7),
        ("$.a[1,'b']", 6),
        ("$.a[99999999999999999999]", 4),
        ("$[?@.a]", 3),
        ("$[?(@.a ==)]", 10),
        ("$[?(@.a like 'x')]", 8),
        ("$[?('x')]", 4),
        ("$[?($$.a)]", 4),
        ("$[?(@.a =~ 'x')]", 4),
        ("$[?(@.a =~ /(x/)]", 14),
        (r"$[?(@.a =~ /(a)\1/)]", 15),
        ("$[?(@.a =~ /a/x)]", 12),
        ("$" + "v" * 81, 1),
    ],
)
def test_is_no_path(path, offset):
    with pytest.raises(QuerySyntaxError) as caught:
        parse(path)
    assert caught.value.offset == offset, caught.value.message


def test_a_long_path_is_refused_before_it_hurts():
    assert len(parse("$" + ".a" * MAX_STEPS).steps) == MAX_STEPS
    with pytest.raises(QuerySyntaxError, match="at most"):
        parse("$" + "..a" * 100_000)


@pytest.mark.parametrize(("start", "opening"), [("$", "[?(@.a"), ("$[?(", "("), ("$[?(", "!"), ("$[?(@ in ", "[")])
def test_deep_filters_are_refused_before_they_hurt(start, opening):
    with pytest.raises(QuerySyntaxError, match="nest deeper"):
        parse(start + opening * 10_000)


def test_descents_on_descents_stop(monkeypatch, frame):
    monkeypatch.setattr(jsonpath, "MAX_NODES", 10_000)
    deep = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(QueryError, match="visits more than 10000 nodes"):
        compile_path("$" + "..*" * 50)(deep, frame)
    with pytest.raises(QueryError, match="visits more than 10000 nodes"):
        compile_path("$..[?(@..*..*)]")(deep, frame)
    with pytest.raises(QueryError, match="visits more than 10000 nodes"):
        compile_path("$" + "[0,0,0,0,0,0,0,0]" * 50)(deep, frame)
    with pytest.raises(QueryError, match="visits more than 10000 nodes"):
        compile_path("$" + "[0,0,0,0]" * 5 + "[?(1 == 2)]")([[[[[[0] * 100]]]]], frame)


@pytest.mark.parametrize(
    ("path", "definite", "reference"),
    [
        ("$", True, True),
        ("$.a[0]['b']", True, True),
        ("$.a['b','c']", True, False),
        ("$['b','c'].a", False, False),
        ("$.a[0,1]", False, False),
        ("$.a[0:1]", False, False),
        ("$..a", False, False),
        ("$.*", False, False),
        ("$[?(@.a)]", False, False),
    ],
)
def test_kinds_of_paths(path, definite, reference):
    parsed = parse(path)
    assert (parsed.definite, parsed.reference) == (definite, reference)


def test_a_parsed_path():
    path = parse(" $var.a[1] ")
    assert (path.text, path.root, path.variable) == ("$var.a[1]", "variable", "var")
    assert path.steps == (Name("a"), Index(1))


def test_a_member_costs_little_more_than_a_lookup(frame):
    def seconds(function):
        return min(timeit.repeat(lambda: function({"a": 1}, frame), number=20_000, repeat=5))

    def lookup(data, scope):
        del scope
        return data["a"]

    assert seconds(compile_path("$.a")) < 3 * seconds(lookup)


# ---------------------------------------------------------------- properties

NAMES = st.sampled_from(["a", "b", "c"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=20,
)
STEPS = st.one_of(
    NAMES.map(".{}".format),
    NAMES.map("['{}']".format),
    st.integers(-3, 3).map("[{}]".format),
    st.just("[*]"),
    st.just(".*"),
    st.sampled_from(["[1:]", "[:-1]", "[-2:]", "[0:2]", "[::2]", "[0,-1]", "..a", "..*", "['a','b']"]),
    st.sampled_from(["[?(@.a)]", "[?(@ == 1)]", "[?(@.a > $.b)]", "[?(!@.b)]", "[?(@.a =~ /.*/)]"]),
)
PATHS = st.lists(STEPS, max_size=4).map(lambda steps: "$" + "".join(steps))


@given(st.text() | st.text("$@.*?[]()'\"\\,:0123-!&|=~<>/ab \n", max_size=30).map("$".__add__))
def test_the_parser_raises_nothing_but_syntax_errors(text):
    offset = 0
    try:
        parse(text)
    except QuerySyntaxError as error:
        offset = error.offset
    assert 0 <= offset <= len(text)


@given(PATHS, JSON)
def test_evaluation_raises_nothing_but_query_errors_and_changes_nothing(path, data):
    before = json.dumps(data)
    with suppress(QueryError):
        compile_path(path)(data, None)
    assert json.dumps(data) == before


@given(PATHS, JSON)
def test_growth_is_an_upper_bound(path, data):
    bound = growth(parse(path))
    try:
        found = compile_path(path)(data, None)
    except QueryError:
        return
    if bound is not None:
        assert size(found) <= bound.constant + bound.factor * size(data)


BRACKETS = st.integers(0, 2).map("[{}]".format) | st.sampled_from(["[*]", "[1:]", "[0:2]"])


def objects_of_arrays(inner):
    """Objects and arrays by turns: on other data jsonpath-ng takes a bare value for an array of one."""
    return st.dictionaries(NAMES, st.lists(inner, max_size=3), max_size=3)


@given(
    st.lists(st.tuples(NAMES, BRACKETS), min_size=1, max_size=3),
    objects_of_arrays(objects_of_arrays(objects_of_arrays(st.integers()))),
)
def test_agrees_with_jsonpath_ng_on_what_both_read(steps, data):
    path = "$" + "".join(f".{name}{bracket}" for name, bracket in steps)
    expected = [match.value for match in jsonpath_ng.parse(path).find(data)]
    try:
        found = compile_path(path)(data, None)
    except QueryError:
        found = []
    else:
        found = [found] if parse(path).definite else found
    assert found == expected
