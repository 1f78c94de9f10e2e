#!/bin/sh
# SPDX-License-Identifier: MIT
# Every row of the instruction table must have a test that notices when the row is broken.
cd "$(dirname "$0")/../.." || exit 1
if ! command -v ia64-linux-gnu-as >/dev/null; then
	echo "SKIP audit: ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
exec python3 tests/audit/audit.py "${BUILD:-build}"
