"""What one stack is about: its application, environment and tenant, and their settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lychgate.provisioner.components.context import Context
from lychgate.provisioner.models import names
from lychgate.provisioner.models.application import Application, Resource
from lychgate.provisioner.models.environment import Environment, Observability
from lychgate.provisioner.models.platform import Platform
from lychgate.provisioner.models.values import effective

from lychgate.model.errors import InputError, either, nearest


@dataclass(frozen=True, slots=True)
class Scope:
    """One (application, environment, tenant) of a platform; the tenant is `shared` for what its tenants have in
    common."""

    platform: Platform
    name: str
    environment_name: str
    tenant: str

    @classmethod
    def of(cls, platform: Platform, application: str, environment: str, tenant: str) -> Scope:
        """The scope of these names. Raises InputError where one of them is not known, or does not belong together."""
        _known("application", application, platform.applications)
        _known("environment", environment, platform.environments)
        tenants = [*platform.applications[application].tenants, names.SHARED]
        _known(f"tenant of {application}", tenant, tenants)
        return cls(platform, application, environment, tenant)

    @classmethod
    def gone(cls, platform: Platform, application: str, environment: str, tenant: str) -> Scope:
        """The scope of a stack that is to be taken away: its application or tenant may have left the files already.

        Raises InputError where there is no such environment, or a name is none.
        """
        _known("environment", environment, platform.environments)
        for name in (application, tenant):
            if not re.fullmatch(names.NAME, name):
                expected = "a name of small letters, digits and single hyphens"
                raise InputError(name, found="it names neither an application nor a tenant", expected=expected)
        return cls(platform, application, environment, tenant)

    @property
    def application(self) -> Application:
        """The application's model."""
        return self.platform.applications[self.name]

    @property
    def environment(self) -> Environment:
        """The environment's model."""
        return self.platform.environments[self.environment_name]

    @property
    def resources(self) -> Mapping[str, Resource]:
        """The resources that stand in this stack: those of the tenant, or the shared ones."""
        there = (self.environment_name, self.tenant)
        return {name: one for name, one in self.application.resources.items() if one.stands_in(*there)}

    @property
    def context(self) -> Context:
        """The same as the components want it."""
        there = self.environment
        return Context(
            application=self.name,
            environment=self.environment_name,
            tenant=self.tenant,
            classification=self.application.classification,
            owner=self.application.owner,
            account=there.account,
            region=there.region,
            production=there.production,
            boundary=there.boundary,
            deployers=tuple(there.deployers),
            shared=self.application.shared or self.tenant == names.SHARED,
            retiring=self.tenant in self.application.retiring,
        )

    @property
    def namespace(self) -> str:
        """The namespace of the stack's workloads."""
        return self.context.prefix

    @property
    def observability(self) -> Observability:
        """The account at New Relic: the tenant's own in production where it has one, else the environment's."""
        tenant = self.platform.tenants.get(self.tenant)
        own = tenant.observability if tenant and self.environment.production else None
        return own or self.environment.observability

    def settings(self, kind: str, name: str = "") -> dict[str, Any]:
        """The effective settings of a thing, or of a kind."""
        found = effective(self.platform, self.name, self.environment_name, self.tenant, kind, name)
        return dict(found.values)

    def place(self, *path: str | int) -> str:
        """FILE:LINE of a part of the application's file."""
        return self.platform.place(f"applications/{self.name}", *path)

    def other(self, application: str, tenant: str | None = None) -> Scope:
        """The scope of another application in the same environment, for the same tenant where it has tenants."""
        spec = self.platform.applications[application]
        single = spec.tenants == [names.SINGLE]
        return Scope(
            self.platform, application, self.environment_name, tenant or (names.SINGLE if single else self.tenant)
        )

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return names.stack_name(self.name, self.environment_name, self.tenant)


def _known(what: str, name: str, valid: Any) -> None:
    if name not in valid:
        raise InputError(
            name, found=f"there is no {what} of this name", expected=either(sorted(valid)), hint=nearest(name, valid)
        )
