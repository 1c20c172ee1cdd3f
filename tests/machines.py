"""Random machines that the linter accepts, with all eight types of state nested, in either query language or in both,
and scripts for their tasks.
"""

from dataclasses import dataclass

import jsonata_states
from hypothesis import strategies as st
from machine_style import SMALL, Style, rarely, retriers
from stage import ACTIVITY, CALLBACK, INVOKE

ERRORS = ("A", "B", "States.TaskFailed", None)

INPUTS = st.fixed_dictionaries(
    {
        "n": st.integers(0, 3),
        "items": st.lists(st.integers(0, 3), max_size=4),
        "named": st.dictionaries(st.sampled_from(["a", "b", "ключ"]), st.integers(0, 3), max_size=3),
    },
    optional={"a": SMALL},
)


def _path_fields(draw, style, *, result=True):
    fields = {}
    if rarely(draw):
        fields["InputPath"] = draw(st.sampled_from(["$", None, "$$.Execution.Input", "$.n"][: 3 if style.calm else 4]))
    if rarely(draw):
        fields["OutputPath"] = draw(st.sampled_from(["$", None, "$$.Execution.Input", "$.r"][: 3 if style.calm else 4]))
    if result and rarely(draw, 2):
        fields["ResultPath"] = draw(st.sampled_from([None, "$", "$.r", "$.r.s"][: 2 if style.calm else 4]))
    if rarely(draw, 8):
        fields["Assign"] = {style.variable(draw): draw(SMALL)}
    return fields


def _template(draw, style):
    choices = [{}, {"k": 1, "all.$": "$$.Execution.Input"}, {"deep": [{"in.$": "$"}]}]
    if not style.calm:
        choices += [
            {"id.$": "States.UUID()"}, {"t.$": "$$.State.EnteredTime", "again.$": "$$.Execution.StartTime"},
            {"n.$": "$.n"}, {"dice.$": "States.MathRandom(1, 6)"}, *({"v.$": f"${name}"} for name in style.variables),
        ]  # fmt: skip
    return draw(st.sampled_from(choices))


