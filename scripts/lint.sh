#!/bin/sh
# Formatting, lint, types, import directions. `./dev lint` calls it with the environment set up.
set -eu
cd "$(dirname "$0")/.."
BIN=.venv/bin
FOLDERS="lychgate policies rulesets reports provisioner pipeline portal tests examples benchmarks scripts"

"$BIN/ruff" format --check $FOLDERS
"$BIN/ruff" check $FOLDERS

# These rooms are imported as lychgate.*: mypy and import-linter follow folders, so they get a tree in which they stand
# where they are imported from.
tree=.tools/typed
rm -rf "$tree" && mkdir -p "$tree/lychgate"
for entry in lychgate/*; do ln -s "../../../$entry" "$tree/lychgate/"; done
for room in policies rulesets reports provisioner pipeline portal; do ln -s "../../../$room" "$tree/lychgate/$room"; done
MYPYPATH=$tree "$BIN/mypy" --config-file pyproject.toml -p lychgate
(cd "$tree" && "../../$BIN/lint-imports" ../../.importlinter)
