#!/bin/sh
# SPDX-License-Identifier: MIT
# Does the suite notice broken instructions? See mutants.py; -h lists the options.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/mutants/mutants.py "$@"
