"""States of random machines whose query language is JSONata."""

from hypothesis import strategies as st
from machine_style import SMALL, rarely, retriers
from stage import ACTIVITY, CALLBACK, INVOKE

_CALM = (
    "$states.input",
    "$states.context.Execution.Input",
    "$states.context.Execution.Input.n + 1",
    "$count($states.context.Execution.Input.items)",
    "$type($states.input)",
    "{'in': $states.input, 'none': $states.input.none}",
    "[1..3]",
    "$states.context.State.Name",
    "$merge([{'a': 1}, {'b': $states.context.Execution.Input.n}])",
    "$map([2, 3], function($x) { $x * 2 })",
)
_WITH_RESULT = ("$states.result", "$type($states.result)", "[$states.result]", "{'r': $states.result}")
_WITH_ERROR = ("$states.errorOutput", "$states.errorOutput.Error", "$length($states.errorOutput.Cause)")
_WILD = (
    "$states.input.n",
    "$states.input.a.b",
    "$states.input.n > 1",
    "$sum($states.input.items)",
    "$uuid()",
    "$random()",
    "$now()",
    "$states.context.State.EnteredTime",
    "$states.result.a",
    "$error('mine')",
)


def expression(text):
    """The text as an expression."""
    return f"{{% {text} %}}"


def expressions(draw, style, more=()):
    """An expression. more: texts that may be chosen besides those that any state understands."""
    known = [f"$exists(${name}) ? ${name} : 'none'" for name in style.variables]
    if not style.calm and rarely(draw):
        return expression(draw(st.sampled_from([*_WILD, *(f"${name}" for name in style.variables)])))
    return expression(draw(st.sampled_from([*more, *more, *_CALM, *known])))


def values(draw, style, more=()):
    """A value in which there may be expressions, and what looks like one."""
    match draw(st.integers(0, 3)):
        case 0:
            return expressions(draw, style, more)
        case 1:
            return {"k": expressions(draw, style, more), "{% key %}": " {% text %} "}
        case 2:
            return ["$states.input", {"deep": expressions(draw, style, more)}]
        case _:
            return draw(SMALL)


def _output(draw, style, more=()):
    fields = {}
    if rarely(draw, 2):
        fields["Output"] = values(draw, style, more)
    return {**fields, **_assign(draw, style, more)}


def _assign(draw, style, more=()):
    if not rarely(draw, 3):
        return {}
    value = values(draw, style, more)  # sees what was assigned before
    return {"Assign": {style.variable(draw): value}}


def _catchers(draw, style, target):
    # A calm machine forgets which error it was: another order of branches may bring another one first.
    if style.calm:
        return {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": target, "Output": expression("$states.input")}]}
    names = ["A", "States.Timeout", "States.QueryEvaluationError", "States.ALL"]
    catchers = [
        {"ErrorEquals": [name], "Next": target, **_output(draw, style, _WITH_ERROR)}
        for name in draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    ]
    return {"Catch": sorted(catchers, key=lambda c: c["ErrorEquals"] == ["States.ALL"])} if catchers else {}


def _caught(draw, style, following):
    return {**retriers(draw), **_catchers(draw, style, following)}


def task(draw, style, following):
    """A Task state."""
    fields = {"Type": "Task", "Resource": draw(st.sampled_from(style.resources))}
    if fields["Resource"] == INVOKE:
        fields["Arguments"] = {"FunctionName": "f", "Payload": expressions(draw, style)}
    elif fields["Resource"] == CALLBACK:
        token = expression("$states.context.Task.Token")
        fields["Arguments"] = {"QueueUrl": "q", "MessageBody": {"token": token}}
    elif rarely(draw, 2):
        fields["Arguments"] = {"given": values(draw, style)}
    if not style.calm and rarely(draw, 3):
        seconds = draw(st.integers(2, 4)) * (30 if style.patient else 1)
        fields["TimeoutSeconds"] = seconds if rarely(draw, 2) else expression(f"{seconds - 1} + 1")
        if fields["Resource"] in (CALLBACK, ACTIVITY):
            fields["HeartbeatSeconds"] = seconds // 2
    return {**fields, **_output(draw, style, _WITH_RESULT), **_caught(draw, style, following)}


def pass_(draw, style, _following):
    """A Pass state."""
    return {"Type": "Pass", **_output(draw, style)}


def wait(draw, style, _following):
    """A Wait state."""
    ways = [
        {"Seconds": 1},
        {"Seconds": expression("$states.context.Execution.Input.n")},
        {"Timestamp": expression("$states.context.Execution.StartTime")},
        {"Timestamp": expression("$fromMillis($millis() + 2000)")},
    ]
    if not style.calm:
        ways += [{"Seconds": expression("$states.input.n")}, {"Seconds": expression("0 - 1")}]
    return {"Type": "Wait", **draw(st.sampled_from(ways)), **_output(draw, style)}


def succeed(draw, style):
    """A Succeed state."""
    return {"Type": "Succeed", **({"Output": values(draw, style)} if rarely(draw, 2) else {})}


def fail(draw):
    """A Fail state."""
    cause = draw(st.sampled_from(["why", expression("$string($states.input)"), expression("$states.input.why")]))
    return {"Type": "Fail", "Error": draw(st.sampled_from(["A", expression("'A'")])), "Cause": cause}


def choice(draw, style, following, side):
    """A Choice with one rule."""
    tests = ["$states.context.Execution.Input.n > 1", "$exists($states.context.Execution.Input.a)", "true"]
    if not style.calm:
        tests += ["$states.input.n > 1", "$states.input"]
    rule = {"Condition": expression(draw(st.sampled_from(tests))), "Next": side, **_output(draw, style)}
    return {"Type": "Choice", "Choices": [rule], "Default": following, **_output(draw, style)}


def parallel(draw, style, following, branches):
    """A Parallel state over these branches."""
    fields = {"Arguments": values(draw, style)} if rarely(draw, 2) else {}
    fields = {"Type": "Parallel", "Branches": branches, **fields, **_output(draw, style, _WITH_RESULT)}
    return {**fields, **_caught(draw, style, following)}


def map_(draw, style, following, processor):
    """A Map state over arrays or objects, whichever way they are given."""
    items = [
        [1, expression("$states.context.Execution.Input.n")],
        {"a": expression("$states.context.Execution.Input.n"), "b": [1]},
        expression("$states.context.Execution.Input.items"),
        expression("$states.context.Execution.Input.named"),
        expression("[1..$states.context.Execution.Input.n]"),
    ]
    if not style.calm:
        items.append(expression("$states.input.items"))
    fields = {"Type": "Map", "Items": draw(st.sampled_from(items)), "ItemProcessor": processor}
    if rarely(draw, 2):
        limits = [2, expression("$states.context.Execution.Input.n")]
        fields["MaxConcurrency"] = draw(st.sampled_from(limits))
    if rarely(draw, 2):
        item = {"n": "$states.context.Map.Item.Value", "i": "$states.context.Map.Item.Index"}
        wild = [{"u": expression("$uuid()")}, {"key": expression("$states.context.Map.Item.Key")}]
        more = draw(st.sampled_from([{}, {}] if style.calm else [{}, {}, *wild]))
        fields["ItemSelector"] = {**{name: expression(text) for name, text in item.items()}, **more}
    return {**fields, **_output(draw, style, _WITH_RESULT), **_caught(draw, style, following)}
