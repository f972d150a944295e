"""Every way in which texts can relate to some patterns, each with a text that shows it.

Texts that match the same of the patterns in play are alike to any question about them. An *atom* is such a class: the
set of patterns that match (as bits) and a text. The patterns go into one trie whose stars are loops; walking its
reachable sets of nodes finds all atoms. Patterns in use share long beginnings, so the walk is about as long as the
trie is large.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from types import MappingProxyType

from .matching import Language, TooComplexError
from .patterns import Pattern
from .templates import Wild

_LIMIT = 150_000  # sets of trie nodes; above it the question is given up as too complex
_FRESH = "x0yzabcdefghijklmnopqrstuvw123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_./"
State = tuple[int, ...]


class Trie:
    """Patterns as an automaton: one node for each beginning that patterns share, a looping node for each star."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.children: list[dict[str | Wild, int]] = [{}]
        self.loops: list[Wild | None] = [None]
        self.accepts: list[int] = [0]
        self.before_wild: set[int] = set()  # the others, most of all, are the quicker to tell about
        for number, pattern in enumerate(patterns):
            node = 0
            for token in pattern:
                node = self._child(node, token)
            self.accepts[node] |= 1 << number
        self.closures = [self._closure(node) for node in range(len(self.children))]
        self.moves = [self._moves(children) for children in self.children]
        self.wild = [self._wild(node) for node in range(len(self.children))]

    def _child(self, node: int, token: str | Wild) -> int:
        found = self.children[node].get(token)
        if found is None:
            found = self.children[node][token] = len(self.children)
            self.children.append({})
            self.accepts.append(0)
            if isinstance(token, Wild):
                self.before_wild.add(node)
                self.loops.append(token if token in (Wild.MANY, Wild.FIELD_MANY) else None)
            else:
                self.loops.append(None)
        return found

    def _moves(self, children: dict[str | Wild, int]) -> dict[str, State]:
        """Where each character that is named here leads, stars that may stand for nothing included."""
        found: dict[str, State] = {}
        for token, child in children.items():
            if isinstance(token, str):
                for char in token:
                    known, more = found.get(char), self.closures[child]
                    found[char] = more if known is None else tuple(sorted({*known, *more}))
        return found

    def _wild(self, node: int) -> tuple[State, State]:
        """Where any character leads, and where a colon leads, apart from what names it."""
        children, loop = self.children[node], self.loops[node]
        if loop is None and node not in self.before_wild:
            return (), ()
        one, field_one = children.get(Wild.ONE), children.get(Wild.FIELD_ONE)
        colon = [node] if loop is Wild.MANY else []
        colon += self.closures[one] if one is not None else ()
        inside = [node] if loop is Wild.FIELD_MANY else []
        inside += self.closures[field_one] if field_one is not None else ()
        return tuple(colon + inside), tuple(colon)

    def _closure(self, node: int) -> State:
        """The node and the stars after it, which may stand for nothing."""
        if node not in self.before_wild:
            return (node,)
        stars = (self.children[node].get(Wild.MANY), self.children[node].get(Wild.FIELD_MANY))
        return tuple(sorted((node, *(star for star in stars if star is not None))))

    @property
    def start(self) -> State:
        """The nodes before anything is read."""
        return self.closures[0]

    def step(self, state: State, char: str) -> State:
        """The nodes after reading `char`."""
        colon = char == ":"
        if len(state) == 1:
            (node,) = state
            found: State = self.moves[node].get(char, ())
            more = self.wild[node][colon]
            return found if not more else tuple(sorted({*found, *more}))
        reached: set[int] = set()
        for node in state:
            reached.update(self.moves[node].get(char, ()), self.wild[node][colon])
        return tuple(sorted(reached))

    def matched(self, state: State) -> int:
        """The patterns that match what was read, as bits."""
        bits = 0
        for node in state:
            bits |= self.accepts[node]
        return bits

    def named(self, state: State) -> dict[str, object]:
        """The characters that these nodes tell apart from others, as keys: their order is the same every time."""
        chars: dict[str, object] = {}
        for node in state:
            chars.update(self.moves[node])
            if len(self.wild[node][0]) != len(self.wild[node][1]):
                chars[":"] = None
        return chars


@lru_cache(maxsize=128)
def atoms(patterns: tuple[Pattern, ...], shape: Language | None = None) -> Mapping[int, str]:
    """All sets of patterns (as bits) that some text of the shape matches exactly, each with such a text.

    Raises TooComplexError where the patterns combine in too many ways.
    """
    trie = Trie(patterns)
    formed = cache(lambda form: sorted(shape.next_chars(form)) if shape else [])
    start = (trie.start, shape.start if shape else 0)
    came: list[tuple[int, str]] = [(-1, "")]
    numbers = {start: 0}
    queue = deque([start])
    found: dict[int, str] = {}
    while queue:
        place = queue.popleft()
        state, form = place
        number = numbers[place]
        if shape is None or shape.accepts(form):
            bits = trie.matched(state)
            if bits not in found:
                found[bits] = _spell(came, number)
        for char in _alphabet(trie, state, shape, form, formed(form)):
            after = (trie.step(state, char), shape.step(form, char) if shape else 0)
            if after in numbers or (shape and not after[1]):
                continue
            numbers[after] = len(came)
            came.append((number, char))
            queue.append(after)
        if len(came) > _LIMIT:
            raise TooComplexError("the patterns combine in too many ways")
    return MappingProxyType(found)  # it is kept for the next who asks


def _spell(came: list[tuple[int, str]], number: int) -> str:
    chars = []
    while number > 0:
        number, char = came[number]
        chars.append(char)
    return "".join(reversed(chars))


def _alphabet(trie: Trie, state: State, shape: Language | None, form: int, formed: list[str]) -> Iterable[str]:
    if shape is None:
        named = trie.named(state)
        return (_fresh(named), *named)
    named = trie.named(state)
    if not shape.is_open(form):  # of those that no pattern names, one for each place that they lead to
        return {char if char in named else shape.step(form, char): char for char in reversed(formed)}.values()
    named = {**named, **dict.fromkeys(formed), **({":": None} if shape.has_fields else {})}
    return (_fresh(named), *named)


def _fresh(named: dict[str, object]) -> str:
    return next((char for char in _FRESH if char not in named), "\ue000")
