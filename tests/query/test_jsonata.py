"""JSONata expressions.  (spec: data-flow, JSONata pipeline; intrinsics, JSONata additions)"""

from __future__ import annotations

import json
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from query.jsonata_suite import INPUT, STATES, Scope

from sfn_notebook.query import jsonata
from sfn_notebook.query.jsonata import (
    EvaluationError,
    References,
    States,
    compile_expression,
    reads,
    syntax_problems,
)
from sfn_notebook.query.scope import QuerySyntaxError
from sfn_notebook.values import dumps


def value(text, scope=None, states=STATES):
    return compile_expression(text, "Output")(states, scope or Scope())


def cause(text, scope=None, states=STATES):
    with pytest.raises(EvaluationError) as raised:
        value(text, scope, states)
    assert raised.value.error == "States.QueryEvaluationError"
    assert raised.value.location == "Output"
    return raised.value.cause


def tail(text, scope=None):
    """What the cause says after naming the expression."""
    before = f"The JSONata expression '{text.strip()}' specified for the field 'Output' "
    whole = cause(text, scope)
    assert whole.startswith(before)
    return whole.removeprefix(before)


UNDEFINED = "returned nothing (undefined)."
THREW = "threw an error during evaluation"


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" $states.input.x ", "1"),
        ("$states.input.nothing", "null"),
        ("$states.input.empty", "[]"),
        ("$states.input.single", '[{"n":1}]'),
        ("$states.input.single.n", "1"),
        ("$states.input.items.n", "[1,2]"),
        ("$states.input.items[n=2]", '{"n":2}'),
        ("$states.input.items[n=2][]", '[{"n":2}]'),
        ("$states.input.'x'", "1"),
        ("$states.result.r", "1"),
        ("$states.errorOutput.Error", '"E"'),
        ("$states.context.State.Name", '"S"'),
        ("$states.context.State.Name & '!'", '"S!"'),
        ("$keys($states)", '["input","result","errorOutput","context"]'),
        ("{'a': $states.input.nothing, 'b': $absent}", '{"a":null}'),
        ("[$states.input.empty]", "[]"),
        ("/* a comment */ 1", "1"),
        ("$type(/a/)", '"function"'),
        ("$parse('[1, null]')", "[1,null]"),
        ("true", "true"),
    ],
)
def test_value(text, expected):
    assert dumps(value(text)) == expected


def test_all_of_states():
    whole = {"input": {"x": 1}, "result": [], "errorOutput": {"Error": "E"}, "context": {"State": {"Name": "S"}}}
    states = States({"x": 1}, [], {"Error": "E"})
    assert value("$states", states=states) == whole
    assert value("$merge($states)", states=states) == whole
    assert value("$states", states=States({})) == {"input": {}, "context": {"State": {"Name": "S"}}}


@pytest.mark.parametrize("text", ["$x", "$x + 0", "$x.a", "$count($x)", "[$y]", "$exists($y)", "$ключ", "$count + 1"])
def test_variables(text):
    scope = Scope({"x": 5, "y": None, "ключ": [1], "count": 2})
    expected = {"$x": 5, "$x + 0": 5, "[$y]": [None], "$exists($y)": True, "$ключ": [1], "$count + 1": 3}
    if text in expected:
        assert value(text, scope) == expected[text]
    else:
        cause(text, scope)


def test_a_variable_hides_the_function_of_its_name():
    assert value("$hash", Scope({"hash": "h"})) == "h"
    assert tail("$sum([1])", Scope({"sum": 1})) == f"{THREW}. T1006: Attempted to invoke a non-function"
    assert value("$sum([1])", Scope({"average": 1})) == 1


def test_a_path_shares_what_it_finds_unless_it_holds_integral_floats():
    assert value("$states.input.items") is INPUT["items"]
    assert value("$states.input.deep") is not INPUT["deep"]
    assert INPUT["deep"] == {"list": [[1.0]], "text": "1.0"}


