"""The list of codes: everything a definition can be told, one line each.

ASL1xx text, 2xx structure, 3xx flow, 4xx data, 5xx errors and retry, 6xx resources. A code has one severity:
an error is what AWS refuses, a warning what AWS accepts and its writer hardly wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .diagnostics import Severity


class Code(NamedTuple):
    """What a code stands for. aws: AWS's own code for the same fault, empty where it has none."""

    severity: Severity
    title: str
    aws: str = ""


_SCHEMA = "SCHEMA_VALIDATION_FAILED"
_JSON = "INVALID_JSON_DESCRIPTION"
_TARGET = "MISSING_TRANSITION_TARGET"

CODES: Final[Mapping[str, Code]] = {
    # text
    "ASL101": Code("error", "The definition is no text.", _SCHEMA),
    "ASL102": Code("error", "The definition is empty.", _SCHEMA),
    "ASL103": Code("error", "The text is no JSON.", _JSON),
    "ASL104": Code("error", "A comma is missing.", _JSON),
    "ASL105": Code("error", "A comma stands before a closing bracket.", _JSON),
    "ASL106": Code("error", "A bracket is not closed.", _JSON),
    "ASL107": Code("error", "Something follows the end of the definition.", _JSON),
    "ASL108": Code("error", "A key stands twice in one object.", _JSON),
    "ASL109": Code("error", "A string is not closed, or holds what must be escaped.", _JSON),
    "ASL110": Code("error", "A string holds half a character (a lone surrogate).", _JSON),
    "ASL111": Code("error", "A number is not written as JSON writes numbers.", _JSON),
    "ASL112": Code("error", "The definition is larger than 1 MiB.", _SCHEMA),
    "ASL113": Code("error", "The definition is nested too deeply.", "TOO_DEEPLY_NESTED"),
    # structure
    "ASL201": Code("error", "The definition is no JSON object.", _SCHEMA),
    "ASL202": Code("error", "A required field is missing.", _SCHEMA),
    "ASL203": Code("error", "A field is not known here.", _SCHEMA),
    "ASL204": Code("error", "A field belongs to the other query language.", _SCHEMA),
    "ASL205": Code("error", "A value is of the wrong type.", _SCHEMA),
    "ASL206": Code("error", "A value is not one of those allowed.", _SCHEMA),
    "ASL207": Code("error", "A number is out of its range.", _SCHEMA),
    "ASL208": Code("error", "Fields exclude each other.", _SCHEMA),
    "ASL209": Code("error", "One of several fields is needed.", _SCHEMA),
    "ASL210": Code("error", "Something is empty that must not be.", _SCHEMA),
    "ASL211": Code("error", "A state of a JSONata machine cannot use JSONPath.", _SCHEMA),
    "ASL212": Code("warning", "A nested state of a JSONata machine uses JSONPath."),
    "ASL213": Code("error", "A state's name is longer than 80 characters.", "INVALID_STATE_NAME"),
    "ASL214": Code("error", "Two states have the same name.", "DUPLICATE_STATE_NAME"),
    "ASL215": Code("error", "A label is too long or holds a forbidden character.", "INVALID_LABEL_NAME"),
    "ASL216": Code("error", "Two Maps have the same label.", "DUPLICATE_LABEL_NAME"),
    "ASL217": Code("warning", "A field has no effect in an inline Map."),
    "ASL218": Code("error", "A field needs another beside it.", _SCHEMA),
    # flow
    "ASL301": Code("error", "StartAt names no state.", _TARGET),
    "ASL302": Code("error", "A transition leads to no state.", _TARGET),
    "ASL303": Code("error", "A transition leads out of its branch or into another.", _TARGET),
    "ASL304": Code("error", "A state has neither Next nor End.", _SCHEMA),
    "ASL305": Code("error", "A state has both Next and End.", _SCHEMA),
    "ASL306": Code("error", "A state cannot be reached.", _TARGET),
    "ASL307": Code("error", "No state ends the machine.", "MISSING_END_STATE"),
    "ASL308": Code("warning", "A Choice has no Default."),
    # data
    "ASL401": Code("error", "A path is no JSONPath.", _SCHEMA),
    "ASL402": Code("error", "A path must name exactly one place of the input.", _SCHEMA),
    "ASL403": Code("error", "An intrinsic function call is not valid.", _SCHEMA),
    "ASL404": Code("error", "A key ends in .$ and its value is no string.", _SCHEMA),
    "ASL405": Code("error", "A key stands with and without .$.", _SCHEMA),
    "ASL406": Code("error", "Intrinsic functions are not allowed here.", _SCHEMA),
    "ASL407": Code("warning", "A value looks like a path, and its key lacks .$."),
    "ASL408": Code("warning", "A value looks like a path, and its field takes it as text."),
    "ASL409": Code("warning", "The Result of a Pass is never evaluated."),
    "ASL410": Code("error", "A timestamp is not in RFC 3339 form.", _SCHEMA),
    "ASL411": Code("error", "A JSONata expression is not enclosed in {% and %}.", "INVALID_JSONATA_EXPRESSION"),
    "ASL412": Code(
        "error", "A JSONata expression stands without blanks between {% and %}.", "INVALID_JSONATA_EXPRESSION"
    ),
    "ASL413": Code("warning", "Blanks around {% and %} make an expression plain text."),
    "ASL414": Code("warning", "A JSONata expression in a JSONPath state is plain text."),
    "ASL415": Code("warning", "A key ends in .$ in a JSONata state, where it means nothing."),
    "ASL416": Code("error", "A variable's name is not valid.", _SCHEMA),
    "ASL417": Code("error", "A variable is assigned here and further out.", _SCHEMA),
    "ASL418": Code("warning", "A variable is never assigned."),
    "ASL419": Code("warning", "A distributed Map's children do not see outer variables."),
    "ASL420": Code("error", "A comparison and its Variable belong together.", _SCHEMA),
    "ASL421": Code("error", "An intrinsic function here must return a string.", _SCHEMA),
    "ASL422": Code("warning", "A path may find several values where one is needed."),
    "ASL423": Code("error", "A JSONata expression does not parse.", "INVALID_JSONATA_EXPRESSION"),
    # errors and retry
    "ASL501": Code("error", "States.ALL must stand alone.", _SCHEMA),
    "ASL502": Code("error", "States.ALL must come last.", _SCHEMA),
    "ASL503": Code("warning", "No error of this name begins with States."),
    "ASL504": Code("error", "HeartbeatSeconds must be smaller than TimeoutSeconds.", _SCHEMA),
    "ASL505": Code("warning", "MaxDelaySeconds should be greater than IntervalSeconds."),
    "ASL506": Code("warning", "States.Runtime is never retried."),
    "ASL507": Code("warning", "HeartbeatSeconds equals TimeoutSeconds."),
    # resources
    "ASL601": Code("error", "A Resource is no ARN.", _SCHEMA),
    "ASL602": Code("warning", "A Resource is still a placeholder."),
    "ASL603": Code("warning", "A Resource names nothing that Step Functions can call."),
    "ASL604": Code("error", "No such action of an optimized service.", _SCHEMA),
    "ASL605": Code("error", "The action cannot be waited for this way.", _SCHEMA),
    "ASL606": Code("warning", "The action is not known to take a task token."),
    "ASL607": Code("error", "EXPRESS machines cannot do this.", _SCHEMA),
    "ASL608": Code("warning", "The task token is never passed on."),
    "ASL609": Code("error", "Items and results are read from and written to S3 only.", _SCHEMA),
}
