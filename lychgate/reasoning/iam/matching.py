"""Patterns with `*` and `?`: does a text match, do two patterns share a text, does one hold all of another.

What a wildcard may stand for depends on where it stands:

- actions: case does not matter, wildcards anywhere
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html);
- resources: `?` and `*` stay within one of the first five fields of the ARN, except that a `*` at the end of a field
  "can expand to match beyond the colon boundaries"; the sixth field is everything that follows, colons included
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html);
- ARN conditions: each of the six fields is compared by itself, a wildcard never leaves one of the first five
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN);
- string conditions: anywhere.

A `Language` is a union of patterns as one bit-parallel automaton (a set of states is one integer), so intersection,
difference and containment are exact, and always come with the text that proves them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache

from .patterns import (
    ANY,
    Pattern,
    action_pattern,
    arn_tokens,
    beginning,
    equal_pattern,
    resource_pattern,
    simple_pattern,
)
from .templates import Wild

__all__ = [
    "ANY",
    "ANYTHING",
    "NOTHING",
    "Language",
    "Pattern",
    "TooComplexError",
    "action_pattern",
    "arn_tokens",
    "contains",
    "equal_pattern",
    "find",
    "overlap",
    "resource_pattern",
    "simple_pattern",
]

_SEARCH_LIMIT = 200_000  # states of a product automaton; policies in use stay under some hundreds


class TooComplexError(Exception):
    """A question about patterns needs more than the search limit: the answer is unknown, not no."""


class Language:
    """A union of patterns: the texts that match one of them. Immutable; equal patterns make equal languages."""

    __slots__ = (
        "_accept",
        "_by_char",
        "_consume_any",
        "_consume_field",
        "_hash",
        "_rest",
        "_stars",
        "_start",
        "_stay_any",
        "_stay_field",
        "beginning",
        "has_fields",
        "patterns",
    )

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.patterns = tuple(dict.fromkeys(patterns))
        self._hash = hash(self.patterns)
        self.beginning = _shared([beginning(pattern) for pattern in self.patterns])
        self.has_fields = False
        self._by_char: dict[str, int] = {}
        self._consume_any = self._consume_field = self._stay_any = self._stay_field = 0
        self._start = self._accept = 0
        bit = 1
        for pattern in self.patterns:
            self._start |= bit
            for token in pattern:
                self._add(token, bit)
                bit <<= 1
            self._accept |= bit
            bit <<= 1
        self._stars = self._stay_any | self._stay_field
        self._start = self._closed(self._start)
        self._rest = self.patterns[0][len(self.beginning) :] if len(self.patterns) == 1 else None

    def _add(self, token: str | Wild, bit: int) -> None:
        if isinstance(token, str):
            for char in token:
                self._by_char[char] = self._by_char.get(char, 0) | bit
        elif token is Wild.ONE:
            self._consume_any |= bit
        elif token is Wild.MANY:
            self._stay_any |= bit
        else:
            self.has_fields = True
            if token is Wild.FIELD_ONE:
                self._consume_field |= bit
            else:
                self._stay_field |= bit

    def _closed(self, states: int) -> int:
        # A star may stand for nothing. No star follows another, so one step is enough.
        return states | (states & self._stars) << 1

    def step(self, states: int, char: str) -> int:
        """The states after reading `char`."""
        consume = self._consume_any | self._by_char.get(char, 0)
        stay = self._stay_any
        if char != ":":
            consume |= self._consume_field
            stay |= self._stay_field
        moved = (states & consume) << 1 | states & stay
        return moved | (moved & self._stars) << 1

    def accepts(self, states: int) -> bool:
        """Whether the text read so far is in the language."""
        return bool(states & self._accept)

    @property
    def start(self) -> int:
        """The states before anything is read."""
        return self._start

    def matches(self, text: str) -> bool:
        """Whether the text is in the language."""
        if not text.startswith(self.beginning):
            return False
        if self._rest == ANY:
            return True
        if self._rest == ():
            return text == self.beginning
        states = self._start
        for char in text:
            states = self.step(states, char)
            if not states:
                return False
        return self.accepts(states)

    def next_chars(self, states: int) -> set[str]:
        """The characters that are told apart from all others in these states."""
        return {char for char, mask in self._by_char.items() if mask & states}

    def is_open(self, states: int) -> bool:
        """Whether a character that no pattern names could be read in these states."""
        return bool(states & (self._consume_any | self._consume_field | self._stay_any | self._stay_field))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Language) and self.patterns == other.patterns

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"Language({' | '.join(map(show, self.patterns))})"


def _shared(starts: Sequence[str]) -> str:
    """What all of them begin with."""
    if not starts:
        return ""
    first, last = min(starts), max(starts)
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


ANYTHING = Language([ANY])
NOTHING = Language([])


@lru_cache(maxsize=16384)
def only(pattern: Pattern) -> Language:
    """The language of one pattern."""
    return Language([pattern])


def show(pattern: Pattern) -> str:
    """A pattern as text, for messages."""
    signs = {Wild.ONE: "?", Wild.FIELD_ONE: "?", Wild.MANY: "*", Wild.FIELD_MANY: "*"}
    return "".join(token[-1] if isinstance(token, str) else signs[token] for token in pattern)


def find(inside: Sequence[Language], outside: Sequence[Language] = (), alphabet: str = "x0") -> str | None:
    """A text that is in all of `inside` and in none of `outside`; None if there is none. As short as possible.

    `alphabet` is taken for characters that no pattern names, the first that fits; the text is made of these where it
    can. Raises TooComplexError when the product automaton grows over the limit.
    """
    starts = sorted((language.beginning for language in inside), key=len)
    if any(not starts[-1].startswith(start) for start in starts):
        return None
    languages = [*inside, *outside]
    wanted = len(inside)
    start = tuple(language.start for language in languages)
    queue = deque([("", start)])
    seen = {start}
    while queue:
        text, states = queue.popleft()
        accepted = [language.accepts(state) for language, state in zip(languages, states, strict=True)]
        if all(accepted[:wanted]) and not any(accepted[wanted:]):
            return text
        for char in _choices(languages, states, wanted, alphabet):
            after = tuple(
                language.step(state, char) if state else 0 for language, state in zip(languages, states, strict=True)
            )
            if after in seen or not all(after[:wanted]):
                continue
            seen.add(after)
            if len(seen) > _SEARCH_LIMIT:
                raise TooComplexError("too many combinations of patterns")
            queue.append((text + char, after))
    return None


def _choices(languages: Sequence[Language], states: tuple[int, ...], wanted: int, alphabet: str) -> list[str]:
    """One character of each kind that these states tell apart, the ones of no pattern first."""
    closed: set[str] | None = None
    for at in range(wanted):
        if not languages[at].is_open(states[at]):
            chars = languages[at].next_chars(states[at])
            closed = chars if closed is None else closed & chars
    if closed is not None:
        return sorted(closed)
    live = [(language, state) for language, state in zip(languages, states, strict=True) if state]
    named = {char for language, state in live for char in language.next_chars(state)}
    if any(language.has_fields for language, _ in live):
        named.add(":")
    fresh = next(char for char in _fresh(alphabet) if char not in named)
    return [fresh, *sorted(named)]


def _fresh(alphabet: str) -> Iterable[str]:
    yield from alphabet
    yield from "xyzabcdefghijklmnopqrstuvw0123456789XYZABCDEFGHIJKLMNOPQRSTUVW-_./"
    yield from map(chr, range(0xE000, 0xF8FF))  # a private use area: in nobody's policy


@lru_cache(maxsize=65536)
def overlap(first: Language, second: Language) -> str | None:
    """A text that both hold, None if there is none."""
    return find((first, second))


@lru_cache(maxsize=65536)
def contains(wide: Language, narrow: Language) -> bool:
    """Whether every text of `narrow` is in `wide`."""
    if wide in (ANYTHING, narrow):
        return True
    return find((narrow,), (wide,)) is None


@lru_cache(maxsize=16384)
def actions_language(actions: tuple[str, ...]) -> Language:
    """The actions, in lower case, that a list in Action means."""
    return Language(map(action_pattern, actions))


@lru_cache(maxsize=16384)
def resources_language(resources: tuple[str, ...], variables: bool = False) -> Language:
    """The ARNs that a list in Resource means; a policy variable is read as `*`."""
    return Language(resource_pattern(text, variables) for text in resources)