def test_results_never_share_with_jlens():
    before = json.dumps(INPUT)
    found = value("($x := $states.input; $x)")
    found["items"].append(1)
    assert json.dumps(INPUT) == before


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$states.input.one", "1"),
        ("$states.input.deep", '{"list":[[1]],"text":"1.0"}'),
        ("$states.input.exact", "9007199254740993"),
        ("{'a': [$states.input.exact]}", '{"a":[9007199254740993]}'),
        ("[$states.input.long]", "[9223372036854775807]"),
        ("[$states.input.double]", "[1.0E19]"),
        ("$string(1e20)", '"100000000000000000000"'),
        ("1e20", "1.0E20"),
        ("1e21", "1.0E21"),
        ("1e308 + 0", "1.0E308"),
        ("1.50", "1.5"),
        ("4 / 2", "2"),
        ("1/0", '"Infinity"'),
        ("-1/0", '"-Infinity"'),
        ("1e308 * 10", '"Infinity"'),
        ("0/0", '"NaN"'),
        ("[1/0, null, 0/0]", '["Infinity",null,"NaN"]'),
        ("{'k': 1/0, 'l': 6 % 4 - 1 + 2 * 3}", '{"k":"Infinity","l":7}'),
        ("$states.input.items.(n / 0)", '["Infinity","Infinity"]'),
        ("[6 % 4, null]", "[2,null]"),
        ("1/0 > 1 or true", None),
    ],
)
def test_numbers(text, expected):
    if expected is None:
        assert tail(text) == f"{THREW}. D1001: Number out of range: null"
    else:
        assert dumps(value(text)) == expected


def test_integers_that_share_a_double_are_told_apart():
    ids = [1541815603606036480 + n for n in range(3)]
    scope = Scope({"a": 2**53 + 1, "b": 2**53, "rows": [{"id": number} for number in ids]})
    assert value("[$a, $b]", scope) == [2**53 + 1, 2**53]
    assert value("$rows.{'id': id}", scope) == [{"id": number} for number in ids]
    assert value("$rows[id > 0].id", scope) == ids


@pytest.mark.parametrize(("text", "computed"), [("$x * 2", 2**53), ("$id + 1", 2**53)])
def test_what_is_computed_is_not_mistaken_for_what_was_read(text, computed):
    assert value(text, Scope({"id": 2**53 + 1, "x": 2**52})) == computed


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    "text", ["$states.input.no", "$states.input.nothing.x", "$states.no", "$no", "$no.x", "[1][5]"]
)
def test_undefined(text):
    assert tail(text) == UNDEFINED


@pytest.mark.parametrize("text", ["$sum", "function($x){1}", "/a/", "$parse"])
def test_functions_are_no_results(text):
    assert tail(text) == "returned an unsupported result type."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$doesNotExist(1)", "T1006: Attempted to invoke a non-function"),
        ("$eval('1')", "T1006: Attempted to invoke a non-function"),
        ("'a' + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("$sum('a')", 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ("$error('boom')", "D3137: boom"),
        ("1/0 + 1", "D1001: Number out of range: null"),
    ],
)
def test_errors_keep_their_codes(text, message):
    assert tail(text) == f"{THREW}. {message}"


def test_result_and_error_output_are_there_when_there_are_any():
    assert cause("$states.result", states=States({})).endswith(UNDEFINED)
    assert value("$exists($states.errorOutput)", states=States({})) is False


# ---------------------------------------------------------------- what AWS adds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([1,2,3], 2.9)", [[1, 2], [3]]),
        ("$partition([1,2], 5)", [[1, 2]]),
        ("$partition([1,2,3])", [[1, 2, 3]]),
        ("$range(0, 10, 2)", [0, 2, 4, 6, 8, 10]),
        ("$range(2, 8, 4)", [2, 6]),
        ("$range(10, 0, -5)", [10, 5, 0]),
        ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
        ("$range(5, 6, 10)", 5),
        ("$count($range(1, 360145, 1))", 360_145),
        ("$count($range(-9223372036854775808, 9223372036854775807, 9223372036854775807))", 3),
        ("$hash('Hello', 'MD5')", "8b1a9953c4611296a827abf8c47804d7"),
        ("$hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ("$length($hash('', 'SHA-512'))", 128),
        ("$random(42)", 0.7275636800328681),
        ("$random(0.9)", 0.730967787376657),
        ("$random(7)", 0.7306990420600421),
        ("$parse('null')", None),
        ("$parse('{\"a\": [1.0, 9007199254740992]}').a", [1, 2**53]),
        ("$exists($parse('null'))", True),
        ("$map(['1', '2'], $parse)", [1, 2]),
        ("'1' ~> $parse", 1),
        ("$now()", "2023-11-14T22:13:20.123Z"),
        ("$millis()", 1_700_000_000_123),
    ],
)
def test_added_function(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "$partition([], 2)",
        "$partition([1], 0)",
        "$partition([1], -0.5)",
        "$partition()",
        "$range(1, 5)",
        "$range(1, 5, 0)",
        "$range(5, 1, 1)",
        "$hash('a')",
        "$parse()",
        "$parse($states.input.no)",
    ],
)
def test_added_function_gives_undefined(text):
    assert tail(text) == UNDEFINED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$partition([1], -1)", ". D3137: Second argument must be zero or greater"),
        ("$partition(null, 1)", '. T0412: Argument 1 of function "partition" must be an array of undefined'),
        ("$partition([1], 'x')", '. T0410: Argument 2 of function "partition" does not match function signature'),
        ("$range(1)", '. T0410: Argument 2 of function "range" does not match function signature'),
        ("$range(1, $states.input.no, 1)", '. T0410: Argument 2 of function "range" does not match function signature'),
        ("$range(1, 360146, 1)", f": {jsonata.MEMORY}"),
        ("$hash('a', 'md5')", ". D3137: Hash algorithm 'md5' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5"),
        ("$hash($states.input.no, 'MD5')", '. T0410: Argument 1 of function "hash" does not match function signature'),
        ("$parse('')", ". D3137: Invalid JSON"),
        ("$parse('1 2')", ". D3137: Invalid JSON"),
        ("$parse(null)", '. T0410: Argument 1 of function "parse" does not match function signature'),
        ("$uuid(1)", '. T0410: Argument 1 of function "uuid" does not match function signature'),
        ("$random(1, 2)", '. T0410: Argument 2 of function "random" does not match function signature'),
    ],
)
def test_added_function_throws(text, message):
    assert tail(text) == THREW + message


