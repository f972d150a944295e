"""From a point of the search to a request that can be shown, and back to the evaluator, which has the last word."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, product

from . import catalogue
from .domains import ACTIONS, Texts
from .evaluation import Path, Request, Truth
from .matching import Language, TooComplexError, find, only
from .patterns import Pattern, arn_tokens
from .solving import Point, bits
from .templates import Wild, pieces
from .universe import Universe
from .variables import Template

SOMEONE = "arn:aws:iam::111122223333:role/someone"  # who asks, where the policies are of one identity
_TRIED_ATOMS = 20  # that are alike to all statements
_TRIED_ACTIONS = 60
_TRIED_VALUES = 6  # values of one variable
_TRIED_REQUESTS = 24  # for one point
_NOT_EMPTY = Language([(Wild.ONE, Wild.MANY)])
Check = Callable[[Request], Path]
Context = dict[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that proves the answer, confirmed by the evaluator.

    `real`: the action is in the catalogue and works on such resources. `statement` and `policy` name what allows it.
    """

    request: Request
    real: bool
    statement: str
    policy: str


@dataclass(frozen=True, slots=True)
class Doubtful:
    """No request of a point could be confirmed: the reason."""

    reason: str


def realise(universe: Universe, point: Point, check: Check) -> Witness | Doubtful:
    """A request at the point that the evaluator confirms."""
    reason = "a policy variable or an undefined condition stands in the way of a certain answer"
    for request, real in islice(_requests(universe, point), _TRIED_REQUESTS):
        path = check(request)
        if path.truth is Truth.YES and path.match is not None:
            return Witness(request, real, path.match.statement.name, path.match.policy.label)
        if path.truth is Truth.MAYBE:
            reason = path.reason
    return Doubtful(reason)


def _requests(universe: Universe, point: Point) -> Iterator[tuple[Request, bool]]:
    caller = None if universe.callers is None else universe.callers.who[next(bits(point.caller))].arn
    for context, ties in _contexts(universe, point):
        principal = caller or _someone(context)
        said = context.get("aws:resourceaccount")
        owner = said if isinstance(said, str) else None
        action, resource, real = _named(universe, point, ties, owner)
        if resource is None or not _consistent(context):
            continue
        shown = {_written(universe, key): value for key, value in context.items()}
        yield Request(action, resource, principal, shown, owner), real


def _someone(context: Context) -> str:
    """Whoever asks with these keys, where the policies are of one identity."""
    arn, account, name = (context.get(f"aws:{key}") for key in ("principalarn", "principalaccount", "username"))
    if isinstance(arn, str):
        return arn
    found = SOMEONE if not account else SOMEONE.replace(SOMEONE.split(":")[4], str(account))
    if name or context.get("aws:principaltype") == "User":
        return found.replace("role/someone", f"user/{name or 'someone'}")
    return found


def _written(universe: Universe, key: str) -> str:
    """The key as the policies write it."""
    conditions = universe.domains[key].conditions
    return conditions[0].written if conditions else key


def _consistent(context: Mapping[str, str | Sequence[str]]) -> bool:
    """Whether keys that tell the same thing agree."""
    arn, account = context.get("aws:principalarn"), context.get("aws:principalaccount")
    return account is None or not isinstance(arn, str) or arn.split(":")[4:5] == [account]


@dataclass(frozen=True, slots=True)
class _Ties:
    """What policy variables demand: patterns to match and to avoid, of the resource (empty key) and of keys."""

    wanted: dict[str, list[Language]]
    unwanted: dict[str, list[Language]]


def _contexts(universe: Universe, point: Point) -> Iterator[tuple[Context, _Ties]]:
    """Contexts at the point, for several values of the policy variables, with what these demand of the resource."""
    numbers = {number: fact for fact, number in universe.facts.items() if isinstance(fact, Template)}
    decided = {numbers[number]: truth for number, truth in point.state.facts.items() if number in numbers}
    derived = {template.key for template, truth in decided.items() if truth}
    names = sorted(
        {
            variable.key
            for template, truth in decided.items()
            for variable in template.variables
            if truth or variable.key not in derived
        }
    )
    ways = [list(islice(_choices(universe, point, name), _TRIED_VALUES)) for name in names]
    for chosen in product(*ways):
        values = dict(zip(names, chosen, strict=True))
        ties = _ties(decided, values)
        context = None if ties is None else _context(universe, point, values, ties)
        if ties is not None and context is not None:
            yield context, ties


def _ties(decided: Mapping[Template, int], values: Mapping[str, str | None]) -> _Ties | None:
    """None where a template is to match whose variables have no value."""
    ties = _Ties({}, {})
    for template, truth in decided.items():
        for way in (template, template.mirrored()) if template.pure else (template,):
            pattern = way.filled(values)
            if pattern is not None:
                (ties.wanted if truth else ties.unwanted).setdefault(way.key, []).append(Language([pattern]))
            elif truth and way is template:
                return None
    return ties


