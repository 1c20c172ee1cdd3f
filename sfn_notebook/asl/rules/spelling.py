"""What may have been meant by a name that does not exist."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from sfn_notebook.asl.slips import show

if TYPE_CHECKING:
    from collections.abc import Iterable

_BUDGET: Final = 20_000
_LONGEST: Final = 100
_ALIKE: Final = 0.7


class Speller:
    """Finds the nearest name.

    Comparing costs time: one lint gets so many comparisons, and hints end with them.
    """

    def __init__(self, budget: int = _BUDGET) -> None:
        self.budget = budget

    def nearest(self, name: str, candidates: Iterable[str]) -> str | None:
        """The candidate that `name` looks like; None if none does."""
        if len(name) > _LONGEST:
            return None
        folded = _fold(name)
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(folded)
        best, best_ratio = None, _ALIKE
        for candidate in candidates:
            if self.budget <= 0:
                break
            self.budget -= 1
            matcher.set_seq1(_fold(candidate))
            if matcher.real_quick_ratio() <= best_ratio or matcher.quick_ratio() <= best_ratio:
                continue
            ratio = matcher.ratio()
            if ratio > best_ratio:
                best, best_ratio = candidate, ratio
        return best

    def hint(self, name: str, candidates: Iterable[str]) -> str:
        """`nearest` as a hint, empty if there is none."""
        found = self.nearest(name, candidates)
        return f"Did you mean {show(found)}?" if found is not None else ""


def _fold(name: str) -> str:
    return name[:_LONGEST].strip().casefold()