def test_chance_is_keyed_by_field_and_number_of_the_call():
    scope = Scope()
    found = compile_expression("[$uuid(), $uuid(), $random()]", "Assign/x")(STATES, scope)
    assert scope.sites == ["Assign/x#0", "Assign/x#1", "Assign/x#2"]
    assert found[0] != found[1]
    assert found == compile_expression("[$uuid(), $uuid(), $random()]", "Assign/x")(STATES, Scope())
    assert value("$shuffle([1..9])") == value("$shuffle([1..9])")


# ---------------------------------------------------------------- limits

GROW = "($p := function($s, $n) {{ $n = 0 ? $s : $p($s & $s, $n - 1) }}; $length($p('x', {})))"
RECURSE = "($f := function($x) {{ $x <= 0 ? 0 : 1 + $f($x - 1) }}; $f({}))"


@pytest.mark.parametrize(
    "text",
    [
        "+".join("1" * 100),
        "(" * 99 + "1" + ")" * 99,
        "[" * 99 + "1" + "]" * 99,
        RECURSE.format(31),
        "[1..873782] ~> $count()",
        "$sum($map([1..200000], function($v) { $v * 2 }))",
        "$distinct([1..100000]) ~> $count()",
        GROW.format(22),
    ],
)
def test_within_the_limits_of_aws(text):
    value(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("+".join("1" * 101), jsonata._STACK),
        ("(" * 100 + "1" + ")" * 100, jsonata._STACK),
        ("[" * 100 + "1" + "]" * 100, jsonata._STACK),
        (RECURSE.format(32), jsonata._STACK),
        ("[1..873783] ~> $count()", jsonata.MEMORY),
        ("$pad('a', 1e9)", jsonata.MEMORY),
        (GROW.format(23), jsonata.MEMORY),
        ("($f := function($x) { $f($x + 1) }; $f(1))", jsonata._TIMEOUT),
        ("$sort([1..800000], function($a, $b) { $a < $b })", jsonata._TIMEOUT),
        ("[1..3000].[1..3000]", jsonata.MEMORY),
    ],
)
def test_beyond_the_limits_of_aws(text, message):
    began = time.perf_counter()
    failed = [cause(text) for _ in range(2)]
    assert failed[0] == failed[1]
    assert failed[0].endswith(f"{THREW}: {message}")
    assert time.perf_counter() - began < 10


def test_the_clock_is_the_last_resort_and_other_threads_go_on(monkeypatch):
    monkeypatch.setitem(jsonata._PATIENT, "timeout", 0.5)
    ticks, done = [], threading.Event()

    def tick():
        while not done.wait(0.01):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    text = "$match('" + "a" * 40 + "b', /^(a+)+$/)"
    with pytest.raises(EvaluationError) as raised:
        value(text)
    done.set()
    thread.join()
    assert raised.value.guard
    assert raised.value.cause.endswith(f"{THREW}: {jsonata._TIMEOUT}")
    assert len(ticks) > 10


def test_a_compiled_expression_serves_many_threads():
    evaluate = compile_expression("$states.input.x * $n", "Output")
    found = []

    def work(number):
        found.extend(evaluate(States({"x": i}), Scope({"n": number})) == i * number for i in range(500))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 2000


