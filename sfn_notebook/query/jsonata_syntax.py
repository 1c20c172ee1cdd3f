"""JSONata text → a tree with positions, enough to say what an expression reads.  (spec: data-flow, JSONata pipeline)

Knows the grammar of JSONata 2.0.6; must not know how anything is evaluated. Whether a text is JSONata at all is not
decided here but by jlens, which has no tree to look at: what jlens takes is parsed, the rest may give any tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .cursor import Cursor

MAX_NESTING: Final = 150
"""How deep an expression may nest. AWS evaluates no deeper than 100."""


@dataclass(frozen=True, slots=True)
class Node:
    """One construct: `text` is its name, operator or literal, `parts` what is in it, the leftmost first.

    kind      parts
    name string number value regex variable wildcard parent placeholder
    step      what is stepped from, what to         binary    left, right (text: the operator)
    filter    of what, condition (if any)           negate    operand
    group     of what, keys and values in turn      condition test, then, else (if any)
    sort      of what, terms                        bind      variable, value
    focus     of what (text: the variable)          lambda    parameters, body
    call      function, arguments                   block array object transform
    """

    kind: str
    text: str
    start: int
    end: int
    parts: tuple[Node, ...] = ()


def parse(text: str) -> Node:
    """The tree of an expression that jlens has compiled.

    Raises: QuerySyntaxError, if only for its nesting.
    """
    parser = _Parser(text)
    tree = parser.expression(0)
    parser.end()
    return tree


_BLANK: Final = re.compile(r"(?:\s|/\*.*?\*/)*", re.DOTALL)
_NUMBER: Final = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)
_WORD: Final = re.compile(r"[^\s.\[\]{}(),@#;:?+\-*/%|=<>^&!~`\"']+")
_OPERATOR: Final = re.compile(r"\.\.|:=|!=|>=|<=|\*\*|~>|\?:|\?\?|[.\[\]{}(),@#;:?+\-*/%|=<>^&!~]")
_SIGNATURE_END: Final = {"<": 1, ">": -1}

_BINDING: Final = {
    **dict.fromkeys((".",), 75),
    **dict.fromkeys(("[", "(", "@", "#"), 80),
    "{": 70,
    **dict.fromkeys(("*", "/", "%"), 60),
    **dict.fromkeys(("+", "-", "&"), 50),
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "~>", "^", "in", "?:", "??"), 40),
    "and": 30,
    "or": 25,
    **dict.fromkeys(("..", "?"), 20),
    ":=": 10,
}
"""How strongly an operator holds what stands before it."""

_VALUES: Final = ("true", "false", "null")
_LAMBDAS: Final = ("function", "λ")


class _Parser(Cursor):
    """A Pratt parser: `expression(n)` reads on as long as operators bind more strongly than n."""

    __slots__ = ()

    def skip_blanks(self) -> None:
        """Steps over white space and comments."""
        self.take_match(_BLANK)

    def expression(self, binding: int) -> Node:
        self.enter(MAX_NESTING, "Expressions")
        left = self._prefix()
        while binding < _BINDING.get(operator := self._operator(), 0):
            left = self._infix(left, operator)
        self.leave()
        return left

    def _operator(self) -> str:
        """The operator that comes next; "" if there is none."""
        self.skip_blanks()
        found = _OPERATOR.match(self.text, self.position) or _WORD.match(self.text, self.position)
        return found.group() if found else ""

    # ------------------------------------------------------------ what begins an expression

    def _prefix(self) -> Node:
        self.skip_blanks()
        start, first = self.position, self.peek()
        if first in ("'", '"'):
            return self._node("string", start, self.take_quoted())
        if first == "`":
            self.position += 1
            name = self.take_while(lambda character: character != "`")
            self.expect("`", "a quoted name")
            return self._node("name", start, name)
        if first.isascii() and first.isdigit():
            return self._node("number", start, self.take_match(_NUMBER))
        if first == "/":
            return self._regex(start)
        word = self.take_match(_WORD)
        return self._word(start, word) if word else self._symbol(start)

    def _word(self, start: int, word: str) -> Node:
        if word.startswith("$"):
            return self._node("variable", start, word[1:])
        if word in _VALUES:
            return self._node("value", start, word)
        if word in _LAMBDAS and self._operator() == "(":
            return self._lambda(start)
        return self._node("name", start, word)

    def _symbol(self, start: int) -> Node:
        symbol = self.take_match(_OPERATOR)
        match symbol:
            case "-":
                return self._node("negate", start, "", self.expression(70))
            case "(":
                return self._node("block", start, "", *self._list(")", ";"))
            case "[":
                return self._node("array", start, "", *self._list("]", ","))
            case "{":
                return self._node("object", start, "", *self._pairs())
            case "|":
                return self._transform(start)
            case "*" | "**":
                return self._node("wildcard", start, symbol)
            case "%":
                return self._node("parent", start, symbol)
            case "?":
                return self._node("placeholder", start, symbol)
        return self.fail("An expression is expected here.", offset=start)

    def _regex(self, start: int) -> Node:
        self.position += 1
        depth = 0
        while (character := self.peek()) and (character != "/" or depth):
            depth += (character in "([{") - (character in ")]}")
            self.position += 2 if character == "\\" else 1
        self.expect("/", "a regular expression")
        self.take_while(lambda character: character in "im")
        return self._node("regex", start, "")

    def _lambda(self, start: int) -> Node:
        self.expect("(", "function")
        parameters = self._list(")", ",")
        if self._operator() == "<":
            self._skip_signature()
        self._expect("{")
        body = self.expression(0)
        self._expect("}")
        return self._node("lambda", start, "", *parameters, body)

    def _skip_signature(self) -> None:
        depth = 0
        while character := self.peek():
            self.position += 1
            depth += _SIGNATURE_END.get(character, 0)
            if depth == 0:
                return

    def _transform(self, start: int) -> Node:
        parts = [self.expression(0)]
        self._expect("|")
        parts.append(self.expression(0))
        if self._accept(","):
            parts.append(self.expression(0))
        self._expect("|")
        return self._node("transform", start, "", *parts)

    # ------------------------------------------------------------ what goes on with one

    def _infix(self, left: Node, operator: str) -> Node:
        self.position += len(operator)
        start = left.start
        match operator:
            case ".":
                return self._node("step", start, "", left, self.expression(75))
            case "[":
                return self._node("filter", start, "", left, *self._list("]", ","))
            case "(":
                return self._node("call", start, "", left, *self._list(")", ","))
            case "{":
                return self._node("group", start, "", left, *self._pairs())
            case "^":
                self._expect("(")
                return self._node("sort", start, "", left, *self._terms())
            case "@" | "#":
                return self._node("focus", start, self.expression(80).text, left)
            case ":=":
                return self._node("bind", start, "", left, self.expression(9))
            case "?":
                return self._condition(left)
        return self._node("binary", start, operator, left, self.expression(_BINDING[operator]))

    def _condition(self, test: Node) -> Node:
        parts = [self.expression(0)]
        if self._accept(":"):
            parts.append(self.expression(0))
        return self._node("condition", test.start, "", test, *parts)

    def _terms(self) -> list[Node]:
        """Sort terms: `<` and `>` in front of them say which way."""
        terms: list[Node] = []
        while not self._accept(")"):
            _ = self._accept("<") or self._accept(">")
            terms.append(self.expression(0))
            if not self._accept(","):
                self._expect(")")
                break
        return terms

    # ------------------------------------------------------------ pieces

    def _list(self, closing: str, separator: str) -> list[Node]:
        items: list[Node] = []
        while not self._accept(closing):
            items.append(self.expression(0))
            if not self._accept(separator):
                self._expect(closing)
                break
        return items

    def _pairs(self) -> list[Node]:
        pairs: list[Node] = []
        while not self._accept("}"):
            pairs.append(self.expression(0))
            self._expect(":")
            pairs.append(self.expression(0))
            if not self._accept(","):
                self._expect("}")
                break
        return pairs

    def _accept(self, symbol: str) -> bool:
        """Steps over `symbol`, if it and no longer operator comes next."""
        if self._operator() != symbol:
            return False
        self.position += len(symbol)
        return True

    def _expect(self, symbol: str) -> None:
        if not self._accept(symbol):
            self.fail(f"Expected {symbol!r}.")

    def _node(self, kind: str, start: int, text: str, *parts: Node) -> Node:
        return Node(kind, text, start, self.position, parts)