def _choices(universe: Universe, point: Point, name: str) -> Iterator[str | None]:
    """Values for a variable's key that the point leaves open: two of each kind, so that two keys can differ."""
    number = universe.numbers[name]
    may, needs = point.state.keys.get(number, (universe.keys[number].full, ()))
    for need in needs:
        may &= need
    for atom in bits(may):
        value = _sample(universe, name, atom)
        yield value
        if universe.domains[name].kind == "text":
            inside, outside = universe.domains[name].texts.languages(atom)
            other = find(inside, [outside, Language([tuple(value)]), Language([()])])
            if other is not None:
                yield other
    if not needs:
        yield None


def _sample(universe: Universe, key: str, atom: int) -> str:
    """A text of the atom, not empty if it can be."""
    domain = universe.domains[key]
    value = domain.values[atom]
    if value or domain.kind != "text":
        return value
    inside, outside = domain.texts.languages(atom)
    return find([*inside, _NOT_EMPTY], [outside]) or value


def _context(universe: Universe, point: Point, values: Mapping[str, str | None], ties: _Ties) -> Context | None:
    context: Context = {key: value for key, value in values.items() if value is not None}
    for key, number in universe.numbers.items():
        may, needs = point.state.keys.get(number, (universe.keys[number].full, ()))
        wanted, unwanted = ties.wanted.get(key, []), ties.unwanted.get(key, [])
        if key in values or not (needs or wanted):
            continue
        if wanted or unwanted:
            text = _tied(universe.domains[key].texts, may & (needs[0] if needs else may), wanted, unwanted)
            if text is None:
                return None
            context[key] = text
        elif universe.keys[number].single:
            context[key] = _sample(universe, key, next(bits(may & needs[0])))
        else:
            picks = dict.fromkeys(next(bits(may & need)) for need in needs)
            context[key] = tuple(_sample(universe, key, atom) for atom in picks)
    return context


def _tied(texts: Texts, may: int, wanted: Sequence[Language], unwanted: Sequence[Language]) -> str | None:
    """A text of one of the atoms that fits the policy variables too, not empty if it can be."""
    for atom in islice(bits(may), _TRIED_VALUES):
        inside, outside = texts.languages(atom)
        for more in ([_NOT_EMPTY], []):
            text = _find([*wanted, *inside, *more], [outside, *unwanted])
            if text is not None:
                return text
    return None


def _of_account(owner: str | None) -> list[Language]:
    """The resources that can be of an account: those that name it, or none."""
    if owner is None:
        return []
    patterns = (arn_tokens(pieces(f"arn:*:*:*:{account}:*", False)) for account in (owner, ""))
    return [Language([("*",), *(pattern for pattern in patterns if pattern is not None)])]


def _named(universe: Universe, point: Point, ties: _Ties, owner: str | None) -> tuple[str, str | None, bool]:
    """Action and resource at the point: real ones where an action of the catalogue works on such a resource.

    `owner` is the account that aws:ResourceAccount says.
    """
    places = [universe.resources.languages(atom) for atom in islice(bits(point.resource), _TRIED_ATOMS)]
    wanted, unwanted = ties.wanted.get("", []), ties.unwanted.get("", [])
    wanted = [*wanted, *_of_account(owner)]

    @cache  # many actions work on the same resources
    def placed(shape: Pattern) -> str | None:
        kind = only(shape if owner is None else catalogue.of_account(shape, owner))
        texts = (_find([kind, *wanted, *inside], [outside, *unwanted]) for inside, outside in places)
        return next((text for text in texts if text is not None and catalogue.fits(text, shape)), None)

    first = ""
    for atom in islice(bits(point.action), _TRIED_ATOMS):
        actions, no_actions = universe.actions.languages(atom)
        telling = [one for one in actions if one is not ACTIONS]  # the form, which all in the catalogue have
        for action in islice(catalogue.actions_in(telling, [no_actions]), _TRIED_ACTIONS):
            first = first or action.name
            for shape in catalogue.shapes(action.name):
                text = placed(shape)
                if text is not None:
                    return action.name, text, True
    resource: str | None = universe.resources.values[next(bits(point.resource))]
    if wanted or unwanted:
        found = (_find([*wanted, *inside], [outside, *unwanted]) for inside, outside in places)
        resource = next((text for text in found if text is not None), None)
    return first or universe.actions.values[next(bits(point.action))], resource, False


def _find(inside: Sequence[Language], outside: Sequence[Language]) -> str | None:
    try:
        return find(inside, outside)
    except TooComplexError:
        return None
