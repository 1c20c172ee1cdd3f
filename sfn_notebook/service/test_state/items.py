"""The items of a Map, and the inputs that its iterations would have.  (spec: test-state, stateConfiguration)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from sfn_notebook.engine.commands import MapWork, RunMap
from sfn_notebook.engine.states.fanout import STATE_DATA
from sfn_notebook.engine.trial import Item, Trial
from sfn_notebook.integrations.buckets import LocalBuckets
from sfn_notebook.integrations.items import Batcher, ItemReaderFailed, Reader, batches, child_input, read_items
from sfn_notebook.service.faults import validation
from sfn_notebook.values import ABSENT, JSON, NotJSON, loads

THRESHOLD: Final = "States.ExceedToleratedFailureThreshold"
THRESHOLD_CAUSE: Final = "The specified tolerated failure threshold was exceeded"


class Iterations:
    """What a Map under test iterates over, as far as it is known.

    items: None where an ItemReader would have to be asked, and nobody has said what it reads; selected: what
    ItemSelector has made of them, None if it failed; batched: what ItemBatcher has made of those, None without one.
    """

    def __init__(self, trial: Trial, reader_data: str | None) -> None:
        """`trial` waits for its iterations. What fails here makes it fail."""
        self.items: list[JSON] | None = None
        self.selected: list[JSON] | None = None
        self.batched: list[JSON] | None = None
        self._trial = trial
        work = trial.command.work if isinstance(trial.command, RunMap) else None
        if work is None:
            self._inline()
        else:
            self._distributed(work, reader_data)

    def is_exceeded(self, failures: int) -> bool:
        """Are so many failed items more than the state tolerates?

        Raises: ServiceError ValidationException if there are not so many.
        """
        count = None if self.items is None else len(self.items)
        if count is not None and failures > count:
            raise validation("Map iteration failure count must be less than or equal to the number of Map iterations")
        work = self._trial.command.work if isinstance(self._trial.command, RunMap) else None
        if work is None:
            return False
        most, percentage = work.tolerated_failure_count, work.tolerated_failure_percentage
        if most is not None and failures > most:
            return True
        return percentage is not None and bool(count) and failures * 100 > percentage * (count or 0)

    def _inline(self) -> None:
        found = self._trial.items
        self.items = list(found.values()) if isinstance(found, dict) else found
        self._trial.select_rest()
        if self._trial.is_waiting:
            heard = self._trial.heard
            self.selected = heard.get("ItemSelector", heard.get("Parameters", self.items))

    def _distributed(self, work: MapWork, reader_data: str | None) -> None:
        trial, items = self._trial, self._sourced(work, reader_data)
        if items is None:
            return
        self.items = [value for value, _, _ in items]
        selected = trial.select(items)
        if not trial.is_waiting:
            return
        self.selected = selected
        if work.batcher is not None:
            batcher = _batcher(work.batcher)
            self.batched = [child_input(batch, batcher) for batch in batches(selected, batcher)]

    def _sourced(self, work: MapWork, reader_data: str | None) -> list[Item] | None:
        if work.reader is None:
            found = self._trial.items or []
            if isinstance(found, dict):
                return [(value, key, STATE_DATA) for key, value in found.items()]
            return [(value, ABSENT, STATE_DATA) for value in found]
        if reader_data is None:
            return None
        try:
            return list(_read(work.reader, reader_data))
        except ItemReaderFailed as error:
            self._trial.fail_with("States.ItemReaderFailed", error.cause)
            return None


def _batcher(limits: Mapping[str, Any]) -> Batcher:
    batcher = Batcher(max_items=limits["MaxItemsPerBatch"], batch_input=limits.get("BatchInput", ABSENT))
    most = limits["MaxInputBytesPerBatch"]
    return batcher if most is None else replace(batcher, max_bytes=most)


def _read(holder: Mapping[str, Any], text: str) -> Iterator[Item]:
    """What the reader finds in the text of its source.  Raises: ItemReaderFailed."""
    config, given = holder["ReaderConfig"], holder["Parameters"]
    parameters = given if isinstance(given, dict) else {}
    source = _source(parameters)
    if str(holder["Resource"]).endswith(":listObjectsV2") and config.get("Transformation", "NONE") == "NONE":
        for found in _listed(text)[: config.get("MaxItems") or None]:
            yield found, ABSENT, source
        return
    place = {"Bucket": str(parameters.get("Bucket") or "bucket"), "Key": str(parameters.get("Key") or "key")}
    buckets = LocalBuckets({place["Bucket"]: {place["Key"]: text}})
    for item in read_items(Reader("arn:aws:states:::s3:getObject", dict(place), dict(config)), buckets):
        yield item.value, item.key, source


def _source(parameters: Mapping[str, Any]) -> str:
    """As the context object says where an item comes from."""
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    return f"S3://{bucket}" if key is None else f"S3://{bucket}/{key}"


def _listed(text: str) -> list[JSON]:
    """The objects of a listing: an array of them, or the API's answer.  Raises: ItemReaderFailed."""
    try:
        value = loads(text)
    except NotJSON as error:
        raise ItemReaderFailed(f"The listing is no JSON: {error.message}") from None
    found = value.get("Contents", []) if isinstance(value, dict) else value
    if not isinstance(found, list):
        raise ItemReaderFailed("The listing is no array of objects.")
    return found
