"""What an application's file declares to be retired, and which findings that is the reason of.

`retiring` takes off what keeps a data store from being deleted. That is asked for by a line that somebody else has to
approve (the guard of a merge request, the preflight of a production sync), and so is no failure to protect; where
nobody has declared it, the rules stand as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from lychgate.provisioner.assembly.scope import Scope
from lychgate.provisioner.sync.capturing import PROJECT

from lychgate.judging.ruleset import Ruleset
from lychgate.judging.waivers import Retired

# Of a table and of a database that `retiring` has taken the protection off.
RULES = ("dynamodb-table-without-deletion-protection", "rds-database-without-deletion-protection")


def retired(scopes: Iterable[Scope], ruleset: Ruleset) -> Retired:
    """What is accepted for being declared: rule, stack and name -> FILE:LINE. Nothing that is never waived."""
    rules = [rule for rule in RULES if not ruleset.never_waive(rule)]
    return {
        (rule, f"{PROJECT}/{scope.stack}", name): where
        for scope in scopes
        for name, where in _things(scope)
        for rule in rules
    }


def _things(scope: Scope) -> Iterable[tuple[str, str]]:
    whole = scope.tenant in scope.application.retiring
    for name, resource in scope.resources.items():
        if resource.retiring:
            yield name, scope.place("resources", name, "retiring")
        elif whole:
            yield name, scope.place("retiring")
