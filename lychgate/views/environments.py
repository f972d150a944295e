"""Environment variables that a program gives to the code it runs, and the credentials among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lychgate.model.graph import Graph
from lychgate.model.values import Secret, Unknown, UnknownRead
from lychgate.views.base import View
from lychgate.views.commands import in_words
from lychgate.views.credentials import (
    REFERENCE,
    Origins,
    looks_like_credential,
    names_an_object,
    opened,
    written_in_text,
)
from lychgate.views.kubernetes_objects import TEMPLATES, kind_of, object_name
from lychgate.views.kubernetes_workloads import Workload

FUNCTION = "aws:lambda/function:Function"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
SECRET = "kubernetes:core/v1:Secret"
STORES = ("aws:secretsmanager/secret:Secret", "aws:ssm/parameter:Parameter")
# Kind of workload -> where the pod's specification stands in it.
POD_SPECS = {type_: ".".join((*TEMPLATES[kind_of(type_)], "spec")) for type_ in Workload.types}


class Environment(View):
    """Code that gets environment variables: a Lambda function, containers of an ECS task or of Kubernetes. The commands
    of an ECS task are shown where its variables are."""

    types = (FUNCTION, TASK, *POD_SPECS)
    __slots__ = ()

    @property
    def credentials(self) -> list[str]:
        """The variables that hold a credential itself, with the container's name.

        A credential is what Pulumi marks as secret, what is so named and is no reference to a secret store, and what
        looks like one. Raises `UnknownRead` where none certainly is, and one may be: a variable that is so named and
        whose value is unknown, or may as well be the name of a Secret.
        """
        return self.once("credentials", self._credentials)

    def _credentials(self) -> list[str]:
        found: list[str] = []
        doubt: UnknownRead | None = None
        for variable in self._variables():
            try:
                found += [variable[0]] if self._is_credential(variable) else []
            except UnknownRead as unknown:
                doubt = doubt or unknown
        if doubt is not None and not found:
            raise doubt
        return found

    @property
    def commands(self) -> list[str]:
        """The places in commands of an ECS task that hold a credential. Kubernetes' are another view's."""
        if self.resource.type != TASK:
            return []
        origins = Origins(self.graph, self.resource, "containerDefinitions")
        found = [
            f"{place} in {property_} of {container.get('name')}"
            for container in self._containers()
            for property_, words in _commands(container)
            for place in in_words(words, origins)
        ]
        return list(dict.fromkeys(found))

    def _containers(self) -> list[Any]:
        containers = self.read.document("containerDefinitions")
        return containers if isinstance(containers, list) else []

    def _is_credential(self, variable: tuple[str, str, Any, str]) -> bool:
        _, name, value, property_ = variable
        named = bool(looks_like_credential(name))
        if isinstance(value, Unknown):
            if named:
                raise UnknownRead(self.resource.urn, f"{property_} ({name})", value.why)
            return False
        text = opened(value)
        if isinstance(value, Secret):
            return not isinstance(text, str) or not REFERENCE.match(text)
        if not isinstance(text, str) or not text:
            return False
        plain = text.isdigit() or text.lower() in ("true", "false") or bool(REFERENCE.match(text))
        if named and not plain and not self._names_store(text, property_):
            if names_an_object(name, text):
                why = f"a word that may be the name of a Secret, or the secret itself (a name belongs into {name}_NAME)"
                raise UnknownRead(self.resource.urn, f"{property_} ({name})", why)
            return True
        origins = self.once(property_, lambda: Origins(self.graph, self.resource, property_))
        return written_in_text(text, origins)

    def _names_store(self, text: str, property_: str) -> bool:
        """Whether the text is the name of a secret or parameter that the property refers to, or of a Secret object."""
        found = (self.graph.by_urn.get(urn) for urn in self.resource.property_dependencies.get(property_, ()))
        if any(one.type in STORES and text in (one.id, one.outputs.get("name")) for one in found if one is not None):
            return True
        return text in self.graph.once("names of Secrets", lambda: set(_names_of_secrets(self.graph)))

    def _variables(self) -> Iterator[tuple[str, str, Any, str]]:
        """Place for messages, name, value and property of each variable."""
        if self.resource.type == FUNCTION:
            yield from self._of_function()
        elif self.resource.type == TASK:
            for container in self._containers():
                for variable in container.get("environment") or ():
                    name = str(variable.get("name", ""))
                    yield f"{name} of {container.get('name')}", name, variable.get("value"), "containerDefinitions"
        else:
            yield from self._of_pods()

    def _of_function(self) -> Iterator[tuple[str, str, Any, str]]:
        environment = opened(self.resource.properties.get("environment"))
        variables = opened(environment.get("variables")) if isinstance(environment, dict) else environment
        if isinstance(variables, Unknown):
            raise UnknownRead(self.resource.urn, "environment.variables", variables.why)
        for name, value in (variables or {}).items():
            yield name, name, value, "environment"

    def _of_pods(self) -> Iterator[tuple[str, str, Any, str]]:
        pods = self.read.block(POD_SPECS[self.resource.type])
        for kind in ("initContainers", "containers", "ephemeralContainers"):
            for container in pods.blocks(kind):
                for variable in container.blocks("env"):
                    if not variable.has("valueFrom"):
                        name = variable.text("name") or ""
                        place = f"{name} of {container.text('name')}"
                        yield place, name, variable.values.get("value"), pods.path.partition(".")[0]


def _commands(container: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The commands that ECS runs in a container."""
    check = container.get("healthCheck")
    found = {name: container.get(name) for name in ("entryPoint", "command")}
    found["healthCheck"] = check.get("command") if isinstance(check, dict) else None
    yield from ((name, words) for name, words in found.items() if isinstance(words, list))


def _names_of_secrets(graph: Graph) -> Iterator[str]:
    """The names of the Secret objects of Kubernetes that are known."""
    for resource in graph.of_type(SECRET):
        try:
            yield object_name(resource)
        except UnknownRead:
            continue
