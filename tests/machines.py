"""Random machines that the linter accepts, with all eight types of state nested, and scripts for their tasks."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from stage import ACTIVITY, CALLBACK, FUNCTION, INVOKE

PUT_OBJECT = "arn:aws:states:::aws-sdk:s3:putObject"
ERRORS = ("A", "B", "States.TaskFailed", None)

SMALL = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "ключ"]), st.just([]), st.just({}),
    st.just([1, {"a": 2}]), st.just({"a": {"b": [1, 2]}}), st.just(1.5),
)  # fmt: skip

INPUTS = st.fixed_dictionaries(
    {"n": st.integers(0, 3), "items": st.lists(st.integers(0, 3), max_size=4)}, optional={"a": SMALL}
)


@dataclass
class Style:
    """What a generated machine may do.

    calm: every failure is caught by its own state and no time or chance shows in a value, so that the order in which
    branches go on cannot matter; patient: no timeout is so short that a slow computer meets it.
    """

    calm: bool = False
    patient: bool = False
    resources: tuple[str, ...] = (
        FUNCTION,
        FUNCTION,
        INVOKE,
        CALLBACK,
        ACTIVITY,
        "arn:aws:states:::aws-sdk:s3:putObject",
    )
    names: list = field(default_factory=list)

    def name(self, kind):
        """A name that nobody has yet."""
        self.names.append(kind)
        return f"{kind}{len(self.names)}"


def rarely(draw, one_in=4):
    """True once in a while; shrinks to False."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def _path_fields(draw, style, *, result=True):
    fields = {}
    if rarely(draw):
        fields["InputPath"] = draw(st.sampled_from(["$", None, "$$.Execution.Input", "$.n"][: 3 if style.calm else 4]))
    if rarely(draw):
        fields["OutputPath"] = draw(st.sampled_from(["$", None, "$$.Execution.Input", "$.r"][: 3 if style.calm else 4]))
    if result and rarely(draw, 2):
        fields["ResultPath"] = draw(st.sampled_from([None, "$", "$.r", "$.r.s"][: 2 if style.calm else 4]))
    if rarely(draw, 8):
        fields["Assign"] = {style.name("v"): draw(SMALL)}  # inner names must not repeat outer ones
    return fields


def _template(draw, style):
    choices = [{}, {"k": 1, "all.$": "$$.Execution.Input"}, {"deep": [{"in.$": "$"}]}]
    if not style.calm:
        choices += [
            {"id.$": "States.UUID()"}, {"t.$": "$$.State.EnteredTime", "again.$": "$$.Execution.StartTime"},
            {"n.$": "$.n"}, {"dice.$": "States.MathRandom(1, 6)"},
        ]  # fmt: skip
    return draw(st.sampled_from(choices))


def _retriers(draw):
    names = draw(st.lists(st.sampled_from(["A", "B", "States.TaskFailed", "States.Timeout"]), max_size=2))
    retriers = [{"ErrorEquals": [name], **_retrier(draw)} for name in names]
    if rarely(draw, 2):
        retriers.append({"ErrorEquals": ["States.ALL"], **_retrier(draw)})
    return {"Retry": retriers} if retriers else {}


def _retrier(draw):
    fields = {"MaxAttempts": draw(st.integers(0, 2)), "IntervalSeconds": draw(st.integers(1, 3))}
    if rarely(draw, 2):
        fields["BackoffRate"] = draw(st.sampled_from([1, 1.5, 2.0]))
    if rarely(draw):
        fields["MaxDelaySeconds"] = 4
    if rarely(draw):
        fields["JitterStrategy"] = "FULL"
    return fields


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
    return {**fields, **_retriers(draw), **_catchers(draw, style, following)}


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


def _parallel(draw, style, following, depth):
    branches = [container(draw, style, depth + 1) for _ in range(draw(st.integers(1, 3)))]
    fields = {"Type": "Parallel", "Branches": branches, **_path_fields(draw, style)}
    return {**fields, **_retriers(draw), **_catchers(draw, style, following)}


def _map(draw, style, following, depth):
    fields = {
        "Type": "Map",
        "ItemsPath": "$$.Execution.Input.items",
        draw(st.sampled_from(["ItemProcessor", "Iterator"])): container(draw, style, depth + 1),
        **_path_fields(draw, style),
    }
    if rarely(draw, 2):
        fields["MaxConcurrency"] = draw(st.integers(0, 3))
    if rarely(draw, 2):
        fields["ItemSelector"] = {"n.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "more": True}
    return {**fields, **_retriers(draw), **_catchers(draw, style, following)}


def _choice(draw, style, following, states):
    """A Choice with a way to a Fail or Succeed, or back to where a Wait leads."""
    test = draw(st.sampled_from([{"IsPresent": True}, {"NumericGreaterThan": 1}, {"NumericEquals": 0}]))
    rule = {"Variable": "$$.Execution.Input.n", **test}
    if not style.calm and rarely(draw, 8):
        rule = {"Variable": "$.n", **test}
    kinds = ["Succeed", "Pass"] if style.calm else ["Succeed", "Fail", "Loop", "Pass"]
    kind = draw(st.sampled_from(kinds))
    side = style.name(kind)
    if kind == "Succeed":
        states[side] = {"Type": "Succeed"}
    elif kind == "Fail":
        states[side] = {"Type": "Fail", **({"Error": "A", "Cause": "why"} if rarely(draw, 2) else {})}
    elif kind == "Pass":
        states[side] = {"Type": "Pass", "Next": following}
    else:
        states[side] = {"Type": "Wait", "Seconds": draw(st.integers(2, 9)), "Next": next(iter(states))}
    return {"Type": "Choice", "Choices": [{**rule, "Next": side}], "Default": following}


def container(draw, style, depth):
    """A chain of states, each leading to the next; choices and catchers make the detours."""
    kinds = ["Pass", "Task", "Task", "Wait", "Choice"] + (["Parallel", "Map"] if depth < 2 else [])
    chosen = draw(st.lists(st.sampled_from(kinds), max_size=3 if depth else 4))
    names = [style.name(kind) for kind in chosen] + [style.name("Last")]
    states = {}
    for name, kind, following in zip(names, chosen, names[1:], strict=False):
        states[name] = {}  # holds the place: the first state is where loops lead back to
        if kind in ("Parallel", "Map"):
            states[name] = {"Parallel": _parallel, "Map": _map}[kind](draw, style, following, depth)
        elif kind == "Choice":
            states[name] = _choice(draw, style, following, states)
        else:
            states[name] = {"Pass": _pass, "Task": _task, "Wait": _wait}[kind](draw, style, following)
        if kind != "Choice":
            states[name]["Next"] = following
    last = draw(st.sampled_from(["Pass", "Succeed"]))
    states[names[-1]] = {"Type": "Succeed"} if last == "Succeed" else {"Type": "Pass", "End": True}
    return {"StartAt": names[0], "States": states}


@st.composite
def machines(draw, **style):
    """The definition of a random machine. `style`: fields of Style."""
    style = Style(**style)
    definition = container(draw, style, 0)
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
