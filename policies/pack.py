"""The policy pack: the rules over Pulumi's analyzer protocol.

Policies are declared with the pulumi-policy SDK, whose server answers what they are and takes their configuration. What
is asked per resource is answered here: the SDK's own loop converts the properties anew for every policy and calls all
of them (10 ms a resource with 200 policies); ours converts them once and calls only the rules that judge the type.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pulumi.runtime
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ResourceValidationPolicy,
    Severity,
    StackValidationPolicy,
)
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pydantic import ValidationError

from lychgate.judging.discovery import all_rules
from lychgate.judging.evaluation import SEES_SIBLINGS, Judgement, ask
from lychgate.judging.pack_config import parameters_schema
from lychgate.judging.rule import Case, Rule
from lychgate.judging.ruleset import Ruleset, load_ruleset
from lychgate.judging.verdict import waive
from lychgate.judging.waivers import Waiver, Waivers, Written, load_waivers
from lychgate.model.errors import InputError
from lychgate.model.escaping import escape
from lychgate.model.graph import Graph, Resource, StackInfo
from lychgate.model.outcome import Answer
from lychgate.model.redaction import Redactor
from lychgate.model.values import Secret
from lychgate.sources.analyzer import graph_of_one, graph_of_stack
from lychgate.sources.authorship import authors_by_line
from lychgate.sources.program.wire import from_struct, to_struct

NAME, VERSION = "lychgate", version("lychgate")
LEVELS = {
    EnforcementLevel.ADVISORY: analyzer_pb2.ADVISORY,
    EnforcementLevel.MANDATORY: analyzer_pb2.MANDATORY,
    EnforcementLevel.REMEDIATE: analyzer_pb2.MANDATORY,  # what is left after the remediation blocks
}
SEVERITIES = {
    "low": analyzer_pb2.POLICY_SEVERITY_LOW,
    "medium": analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    "high": analyzer_pb2.POLICY_SEVERITY_HIGH,
    "critical": analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}
# Of pulumi-policy's own server: larger stacks than gRPC's default of 4 MB are analysed in one message.
NAMED = 5  # resources that a finding of the whole stack names at most
CHANNEL = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]


def declare(rule: Rule, ruleset: Ruleset) -> Policy:
    """A rule as a policy of the SDK: the facts that Pulumi shows beside a finding."""
    requirements = ruleset.requirements_of(rule.id)
    facts: dict[str, Any] = {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel(ruleset.level(rule)),
        "config_schema": PolicyConfigSchema(parameters_schema(rule, ruleset)),
        "display_name": rule.id.replace("-", " "),
        "severity": Severity(rule.severity),
        "framework": PolicyComplianceFramework(
            name="PCI DSS", version="4.0.1", reference=", ".join(requirements) or None, specification=rule.rationale
        ),
        "tags": [rule.layer, *(f"pci-{requirement}" for requirement in requirements)],
        "remediation_steps": rule.remediation,
    }
    if rule.scope == "resource":
        return ResourceValidationPolicy(validate=_unused, remediate=_unused if rule.remedy else None, **facts)
    return StackValidationPolicy(validate=_unused, **facts)


def _unused(*_: Any) -> None:
    """The SDK wants a function of each policy; ours are called by `Analyzer`."""


class Analyzer(_PolicyAnalyzerServicer):
    """The SDK's server with our own answers to Analyze, AnalyzeStack and Remediate."""

    def __init__(self, rules: Mapping[str, Rule], ruleset: Ruleset, waivers: Waivers, stack: StackInfo) -> None:
        self.rules, self.ruleset, self.waivers, self.stack = rules, ruleset, waivers, stack
        self.policies = {rule.id: declare(rule, ruleset) for rule in rules.values()}
        self.config: dict[str, Mapping[str, Any]] = {}
        self.levels: dict[str, EnforcementLevel] = {}
        self.parameters = {rule.id: ruleset.parameters(rule) for rule in rules.values()}
        self.inputs: dict[str, Any] = {}
        self.lock = threading.Lock()
        super().__init__(NAME, VERSION, list(self.policies.values()), EnforcementLevel.MANDATORY)
        self._index()

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Enforcement levels and parameters of --policy-pack-config. What a parameter's model refuses is an error."""
        for name, given in request.policyConfig.items():
            if name not in self.rules:
                continue
            self.levels[name] = self._convert_enforcement_level(given.enforcementLevel)
            values = from_struct(given.properties)
            self.config[name] = values
            model = self.rules[name].parameters
            own = {key: value for key, value in values.items() if key != "unknown"}
            if model is not None and own:
                try:
                    self.parameters[name] = model.model_validate(own)
                except ValidationError as error:
                    first = error.errors()[0]
                    where = ".".join(map(str, first["loc"]))
                    context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{name}: {where}: {first['msg']}")
        self._index()
        return empty_pb2.Empty()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The engine introduces itself; nothing of it is needed."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Nothing runs long enough to be cancelled."""
        return empty_pb2.Empty()

    def level(self, rule: Rule) -> EnforcementLevel:
        """The level of a rule: as configured, else as its ruleset says."""
        return self.levels.get(rule.id) or EnforcementLevel(self.ruleset.level(rule))

    def _index(self) -> None:
        """Type -> the rules that are asked per resource. A type that no rule judges costs a look-up."""
        self.by_type: dict[str, list[Rule]] = {}
        for rule in self.rules.values():
            if rule.scope == "resource" and self.level(rule) is not EnforcementLevel.DISABLED:
                for type_ in rule.judges.types:
                    self.by_type.setdefault(type_, []).append(rule)

    def Analyze(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Ask the rules that judge this type, of the resource alone."""
        response = analyzer_pb2.AnalyzeResponse()
        self.inputs[request.urn] = request.properties
        rules = self.by_type.get(request.type)
        if rules:
            with self.lock:
                self._ask(response, rules, graph_of_one(request, self.stack))
        return response

    def AnalyzeStack(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Ask the rules that need to see the stack."""
        response = analyzer_pb2.AnalyzeResponse()
        chosen = [
            rule
            for rule in self.rules.values()
            if rule.scope != "resource" and self.level(rule) is not EnforcementLevel.DISABLED
        ]
        with self.lock:
            self._ask(response, chosen, graph_of_stack(request.resources, self.stack, self.inputs))
        return response

    def _ask(self, response: Any, rules: Iterable[Rule], graph: Graph) -> None:
        redact = Redactor.of(graph)
        for rule in rules:
            lone: list[str] = []
            for resource, answer in ask(rule, Case(graph, self.parameters[rule.id]), redact):
                if answer.outcome == "unknown" and answer.message == SEES_SIBLINGS:
                    lone.append(resource.urn)
                elif answer.outcome in ("fail", "unknown", "error"):
                    response.diagnostics.append(
                        self._diagnostic(rule, resource.urn, *self._waived(rule, resource, answer))
                    )
                elif answer.outcome == "not applicable" and rule.scope == "resource":
                    response.not_applicable.add(policy_name=rule.id, reason=answer.message)
            if lone:
                response.diagnostics.append(self._compared(rule, graph, lone))

    def _compared(self, rule: Rule, graph: Graph, urns: list[str]) -> Any:
        """One finding, of the stack, for all resources of which a rule that compares stacks can say no more."""
        roots = [resource.urn for resource in graph.of_type("pulumi:pulumi:Stack")]
        names = ", ".join(urn.rpartition("::")[2] for urn in urns[:NAMED]) + (", ..." if len(urns) > NAMED else "")
        return self._diagnostic(rule, (roots or urns)[0], Answer("unknown", f"{SEES_SIBLINGS} ({names})"))

    def _waived(self, rule: Rule, resource: Resource, answer: Answer) -> tuple[Answer, Waiver | None]:
        """An answer as it stands after waivers, and the one that is in force for it."""
        judgement = Judgement(rule, resource, self.ruleset.level(rule), answer)
        (decided,) = waive([judgement], self.waivers)
        return replace(answer, message=decided.message), decided.waiver if decided.outcome == "waived" else None

    def _diagnostic(self, rule: Rule, urn: str, answer: Answer, waiver: Waiver | None = None) -> Any:
        level = LEVELS[self.level(rule)]
        text = answer.message
        if answer.outcome == "unknown":
            text = f"not determined: {text}"
            if self.config.get(rule.id, {}).get("unknown") != "fail":
                level = analyzer_pb2.ADVISORY
        elif answer.outcome == "error":
            level = analyzer_pb2.MANDATORY
        if waiver is not None:
            level = analyzer_pb2.ADVISORY
            text = f"waived until {waiver.expires}, {waiver.ticket}, approved by {waiver.approver}: {text}"
        return analyzer_pb2.AnalyzeDiagnostic(
            policyName=rule.id,
            policyPackName=NAME,
            policyPackVersion=VERSION,
            description=rule.title,
            message=f"{rule.title}\n{text}",
            enforcementLevel=level,
            urn=urn,
            severity=SEVERITIES[rule.severity],
        )

    def Remediate(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Rewrite the properties with every rule that is set to remediate and that they break."""
        response = analyzer_pb2.RemediateResponse()
        for rule in self.by_type.get(request.type, ()):
            if rule.remedy is None or self.level(rule) is not EnforcementLevel.REMEDIATE:
                continue
            with self.lock:
                better = self._remedy(rule, request)
            if better is not None:
                request.properties.CopyFrom(to_struct(better))
                response.remediations.add(
                    policyName=rule.id, policyPackName=NAME, policyPackVersion=VERSION, description=rule.title,
                    properties=request.properties,
                )  # fmt: skip
        return response

    def _remedy(self, rule: Rule, request: Any) -> dict[str, Any] | None:
        graph = graph_of_one(request, self.stack)
        case = Case(graph, self.parameters[rule.id])
        failed = any(
            answer.outcome == "fail" and self._waived(rule, resource, answer)[1] is None
            for resource, answer in ask(rule, case, Redactor(()))
        )
        if not failed or rule.remedy is None:
            return None
        return rule.remedy(from_struct(request.properties), case.parameters)


def this_stack() -> StackInfo:
    """The stack that the engine runs the pack for, as its environment says."""
    project, stack = pulumi.get_project(), pulumi.get_stack()
    config = {
        key: Secret(value) if pulumi.runtime.is_config_secret(key) else value
        for key, value in pulumi.runtime.get_config_env().items()
    }
    return StackInfo(f"{project}/{stack}", project, stack, config)


def serve(ruleset: str | Path = "production", rules: Iterable[str] = (), waivers: str | None = None) -> None:
    """Start the server, print its port as the engine expects, and serve until the engine ends the process.

    `ruleset` is a baseline or a file, `rules` are folders with rules of one's own, `waivers` is a file. The pack's own
    __main__.py says them and nothing else does: variables may come from the judged project, whose Pulumi.STACK.yaml can
    name ESC environments. What is wrong with them ends the process with one message.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())
    try:
        known = all_rules(map(Path, rules))
        chosen = load_ruleset(ruleset, known)
        analyzer = Analyzer(known, chosen, _accepted(waivers, chosen, known), this_stack())
    except InputError as error:
        sys.exit(f"lychgate: {escape(str(error))}")
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=CHANNEL)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(analyzer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _accepted(file: str | None, ruleset: Ruleset, rules: Mapping[str, Rule]) -> Waivers:
    if file is None:
        return Waivers()
    path = Path(file)
    return load_waivers(path, ruleset, rules, datetime.now(UTC), Written(path.name, authors_by_line(path)))