def _catchers(draw, style, target):
    # A calm machine forgets which error it was: another order of branches may bring another one first.
    if style.calm:
        return {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": target, "ResultPath": None}]}
    catchers = []
    for name in draw(st.lists(st.sampled_from(["A", "States.Timeout", "States.ALL"]), max_size=2, unique=True)):
        fields = {"ErrorEquals": [name], "Next": target}
        if rarely(draw, 2):
            fields["ResultPath"] = draw(st.sampled_from([None, "$.error", "$"]))
        catchers.append(fields)
    return {"Catch": sorted(catchers, key=lambda c: c["ErrorEquals"] == ["States.ALL"])} if catchers else {}


def _task(draw, style, following):
    fields = {"Type": "Task", "Resource": draw(st.sampled_from(style.resources)), **_path_fields(draw, style)}
    if fields["Resource"] == INVOKE:
        fields["Parameters"] = {"FunctionName": "f", "Payload.$": "$"}
    elif fields["Resource"] == CALLBACK:
        fields["Parameters"] = {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}
    elif rarely(draw):
        fields["Parameters"] = _template(draw, style)
    if rarely(draw):
        fields["ResultSelector"] = {"kept.$": "$"}
    if not style.calm and rarely(draw, 3):
        fields["TimeoutSeconds"] = draw(st.integers(2, 4)) * (30 if style.patient else 1)
        if fields["Resource"] in (CALLBACK, ACTIVITY):
            fields["HeartbeatSeconds"] = fields["TimeoutSeconds"] // 2
    return {**fields, **retriers(draw), **_catchers(draw, style, following)}


def _pass(draw, style, _following):
    fields = {"Type": "Pass", **_path_fields(draw, style)}
    if rarely(draw, 2):
        fields["Result"] = draw(SMALL)
    elif rarely(draw, 2):
        fields["Parameters"] = _template(draw, style)
    return fields


def _wait(draw, style, _following):
    ways = [{"Seconds": 0}, {"Seconds": 1}, {"Seconds": 3}, {"Timestamp": "2020-01-01T00:00:00Z"}]
    if not style.calm:
        ways += [{"SecondsPath": "$.n"}, {"TimestampPath": "$$.Execution.StartTime"}]
    return {"Type": "Wait", **draw(st.sampled_from(ways)), **_path_fields(draw, style, result=False)}


def _parallel(draw, style, following, branches):
    fields = {"Type": "Parallel", "Branches": branches, **_path_fields(draw, style)}
    return {**fields, **retriers(draw), **_catchers(draw, style, following)}


def _map(draw, style, following, processor):
    fields = {
        "Type": "Map",
        "ItemsPath": draw(st.sampled_from(["$$.Execution.Input.items", "$$.Execution.Input.named"])),
        draw(st.sampled_from(["ItemProcessor", "Iterator"])): processor,
        **_path_fields(draw, style),
    }
    if rarely(draw, 2):
        fields["MaxConcurrency"] = draw(st.integers(0, 3))
    if rarely(draw, 2):
        fields["ItemSelector"] = {"n.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "more": True}
    return {**fields, **retriers(draw), **_catchers(draw, style, following)}


def _choice(draw, style, following, side):
    test = draw(st.sampled_from([{"IsPresent": True}, {"NumericGreaterThan": 1}, {"NumericEquals": 0}]))
    rule = {"Variable": "$$.Execution.Input.n", **test}
    if not style.calm and rarely(draw, 8):
        rule = {"Variable": "$.n", **test}
    return {"Type": "Choice", "Choices": [{**rule, "Next": side}], "Default": following}


def _side(draw, style, following, states):
    """The name of a state to which a Choice may lead: a Fail or Succeed, or a Wait from which it goes back."""
    kind = draw(st.sampled_from(["Succeed", "Pass"] if style.calm else ["Succeed", "Fail", "Loop", "Pass"]))
    name, is_jsonata = style.name(kind), style.is_jsonata(draw)
    if kind == "Succeed":
        state = jsonata_states.succeed(draw, style) if is_jsonata else {"Type": "Succeed"}
    elif kind == "Fail" and is_jsonata:
        state = jsonata_states.fail(draw)
    elif kind == "Fail":
        state = {"Type": "Fail", **({"Error": "A", "Cause": "why"} if rarely(draw, 2) else {})}
    elif kind == "Pass":
        state = {"Type": "Pass", "Next": following}
    else:
        state = {"Type": "Wait", "Seconds": draw(st.integers(2, 9)), "Next": next(iter(states))}
    states[name] = _in_language(style, state, is_jsonata)
    return name


def _in_language(style, state, is_jsonata):
    """The state, saying what its language is where the machine's is another."""
    return {**state, "QueryLanguage": "JSONata"} if is_jsonata and style.languages == "both" else state


JSONPATH = {"Pass": _pass, "Task": _task, "Wait": _wait, "Choice": _choice, "Parallel": _parallel, "Map": _map}
JSONATA = {
    "Pass": jsonata_states.pass_,
    "Task": jsonata_states.task,
    "Wait": jsonata_states.wait,
    "Choice": jsonata_states.choice,
    "Parallel": jsonata_states.parallel,
    "Map": jsonata_states.map_,
}


def _state(draw, style, kind, following, states, depth):
    is_jsonata = style.is_jsonata(draw)
    inside = ()
    if kind == "Choice":
        inside = (_side(draw, style, following, states),)
    elif kind == "Map":
        inside = (container(draw, style, depth + 1),)
    elif kind == "Parallel":
        inside = ([container(draw, style, depth + 1) for _ in range(draw(st.integers(1, 3)))],)
    state = (JSONATA if is_jsonata else JSONPATH)[kind](draw, style, following, *inside)
    return _in_language(style, state if kind == "Choice" else {**state, "Next": following}, is_jsonata)


def container(draw, style, depth):
    """A chain of states, each leading to the next; choices and catchers make the detours."""
    around = style.outer, style.own
    style.outer, style.own = style.variables, []
    kinds = ["Pass", "Task", "Task", "Wait", "Choice"] + (["Parallel", "Map"] if depth < 2 else [])
    chosen = draw(st.lists(st.sampled_from(kinds), max_size=3 if depth else 4))
    names = [style.name(kind) for kind in chosen] + [style.name("Last")]
    states = {}
    for name, kind, following in zip(names, chosen, names[1:], strict=False):
        states[name] = {}  # holds the place: the first state is where loops lead back to
        states[name] = _state(draw, style, kind, following, states, depth)
    states[names[-1]] = _last(draw, style)
    style.outer, style.own = around
    return {"StartAt": names[0], "States": states}


def _last(draw, style):
    is_jsonata = style.is_jsonata(draw)
    if draw(st.sampled_from(["Pass", "Succeed"])) == "Pass":
        state = {**(jsonata_states.pass_(draw, style, None) if is_jsonata else {"Type": "Pass"}), "End": True}
    else:
        state = jsonata_states.succeed(draw, style) if is_jsonata else {"Type": "Succeed"}
    return _in_language(style, state, is_jsonata)


@st.composite
def machines(draw, **style):
    """The definition of a random machine. `style`: fields of Style."""
    languages = draw(st.sampled_from(["JSONPath", "both", "both", "JSONata"]))
    style = Style(languages=languages, **style)
    definition = container(draw, style, 0)
    if languages == "JSONata":
        definition["QueryLanguage"] = "JSONata"
    if not style.calm:
        definition["TimeoutSeconds"] = draw(st.integers(20, 40))  # loops wait, so this ends them
    return definition


@dataclass(frozen=True)
class Outcome:
    """What a task does: gives `value`, fails, or (in a script by hand) never answers."""

    kind: str
    value: object = None


def outcomes(*, silent=False):
    """The outcome of one call of a task."""
    ways = [
        st.builds(Outcome, st.just("return"), SMALL),
        st.builds(Outcome, st.just("return"), SMALL),
        st.builds(Outcome, st.just("error"), st.sampled_from(ERRORS)),
    ]
    return st.one_of(*ways, *([st.just(Outcome("silence"))] if silent else []))


def scripts(*, silent=False):
    """Outcomes, one per call in their order; the list begins again at its end."""
    return st.lists(outcomes(silent=silent), min_size=1, max_size=8)
