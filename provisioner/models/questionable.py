"""What of a changed application a second person has to look at: data that is said to be less, or is to be deleted."""

from __future__ import annotations

from collections.abc import Iterator

from lychgate.provisioner.models.application import Application
from lychgate.provisioner.models.platform import Platform
from lychgate.provisioner.models.settings import CLASSIFICATIONS


def questionable(before: Platform, now: Platform) -> Iterator[tuple[str, str]]:
    """The files of applications that say such a thing, each with what it says."""
    yield from _lowered(before, now)
    yield from _retiring(before, now)
    yield from _leaving(before, now)


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
        for kind, one in sorted(_declared(application) - (_declared(was) if was else set())):
            why = f"the {kind} {one} is retiring: what keeps it from being deleted is taken off"
            yield now.documents[f"applications/{name}"].file, why


def _leaving(before: Platform, now: Platform) -> Iterator[tuple[str, str]]:
    """What is taken out of stacks that go on, by a word in its entry: as a deletion there, without the word."""
    for name, application in now.applications.items():
        was = before.applications.get(name)
        for thing, resource in application.resources.items():
            earlier = was.resources.get(thing) if was else None
            if was is None or earlier is None or earlier.retiring or type(earlier) is not type(resource):
                continue
            stacks = [(environment, tenant) for environment in now.environments for tenant in application.tenants]
            left = [
                f"{environment}.{tenant}"
                for environment, tenant in stacks
                if environment in before.environments and tenant in was.tenants
                if earlier.stands_in(environment, tenant) and not resource.stands_in(environment, tenant)
            ]
            if left:
                why = f"the resource {thing} leaves {', '.join(left)}: what it holds there is deleted"
                yield now.documents[f"applications/{name}"].file, why


def _class(application: Application | None, thing: str) -> str | None:
    """The class of what a thing of an application held."""
    resource = application.resources.get(thing) if application else None
    return (resource.classification or application.classification) if application and resource else None


def _less(one: str, other: str) -> bool:
    order: tuple[str, ...] = CLASSIFICATIONS
    return order.index(one) > order.index(other)


def _declared(application: Application) -> set[tuple[str, str]]:
    """What is declared to be retiring: `stack` or `resource`, and a name."""
    things = {("resource", name) for name, resource in application.resources.items() if resource.retiring}
    return things | {("stack", tenant) for tenant in application.retiring}
