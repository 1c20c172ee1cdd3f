"""What all states of random machines have in common: a style, small values, retriers."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from stage import ACTIVITY, CALLBACK, FUNCTION, INVOKE

PUT_OBJECT = "arn:aws:states:::aws-sdk:s3:putObject"

SMALL = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "ключ"]), st.just([]), st.just({}),
    st.just([1, {"a": 2}]), st.just({"a": {"b": [1, 2]}}), st.just(1.5),
)  # fmt: skip


@dataclass
class Style:
    """What a generated machine may do.

    calm: every failure is caught by its own state and no time or chance shows in a value, so that the order in which
    branches go on cannot matter; patient: no timeout is so short that a slow computer meets it.
    languages: of the machine's states; own, outer: the variables that the container at hand has assigned so far, and
    those around it.
    """

    calm: bool = False
    patient: bool = False
    resources: tuple[str, ...] = (FUNCTION, FUNCTION, INVOKE, CALLBACK, ACTIVITY, PUT_OBJECT)
    languages: str = "JSONPath"
    names: list = field(default_factory=list)
    own: list = field(default_factory=list)
    outer: list = field(default_factory=list)

    def name(self, kind):
        """A name that nobody has yet."""
        self.names.append(kind)
        return f"{kind}{len(self.names)}"

    def variable(self, draw):
        """A name to assign: a new one, for inner names must not repeat outer ones, or one assigned here before."""
        if self.own and rarely(draw, 3):
            return draw(st.sampled_from(self.own))
        self.own.append(self.name("v"))
        return self.own[-1]

    @property
    def variables(self):
        """What may be read here. Whether it has been assigned depends on the way."""
        return [*self.outer, *self.own]

    def is_jsonata(self, draw):
        """Is the next state a JSONata one?"""
        return self.languages == "JSONata" or (self.languages == "both" and rarely(draw, 2))


def rarely(draw, one_in=4):
    """True once in a while; shrinks to False."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def retriers(draw):
    """Retry, perhaps."""
    names = draw(st.lists(st.sampled_from(["A", "B", "States.TaskFailed", "States.Timeout"]), max_size=2))
    found = [{"ErrorEquals": [name], **_retrier(draw)} for name in names]
    if rarely(draw, 2):
        found.append({"ErrorEquals": ["States.ALL"], **_retrier(draw)})
    return {"Retry": found} if found else {}


def _retrier(draw):
    fields = {"MaxAttempts": draw(st.integers(0, 2)), "IntervalSeconds": draw(st.integers(1, 3))}
    if rarely(draw, 2):
        fields["BackoffRate"] = draw(st.sampled_from([1, 1.5, 2.0]))
    if rarely(draw):
        fields["MaxDelaySeconds"] = 4
    if rarely(draw):
        fields["JitterStrategy"] = "FULL"
    return fields
