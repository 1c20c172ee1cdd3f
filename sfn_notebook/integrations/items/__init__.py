"""The data side of a Distributed Map: where items come from, how they are grouped, where results go."""

from .batches import batches, child_input
from .contract import Batcher, ChildResult, Item, ItemReaderFailed, Reader, ResultWriterFailed, Writer
from .read import read_items
from .results import description, transformed
from .writer import ResultWriter

__all__ = [
    "Batcher",
    "ChildResult",
    "Item",
    "ItemReaderFailed",
    "Reader",
    "ResultWriter",
    "ResultWriterFailed",
    "Writer",
    "batches",
    "child_input",
    "description",
    "read_items",
    "transformed",
]
