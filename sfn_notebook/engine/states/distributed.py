"""The Distributed Map: a state whose iterations are executions of their own, in a Map Run.  (spec: distributed-map)

Here everything that the Map Run needs is resolved; running it is somebody else's work, as a task's is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sfn_notebook.asl.model import Machine, State
from sfn_notebook.engine.commands import MapWork, RunMap
from sfn_notebook.engine.dataflow import assign_flow, input_flow, output_flow
from sfn_notebook.engine.events import ENTERED, FANOUT_FAILED, FANOUT_SUCCEEDED, MAP_RUN
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.frames import drawn_uuid
from sfn_notebook.engine.jsonata_flow import computed, typed_flow, value_flow
from sfn_notebook.engine.program import PARK, Program, Step, successor
from sfn_notebook.engine.tap import tapped
from sfn_notebook.query.jsonata import EvaluationError
from sfn_notebook.query.jsonata_template import Expected, expression_in
from sfn_notebook.query.scope import QueryError
from sfn_notebook.query.template import compile_template
from sfn_notebook.values import JSON, Absent, dumps

from .fanout import (
    float_at,
    integer_at,
    item_in_context,
    item_selector,
    items_flow,
    max_concurrency,
    whole_at,
)

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution
    from sfn_notebook.engine.frames import Frame

Setting = Callable[[JSON, "Frame"], Any]
"""(effective input, frame) → what a field says."""


def compile_distributed(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    fields, following = state.fields, successor(state, steps)
    take, give, assign = input_flow(state), output_flow(state), assign_flow(state)
    reads = "ItemReader" in fields
    items_of, limit_of = None if reads else items_flow(state), max_concurrency(state)
    plan = _plan(step, state)
    entered, succeeded = ENTERED["Map"], FANOUT_SUCCEEDED["Map"]

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        frame.arrive(step)
        return attempt(execution, frame)

    def attempt(execution: Execution, frame: Frame) -> Step:
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        limit = limit_of(data, frame)
        items = None if items_of is None else items_of(data, bound, frame)[0]
        frame.previous = execution.record(MAP_RUN.scheduled, frame.previous, step.name, len(items or ()))
        work = plan(execution, frame, data, bound)._replace(items=items, max_concurrency=limit)
        frame.previous = execution.record(MAP_RUN.started, frame.previous, step.name, work.map_run_arn)
        execution.commands.append(RunMap(execution.await_outside(frame), work))
        return PARK

    def complete(execution: Execution, frame: Frame, result: JSON, bound: int) -> Step:
        execution.record(succeeded, frame.previous, step.name, None)  # Exited points at the same event
        variables = assign(result, frame) if assign is not None else None
        if give is not None:
            result, bound = give(frame.value, frame.bound, result, bound, frame)
        execution.exited(frame, step, result, bound, variables)
        return following

    step.task, step.works_outside, step.given_up = (None, MAP_RUN), True, FANOUT_FAILED["Map"]
    step.enter, step.attempt, step.complete = enter, attempt, complete


def _plan(step: Step, state: State) -> Callable[[Execution, Frame, JSON, int], MapWork]:
    """What resolves all of a Map Run but its items."""
    fields, select = state.fields, item_selector(state)
    processor = fields.get("ItemProcessor", fields.get("Iterator"))
    label = label_of(state)
    program = Program(child_machine(state), step.start_steps[0])
    tolerated_count, tolerated_percentage = _tolerated_count(state), _tolerated_percentage(state)
    reader, batcher, writer = _reader(state), _batcher(state), _writer(state)

    def plan(execution: Execution, frame: Frame, data: JSON, bound: int) -> MapWork:
        def selected(index: int, value: JSON, key: str | Absent, source: str) -> JSON:
            frame.item = item_in_context(index, value, key, source)
            try:
                return select(data, bound, frame)[0] if select is not None else value
            except QueryError as error:
                raise execution.failed_item(frame, error) from None
            finally:
                frame.item = None

        count, percentage = tolerated_count(data, frame), tolerated_percentage(data, frame)
        return MapWork(
            map_run_arn=_map_run_arn(execution, frame, label),
            label=label,
            program=program,
            execution_type=processor["ProcessorConfig"]["ExecutionType"],
            items=None,
            select=None if select is None else selected,
            reader=None if reader is None else reader(data, frame),
            batcher=None if batcher is None else batcher(data, frame),
            writer=None if writer is None else writer(data, frame),
            max_concurrency=0,
            tolerated_failure_count=count,
            tolerated_failure_percentage=percentage,
        )

    return plan


def child_machine(state: State) -> Machine:
    """The item processor as a machine of its own: its text can travel."""
    container, processor = state.containers[0], state.fields.get("ItemProcessor", state.fields.get("Iterator"))
    fields = {name: value for name, value in processor.items() if name != "ProcessorConfig"}
    text = dumps({"QueryLanguage": container.query_language, **fields})
    return Machine(container, container.query_language, None, processor.get("Comment"), text)


def label_of(state: State) -> str:
    """What the Map is called in ARNs: its Label, or else one that is the same for the same text."""
    label: str | None = state.fields.get("Label")
    if label:
        return label
    digits = sha256(f"{state.pointer}\x1f{dumps(state.fields)}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}"


def _map_run_arn(execution: Execution, frame: Frame, label: str) -> str:
    start = execution.start
    account = start.execution_arn.split(":")[4]
    machine = start.state_machine_name.partition("/")[0]
    run = drawn_uuid(start.seed, frame.target, "mapRun")
    return f"arn:aws:states:{start.region}:{account}:mapRun:{machine}/{label}:{run}"


# ------------------------------------------------------------ tolerated failures


def _tolerated_count(state: State) -> Setting:
    def checked(value: int) -> int:
        if value < 0:
            raise QueryError(RUNTIME, "ToleratedFailureCount cannot be negative.")
        return value

    return _number(state, "ToleratedFailureCount", "integer", checked)


def _tolerated_percentage(state: State) -> Setting:
    def checked(value: float) -> float:
        if not 0 <= value <= 100:
            raise QueryError(RUNTIME, "ToleratedFailurePercentage must be between 0 and 100.")
        return float(value)

    return _number(state, "ToleratedFailurePercentage", "number", checked)


def _number(state: State, name: str, expected: Expected, checked: Callable[[Any], Any]) -> Setting:
    """A number written out, at the path of its …Path field, or computed by a JSONata expression."""
    fields, path_name = state.fields, f"{name}Path"
    if path_name in fields:
        return _number_at(fields[path_name], path_name, expected, checked)
    if state.is_jsonata and expression_in(fields.get(name)) is not None:
        number_of = computed(typed_flow(fields[name], name, expected))
        return lambda data, frame: checked(number_of(data, frame))
    literal = fields.get(name)
    return lambda _data, _frame: literal


def _number_at(text: str, field: str, expected: Expected, checked: Callable[[Any], Any]) -> Setting:
    number_at = integer_at(text, field) if expected == "integer" else float_at(text, field)
    return lambda data, frame: checked(number_at(data, frame))


# ------------------------------------------------------------ where items come from, and results go


def _arguments(state: State, holder: Mapping[str, JSON], site: str) -> Setting:
    """Parameters or Arguments of ItemReader and ResultWriter."""
    if state.is_jsonata:
        return computed(typed_flow(holder.get("Arguments", {}), f"{site}/Arguments", "object"))
    return tapped(f"{site}/Parameters", compile_template(holder.get("Parameters", {}), "Parameters").evaluate)


def _reader(state: State) -> Setting | None:
    if "ItemReader" not in state.fields:
        return None
    holder = state.fields["ItemReader"]
    config = dict(holder.get("ReaderConfig", {}))
    parameters, max_items = _arguments(state, holder, "ItemReader"), _max_items(state, config)
    config.pop("MaxItemsPath", None)

    def reader(data: JSON, frame: Frame) -> dict[str, Any]:
        most = max_items(data, frame)
        given = config if most is None else {**config, "MaxItems": most}
        return {"Resource": holder["Resource"], "Parameters": parameters(data, frame), "ReaderConfig": given}

    return reader


def _max_items(state: State, config: Mapping[str, JSON]) -> Setting:
    if "MaxItemsPath" in config:
        return _number_at(config["MaxItemsPath"], "MaxItemsPath", "integer", lambda value: value)
    if state.is_jsonata and expression_in(config.get("MaxItems")) is not None:
        return computed(typed_flow(config["MaxItems"], "ItemReader/ReaderConfig/MaxItems", "integer"))
    literal = config.get("MaxItems")
    return lambda _data, _frame: literal


def _batcher(state: State) -> Setting | None:
    if "ItemBatcher" not in state.fields:
        return None
    holder = state.fields["ItemBatcher"]
    limits = {name: _batch_limit(state, holder, name) for name in ("MaxItemsPerBatch", "MaxInputBytesPerBatch")}
    given: Setting | None = None
    if "BatchInput" in holder:
        site = "ItemBatcher/BatchInput"
        jsonata = computed(value_flow(holder["BatchInput"], site)) if state.is_jsonata else None
        given = jsonata or tapped(site, compile_template(holder["BatchInput"], "BatchInput").evaluate)

    def batcher(data: JSON, frame: Frame) -> dict[str, Any]:
        out = {name: limit(data, frame) for name, limit in limits.items()}
        return out if given is None else {**out, "BatchInput": given(data, frame)}

    return batcher


def _batch_limit(state: State, holder: Mapping[str, JSON], name: str) -> Setting:
    path_name = f"{name}Path"
    if path_name in holder:
        return whole_at(holder[path_name], path_name)
    if state.is_jsonata and expression_in(holder.get(name)) is not None:
        site = f"ItemBatcher/{name}"
        number_of = computed(typed_flow(holder[name], site, "integer"))

        def positive(data: JSON, frame: Frame) -> int:
            number: int = number_of(data, frame)
            if number <= 0:
                raise EvaluationError(site, f"The {site} field must be a positive integer: {number}")
            return number

        return positive
    literal = holder.get(name)
    return lambda _data, _frame: literal


def _writer(state: State) -> Setting | None:
    if "ResultWriter" not in state.fields:
        return None
    holder = state.fields["ResultWriter"]
    parameters = _arguments(state, holder, "ResultWriter")

    def writer(data: JSON, frame: Frame) -> dict[str, Any]:
        return {
            "Resource": holder.get("Resource"),
            "Parameters": parameters(data, frame),
            "WriterConfig": holder.get("WriterConfig", {}),
        }

    return writer
