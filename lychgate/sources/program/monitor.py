"""Lychgate's own ResourceMonitor and Engine: what a Pulumi program talks to while it is captured.

Everything that comes in is hostile data: it is checked, bounded, and never executed. Protocol:
https://github.com/pulumi/pulumi/blob/master/proto/pulumi/resource.proto
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from lychgate.model.errors import InputError
from lychgate.model.graph import Fact, Location, Lookup, NotInspected, Resource
from lychgate.model.values import UNKNOWN, Secret, Unknown, contains_unknown
from lychgate.sources.program.answers import Answers
from lychgate.sources.program.bounds import LONGEST_NAME, Budget, Refused, TooMuch, Twice, check_name
from lychgate.sources.program.functions import Functions
from lychgate.sources.program.providers import Providers, origin, reference
from lychgate.sources.program.registration import HIDING, inherit, location, options, property_dependencies
from lychgate.sources.program.transforms import Transforms
from lychgate.sources.program.wire import from_struct, to_struct

STACK = "pulumi:pulumi:Stack"
GET_RESOURCE = "pulumi:pulumi:getResource"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
FEATURES: dict[str, Any] = {
    "secrets": 0, "resourceReferences": 1, "outputValues": 2, "aliasSpecs": 3, "deletedWith": 5, "replaceWith": 6,
    "transforms": 7, "invokeTransforms": 8, "parameterization": 9, "resourceHooks": 10, "errorHooks": 11,
}  # fmt: skip


@dataclass
class Recorded:
    """What the monitor has seen of one stack. `finished`: the SDK has come to the program's end, where it registers the
    stack's outputs. `elsewhere`: what is wrong with another stack, which this one refers to."""

    resources: dict[str, Resource] = field(default_factory=dict)
    lookups: list[Lookup] = field(default_factory=list)
    not_inspected: list[NotInspected] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    errors: list[tuple[str, Location | None]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    finished: bool = False
    elsewhere: InputError | None = None


class Monitor(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Answers one program. `folder` is the root of its sources, `base` what the files of locations are relative to; in
    the graph the stack is called PROJECT/STACK.

    `stack_outputs` gives the outputs of another stack for a StackReference, or None where nobody knows them. `stop` is
    called when the program exceeds a limit.
    """

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        folder: str,
        base: str,
        answers: Answers,
        functions: Functions,
        transforms: Transforms,
        stack_outputs: Callable[[str], dict[str, Any] | None],
        provider_config: Callable[[str], dict[str, Any]],
        progress: Callable[[int], None],
        limit: int,
        stop: Callable[[], None],
    ) -> None:
        self.project, self.stack_name, self.folder = project, stack, PurePosixPath(folder)
        self.base = PurePosixPath(base)
        self.stack = f"{project}/{stack}"
        self.answers, self.functions, self.transforms = answers, functions, transforms
        self.stack_outputs = stack_outputs
        self.progress, self.stop, self.budget = progress, stop, Budget(limit)
        self.recorded = Recorded()
        self.root = ""
        self.lock = threading.Lock()
        self.providers = Providers(project, stack, self.recorded.resources, self.lock, answers, provider_config)

    # -- the Engine service --------------------------------------------------------------------------------------

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Keep what the program logs at warning or above (bounded)."""
        if request.severity >= engine_pb2.WARNING and len(self.recorded.log) < 100:
            self.recorded.log.append(request.message[:2000])
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The URN of the stack."""
        return engine_pb2.GetRootResourceResponse(urn=self.root)

    def SetRootResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The SDK tells the URN of the stack that it has registered; it is known already."""
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A program may demand a version of the CLI; there is none here, and nothing that depends on it."""
        return engine_pb2.RequirePulumiVersionResponse()

    # -- the ResourceMonitor service -----------------------------------------------------------------------------

    def GetDeploymentInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """What this monitor can do."""
        return resource_pb2.DeploymentInfo(
            project=self.project, stack=self.stack_name, dryRun=True, supportedFeatures=list(FEATURES.values())
        )

    def SupportsFeature(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The same, as older SDKs ask it."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in FEATURES)

    def RegisterPackage(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A parameterised package; its reference stands for it in later calls."""
        return self._serve(context, self._package, request)

    def RegisterStackTransform(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A transform for every resource registered from now on."""
        return self._serve(context, self._stack_transform, request)

    def RegisterStackInvokeTransform(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A transform for every function call from now on."""
        return self._serve(context, self._invoke_transform, request)

    def RegisterResourceHook(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Hooks run around a deployment; none happens here."""
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Hooks run around a deployment; none happens here."""
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The program is done; nothing is left to wait for."""
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Record one resource and answer with its symbolic outputs."""
        return self._serve(context, self._register, request)

    def ReadResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A resource that exists already: recorded as looked up, or the outputs of another stack."""
        return self._serve(context, self._read, request)

    def RegisterResourceOutputs(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Outputs of a component, or of the stack itself."""
        return self._serve(context, self._outputs, request)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A function: computed where it is pure, else looked up."""
        return self._serve(context, self._invoke, request)

    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        """A method of a resource: only its provider could answer."""
        answer: dict[str, Any] = {"return": to_struct({"unknown": UNKNOWN})}
        return provider_pb2.CallResponse(**answer)

    def _serve(self, context: grpc.ServicerContext, handle: Callable[[Any], Any], request: Any) -> Any:
        try:
            self.budget.spend(request)
            return handle(request)
        except Exception as error:  # whatever a program sends, it gets an answer, and its author one message
            if isinstance(error, InputError):
                self.recorded.elsewhere = error
            known = isinstance(error, ValueError | Refused)
            said = str(error) if known else f"{type(error).__name__}: {error}"
            with self.lock:
                if len(self.recorded.errors) < 100:
                    place = error.place if isinstance(error, Twice) else self.location(request)
                    self.recorded.errors.append((said, place))
            if isinstance(error, TooMuch):
                self.stop()
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, said[:LONGEST_NAME])

    def close(self) -> Recorded:
        """What was recorded. A process that the program has left behind adds nothing to it any more."""
        with self.lock:
            self.budget.closed = True
            seen = self.recorded
            return replace(
                seen,
                resources=dict(seen.resources),
                lookups=list(seen.lookups),
                not_inspected=list(seen.not_inspected),
                errors=list(seen.errors),
            )

    def location(self, request: Any) -> Location | None:
        """Where a call was made in the user's own files; where its parent was, for what a component makes later."""
        found = location(request, self.folder, self.base)
        parent = self.recorded.resources.get(getattr(request, "parent", ""))
        return found or (parent.location if parent is not None else None)

    def _package(self, request: Any) -> Any:
        ref = self.providers.package(request)
        return resource_pb2.RegisterPackageResponse(ref=ref)

    def _stack_transform(self, request: Any) -> Any:
        self.transforms.for_stack(request)
        return empty_pb2.Empty()

    def _invoke_transform(self, request: Any) -> Any:
        self.transforms.for_invokes(request)
        return empty_pb2.Empty()

    def _register(self, request: Any) -> Any:
        check_name(request, component=not request.custom and not request.remote)
        if request.type == STACK and self.root:
            raise Refused("the program registers a second stack")
        inherit(request, self.recorded.resources.get(request.parent))
        request, refs = self.transforms.apply(request, self.recorded.resources)
        urn = self.urn(request.type, request.name, request.parent)
        inputs = self._marked(request.object)
        if request.type.startswith("pulumi:providers:"):
            inputs |= origin(request.version, request.pluginDownloadURL)
        provider = self.providers.of(request, request.type) if request.custom else None
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            properties=inputs,
            parent=request.parent or (self.root if request.type != STACK else None) or None,
            provider=reference(provider),
            dependencies=tuple(sorted(set(request.dependencies) | refs)),
            property_dependencies=property_dependencies(request),
            options=options(request),
            location=self.location(request),
            stack=self.stack,
            custom=request.custom,
            remote=request.remote,
        )
        self._name_unknowns(resource)
        self._keep(resource)
        self.transforms.remember(urn, list(request.transforms))
        if request.type == STACK:
            self.root = urn
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if request.remote:
            why = "a remote component: its children are made by another process at deployment"
            self._hidden(urn, request.type, why)
            shape = self.answers.shapes(request.type) or {}
            unknowns = dict.fromkeys(shape, UNKNOWN)
            return resource_pb2.RegisterResourceResponse(urn=urn, object=to_struct(unknowns))
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if request.type in HIDING:
            self._hidden(urn, request.type, HIDING[request.type])
        resource.id, resource.outputs = self.answers.answer(resource, self.recorded.resources)
        answer = dict(resource.outputs)
        for name in request.additionalSecretOutputs:
            if name in answer:
                answer[name] = Secret(answer[name])
        return resource_pb2.RegisterResourceResponse(
            urn=urn, id="" if isinstance(resource.id, Unknown) else resource.id, object=to_struct(answer)
        )

    def _keep(self, resource: Resource) -> None:
        with self.lock:
            self.budget.check_open()
            earlier = self.recorded.resources.get(resource.urn)
            if earlier is not None:
                raise Twice(resource.urn, [one.location for one in (earlier, resource) if one.location])
            self.budget.check_room(len(self.recorded.resources), "registers")
            self.recorded.resources[resource.urn] = resource
            count = len(self.recorded.resources)
        self.progress(count)

    def _looked_up(
        self,
        token: str,
        arguments: dict[str, Any],
        answered: str,
        result: dict[str, Any] | None = None,
        fact: Fact | None = None,
    ) -> None:
        self.budget.check_room(len(self.recorded.lookups), "looks up")
        self.recorded.lookups.append(Lookup(self.stack, token[:LONGEST_NAME], arguments, answered, result or {}, fact))

    def _hidden(self, urn: str, token: str, why: str) -> None:
        self.budget.check_room(len(self.recorded.not_inspected), "hides")
        self.recorded.not_inspected.append(NotInspected(self.stack, urn, token[:LONGEST_NAME], why))

    def _marked(self, struct: Any) -> dict[str, Any]:
        """The values of a Struct, with what we made up for outputs and lookups told from what the program says."""
        values: dict[str, Any] = self.functions.mark(self.answers.mark(from_struct(struct)))
        return values

    def _name_unknowns(self, resource: Resource) -> None:
        """Let each unknown property say on whose outputs it waits."""
        for name, value in resource.properties.items():
            if isinstance(value, Unknown):
                waits = [urn.rpartition("::")[2] for urn in resource.property_dependencies.get(name, ())]
                if waits:
                    resource.properties[name] = Unknown(f"known only after {', '.join(sorted(waits))} is deployed")

    def urn(self, type_: str, name: str, parent: str) -> str:
        """The URN that the engine would give: the types of all parents but the stack are part of it."""
        qualified = type_
        if parent and parent != self.root:
            if parent not in self.recorded.resources:
                raise Refused(f"{type_} {name!r} names a parent that was never registered: {parent}")
            above = parent.split("::")[2]
            if above != STACK:
                qualified = f"{above}${type_}"
        return f"urn:pulumi:{self.stack_name}::{self.project}::{qualified}::{name}"

    def _read(self, request: Any) -> Any:
        check_name(request)
        inputs = self._marked(request.properties)
        urn = self.urn(request.type, request.name, request.parent)
        resource = Resource(
            urn=urn, type=request.type, name=request.name, properties=inputs,
            parent=request.parent or self.root or None, provider=reference(self.providers.of(request, request.type)),
            dependencies=tuple(sorted(request.dependencies)), location=self.location(request), stack=self.stack,
            id=request.id, external=True,
        )  # fmt: skip
        if request.type == STACK_REFERENCE:
            return self._stack_reference(resource, request)
        self._keep(resource)
        resource.properties = {}
        resource.id, resource.outputs = self.answers.answer(resource, self.recorded.resources, known_id=request.id)
        resource.outputs.update(inputs)
        self._looked_up(request.type, {"id": request.id}, "assumed")
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=to_struct(resource.outputs))

    def _stack_reference(self, resource: Resource, request: Any) -> Any:
        self._keep(resource)
        name = resource.properties.get("name")
        name = name if isinstance(name, str) else request.id
        outputs = self.stack_outputs(name)
        answered = "assumed" if outputs is None else "from the other stack's outputs"
        self._looked_up(STACK_REFERENCE, {"name": name}, answered)
        properties: dict[str, Any] = {"name": name}
        if outputs is not None:
            properties["outputs"] = {
                key: value.value if isinstance(value, Secret) else value for key, value in outputs.items()
            }
            properties["secretOutputNames"] = sorted(key for key, value in outputs.items() if isinstance(value, Secret))
            if contains_unknown(outputs):  # one unknown would hide all
                known = {key: value for key, value in properties["outputs"].items() if not contains_unknown(value)}
                properties["outputs"] = known
        resource.outputs = {"name": name, "outputs": outputs or {}}
        return resource_pb2.ReadResourceResponse(urn=resource.urn, id=request.id, properties=to_struct(properties))

    def _outputs(self, request: Any) -> Any:
        resource = self.recorded.resources.get(request.urn)
        if resource is None:
            raise Refused(f"outputs for a resource that was never registered: {request.urn}")
        resource.outputs = self._marked(request.outputs)
        if resource.type == STACK:
            self.recorded.outputs, self.recorded.finished = resource.outputs, True
        return empty_pb2.Empty()

    def _known(self, urn: Any) -> dict[str, Any]:
        """What a reference to a resource is filled with where it comes back to the program, in a transform say."""
        resource = self.recorded.resources.get(str(urn))
        if resource is None:
            raise Refused(f"there is no resource {urn}")
        return {"urn": resource.urn, "id": resource.id, "state": resource.outputs}

    def _invoke(self, request: Any) -> Any:
        request = self.transforms.apply_invoke(request)
        arguments = from_struct(request.args)
        provider = self.providers.of(request, request.tok)
        if request.tok == GET_RESOURCE:
            return invoked(self._known(arguments.get("urn")))
        result, answered = self.functions.call(
            request.tok,
            arguments,
            self.answers.region_of(provider),
            account=self.answers.account_of(provider),
            provider=provider.properties if provider else {},
        )
        with contextlib.suppress(IndexError):  # other calls may take from the list at the same time
            while True:
                token, why = self.functions.not_inspected.pop(0)
                self._hidden(self.root, token, why)
        if answered:
            self._looked_up(request.tok, arguments, answered, result, self.functions.fact(request.tok, arguments))
        return invoked(result)


def invoked(result: dict[str, Any]) -> Any:
    """The response to a function call; `return` is a word that Python keeps for itself."""
    answer: dict[str, Any] = {"return": to_struct(result)}
    return provider_pb2.InvokeResponse(**answer)
