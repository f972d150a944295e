"""What of a changed application a second person has to look at: data that is said to be less, or may be deleted."""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.provisioner.models.application import Application
from lychgate.provisioner.models.names import SHARED
from lychgate.provisioner.models.platform import Platform
from lychgate.provisioner.models.settings import CLASSIFICATIONS


def questionable(before: Platform, now: Platform) -> Iterator[tuple[str, str]]:
    """The files of applications that say such a thing, each with what it says."""
    yield from _lowered(before, now)
    yield from _retiring(before, now)
    yield from _leaving(before, now)
    yield from _going(before, now)


def _lowered(before: Platform, now: Platform) -> Iterator[tuple[str, str]]:
    """Applications and things whose data is said to be less than it was, or less than their application's."""
    gone = [before.applications[name] for name in before.applications.keys() - now.applications.keys()]
    for name, application in now.applications.items():
        file = now.documents[f"applications/{name}"].file
        was = before.applications.get(name)
        known = [was] if was else gone  # a new one may be one that is gone, under another name
        if any(_less(application.classification, one.classification) for one in known):
            yield file, f"the class of its data is lowered to {application.classification}"
        for thing, resource in application.resources.items():
            class_ = resource.classification or application.classification
            earlier = _class(was, thing) or application.classification
            if _less(class_, earlier):
                yield file, f"the class of the data in {thing} is {class_}, and no longer {earlier}"


def _retiring(before: Platform, now: Platform) -> Iterator[tuple[str, str]]:
    """What is about to be deleted, and loses what has kept it from that."""
    for name, application in now.applications.items():
        was = before.applications.get(name)
        found = [
            ("resource", thing)
            for thing, one in application.resources.items()
            if one.retiring and _places(now, name, thing) - _retired(before, name, thing, type(one))
        ]
        found += [("stack", one) for one in application.retiring if was is None or one not in was.retiring]
        for kind, one in sorted(found):
            why = f"the {kind} {one} is retiring: what keeps it from being deleted is taken off"
            yield now.documents[f"applications/{name}"].file, why


def _leaving(before: Platform, now: Platform) -> Iterator[tuple[str, str]]:
    """What stands no more in stacks that go on, and was not retiring there: it is deleted in one step."""
    for name, application in now.applications.items():
        was = before.applications.get(name)
        for thing, one in was.resources.items() if was else ():
            resource = application.resources.get(thing)
            left = _places(before, name, thing) - _retired(before, name, thing, type(one))
            left &= _stacks(now, name)
            left -= _places(now, name, thing) if type(resource) is type(one) else set()
            if left:
                places = ", ".join(f"{environment}.{tenant}" for environment, tenant in sorted(left))
                why = f"the resource {thing} leaves {places}: what it holds there is deleted"
                yield now.documents[f"applications/{name}"].file, why


def _going(before: Platform, now: Platform) -> Iterator[tuple[str, str]]:
    """Stacks that are no longer there, and were not retiring: what comes back later may hold less, and nobody sees."""
    for name, was in before.applications.items():
        application = now.applications.get(name)
        for tenant in was.tenants:
            if tenant not in was.retiring and (application is None or tenant not in application.tenants):
                why = f"the stack {tenant} is no longer there, and was not retiring: nobody judges it"
                yield before.documents[f"applications/{name}"].file, why


def _stacks(platform: Platform, application: str) -> set[tuple[str, str]]:
    """Environment and tenant of each stack of an application."""
    tenants = (SHARED, *platform.applications[application].tenants)
    return {(environment, tenant) for environment in platform.environments for tenant in tenants}


def _places(platform: Platform, application: str, thing: str) -> set[tuple[str, str]]:
    """The stacks that a resource stands in."""
    resource = platform.applications[application].resources[thing]
    return {one for one in _stacks(platform, application) if resource.stands_in(*one)}


def _retired(platform: Platform, application: str, thing: str, kind: type) -> set[tuple[str, str]]:
    """The stacks in which a resource of this kind stands and is retiring."""
    spec = platform.applications.get(application)
    resource = spec.resources.get(thing) if spec else None
    if spec is None or resource is None or type(resource) is not kind:
        return set()
    places = _places(platform, application, thing)
    return {one for one in places if resource.retiring or one[1] in spec.retiring}


def _class(application: Application | None, thing: str) -> str | None:
    """The class of what a thing of an application held."""
    resource = application.resources.get(thing) if application else None
    return (resource.classification or application.classification) if application and resource else None


def _less(one: str, other: str) -> bool:
    order: tuple[str, ...] = CLASSIFICATIONS
    return order.index(one) > order.index(other)