# ---------------------------------------------------------------- what AWS refuses


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("1 +", "Unexpected end of expression", 3),
        ("", "Unexpected end of expression", 0),
        ("a[1,2)", 'Expected "]", got ","', 3),
        (' {"a":}', 'The symbol "}" cannot be used as a unary operator', 6),
        ("$match('a', /abc", "No terminating / in regular expression", 12),
        ("'\ud800'", "Half of a surrogate pair is no character.", 1),
        ("(" * 200 + "1" + ")" * 200, "Expressions nest deeper than 150 levels.", 150),
        (" phone", "Reference to 'phone' at the top level is not supported.", 1),
        ("'phone'.x", "Reference to 'phone' at the top level is not supported.", 0),
        ("$", "Reference to '$' at the top level is not supported.", 0),
        ("1 + $$.x", "Reference to '$$' is not supported.", 4),
        ("{a: 1}", "Reference to 'a' at the top level is not supported.", 1),
        ("$map($x, function($v) { b })", "Reference to 'b' at the top level is not supported.", 24),
        ("*", "Reference to '*' at the top level is not supported.", 0),
        ("$a ?? 1", 'The symbol "?" cannot be used as a unary operator', 2),
        ("$a ?: 1", 'The symbol ":" cannot be used as a unary operator', 2),
    ],
)
def test_refused(text, message, offset):
    with pytest.raises(QuerySyntaxError) as raised:
        compile_expression(text, "Output")
    assert raised.value.message == message
    [problem, *_] = syntax_problems(text)
    assert problem.message == message
    assert (raised.value.offset, problem.start) == pytest.approx((offset, offset), abs=1)


@pytest.mark.parametrize(
    "text",
    [
        "$states.input.items[n > 3]",
        "$states.input.items.(n & $string($))",
        "$states.input.items^(>n).n",
        "$states.input.items{n: $}",
        "$states.input ~> |items|{'z': n}|",
        "$states.input.items@$i.$states.input.items[n = $i.n]",
    ],
)
def test_names_below_the_top_level_are_fields(text):
    assert syntax_problems(text) == []


def test_all_problems_are_found_in_their_order():
    found = syntax_problems("phone + ($a ?? $$) + $eval('x')")
    assert [problem.code for problem in found] == [
        "UNSUPPORTED_JSONATA_EXPRESSION",
        "INVALID_JSONATA_EXPRESSION",
        "UNSUPPORTED_JSONATA_EXPRESSION",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "variables", "functions", "states"),
    [
        ("$a.b + $c", {"a", "c"}, set(), set()),
        ("$states.input.x & $states.context", set(), set(), {"input", "context"}),
        ("$states", set(), set(), {""}),
        ("($x := $y; $x + $z)", {"y", "z"}, set(), set()),
        ("($x := $x; $x)", {"x"}, set(), set()),
        ("(($x := 1; $x); $x)", {"x"}, set(), set()),
        ("function($p) { $p + $q }", {"q"}, set(), set()),
        ("($f := function($n) { $f($n) }; $f($m))", {"m"}, set(), set()),
        ("$sum($a) + $foo($b)", {"a", "b"}, {"sum", "foo"}, set()),
        ("$map($a, $uppercase)", {"a"}, {"map", "uppercase"}, set()),
        ("$a#$i.{'n': $i, 'v': $}", {"a"}, set(), set()),
        ("$match('$a', /$b/)", set(), {"match"}, set()),
        ("/* $a */ $b ? $c : $d", {"b", "c", "d"}, set(), set()),
        ("$a[$b = 1]^($c){$d: $e}", {"a", "b", "c", "d", "e"}, set(), set()),
        ("function($x)<n:n> { $x }($a)", {"a"}, set(), set()),
        ("+".join(["$a"] * 900), {"a"}, set(), set()),
    ],
)
def test_reads(text, variables, functions, states):
    assert reads(text) == References(frozenset(variables), frozenset(functions), frozenset(states))


ALPHABET = "$ax1.[](){}'\"`/*+-,;:?@#%&|<>=!~^ "


def evaluated(text):
    try:
        return dumps(compile_expression(text, "Output")(STATES, Scope({"a": [1], "x": {"a": 1}})))
    except (EvaluationError, QuerySyntaxError) as error:
        return error


@given(st.text(ALPHABET, max_size=12))
def test_any_text_is_either_an_expression_or_a_syntax_error(text):
    found = evaluated(text)
    if isinstance(found, QuerySyntaxError):
        assert syntax_problems(text)
        assert 0 <= found.offset <= len(text)
    elif isinstance(found, EvaluationError):
        assert found.cause.startswith("The JSONata expression '")
