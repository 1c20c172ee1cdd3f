"""What the children of a distributed Map run, as part of a machine's definition: it is found by the Map's label.

(spec: distributed-map, Label)
"""

from __future__ import annotations

from sfn_notebook.asl.model import State
from sfn_notebook.engine.states.distributed import child_machine, label_of

from .account import Revision
from .pending import Answer


def labelled_map(revision: Revision, label: str) -> State | None:
    """The distributed Map with this label, which may stand in another one; None if there is none."""
    return next((state for state in revision.definition.program.distributed if label_of(state) == label), None)


def execution_type(state: State) -> str:
    """STANDARD or EXPRESS: what the children of a Map are."""
    processor = state.fields.get("ItemProcessor", state.fields.get("Iterator"))
    found: str = processor["ProcessorConfig"]["ExecutionType"]
    return found


def labelled_answer(revision: Revision, state: State) -> Answer:
    """What descriptions of a Map's children have in common: the machine's, with their part of the definition."""
    machine = child_machine(state)
    answer = revision.answer() | {"definition": machine.text, "label": label_of(state)}
    inner = {state.name for state in machine.walk()}
    references = {name: read for name, read in answer.pop("variableReferences", {}).items() if name in inner}
    return answer | ({"variableReferences": references} if references else {})
