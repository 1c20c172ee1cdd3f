"""ItemBatcher: several items for one child.  (spec: distributed-map, ItemBatcher)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sfn_notebook.values import ABSENT, JSON, size

from .contract import Batcher

_EMPTY = len('{"Items":[]}')
_BATCH_INPUT = len('"BatchInput":,')


def batches(items: Iterable[JSON], batcher: Batcher) -> Iterator[list[JSON]]:
    """The items in groups, in their order: each group as long as both limits allow.

    A child's whole input counts, BatchInput included. An item that is too large even alone is a group of its own:
    whether a child may have it is for the one who starts it to say.
    """
    empty = _EMPTY - 1 + (0 if batcher.batch_input is ABSENT else _BATCH_INPUT + size(batcher.batch_input))
    max_items, max_bytes = batcher.max_items, batcher.max_bytes
    batch: list[JSON] = []
    total = empty  # one less than the bytes, since each item is counted with a comma
    for item in items:
        if max_bytes is not None:
            added = size(item) + 1
            if batch and total + added > max_bytes:
                yield batch
                batch, total = [], empty
            total += added
        batch.append(item)
        if len(batch) == max_items:
            yield batch
            batch, total = [], empty
    if batch:
        yield batch


def child_input(batch: list[JSON], batcher: Batcher) -> JSON:
    """What the child that gets this group has as its input."""
    if batcher.batch_input is ABSENT:
        return {"Items": batch}
    return {"BatchInput": batcher.batch_input, "Items": batch}
