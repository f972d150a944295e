"""`lychgate pack config`: what `--policy-pack-config` says for a ruleset; whether such a file agrees with waivers."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson

from lychgate.cli.check import moment
from lychgate.cli.waiver_files import read_waivers
from lychgate.judging.discovery import all_rules
from lychgate.judging.pack_config import URN, UnknownAs, config_schema, pack_config, with_exceptions
from lychgate.judging.ruleset import load_ruleset
from lychgate.judging.waivers import Waivers
from lychgate.model.errors import InputError, nearest
from lychgate.model.escaping import flat
from lychgate.sources.files import read
from lychgate.sources.settings import NAME, find, read_settings


@dataclass(frozen=True, slots=True)
class ConfigOptions:
    """What was asked on the command line."""

    ruleset: str | None
    environment: str
    rules: Sequence[Path]
    unknown: str
    exceptions: bool
    waivers: Path | None
    settings: Path | None
    as_of: str | None
    check: Path | None
    schema: bool


def run(options: ConfigOptions) -> int:
    """Print the configuration or its schema, or check one."""
    settings = read_settings(options.settings or find(Path.cwd()), options.environment)
    rules = all_rules(options.rules)
    baseline = options.ruleset or settings.ruleset or ("test" if options.environment == "test" else "production")
    ruleset = load_ruleset(baseline, rules)
    if options.schema:
        return _print(config_schema(rules, ruleset))
    config: Mapping[str, Any] = pack_config(rules, ruleset, remediate=True, unknown=cast("UnknownAs", options.unknown))
    if not options.exceptions and options.check is None:
        return _print(config)
    file = options.waivers or settings.waivers
    if file is None:
        raise InputError(NAME, found="it names no waivers file", expected="`waivers: waivers.yaml`, or --waivers FILE")
    waivers = read_waivers(file, ruleset, rules, moment(options.as_of), None)
    if options.check is not None:
        return _check(options.check, waivers, rules.keys())
    config, left_out = with_exceptions(config, waivers)
    for waiver, why in left_out:
        said = f"{waivers.file}:{waiver.line}: {waiver.ticket} is no exception: {why}"
        print(f"lychgate: {flat(said)}", file=sys.stderr)
    return _print(config)


def _print(document: Mapping[str, Any]) -> int:
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
    return 0


def _check(file: Path, waivers: Waivers, rules: Collection[str]) -> int:
    """Whether each exception of a configuration is covered. Raises InputError with all that are not."""
    try:
        document = orjson.loads(read(file))
        exceptions = document.get("exceptions", {}) if document.get("version") == 2 else {}
        excepted = [
            (str(name), str(policy), str(target))
            for name, said in exceptions.items()
            for match in said["match"]
            for policy in match["policies"]
            for target in match["targets"]
        ]
    except (ValueError, AttributeError, KeyError, TypeError):
        expected = "what `lychgate pack config --schema` describes"
        raise InputError(str(file), found="this is no configuration of a policy pack", expected=expected) from None
    errors = list(_uncovered(file, excepted, waivers, rules))
    if errors:
        raise InputError.of(errors)
    print(f"{len(excepted)} exceptions, each with a waiver that is in force")
    return 0


def _uncovered(
    file: Path, excepted: Sequence[tuple[str, str, str]], waivers: Waivers, rules: Collection[str]
) -> Iterator[InputError]:
    for name, rule, urn in excepted:
        of = URN.fullmatch(urn)
        waiver = waivers.match(rule, f"{of['project']}/{of['stack']}", urn) if of else None
        if rule not in rules:
            yield InputError(str(file), found=f"{name}: unknown rule {rule!r}", hint=nearest(rule, rules))
        elif waiver is None or waiver.expired:
            why = f"the waiver {waiver.ticket} has expired on {waiver.expires}" if waiver else "there is no waiver"
            found = f"{name}: {rule} on {urn}: {why}"
            yield InputError(str(file), found=found, expected="one in force (`lychgate waive`), or no exception")
