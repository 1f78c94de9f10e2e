#!/bin/sh
# SPDX-License-Identifier: MIT
# The instruction test programs in the user runner, against the results of the Ski simulator.
cd "$(dirname "$0")/../.." || exit 1
if ! command -v ia64-linux-gnu-as >/dev/null; then
	echo "SKIP insn: ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
exec python3 tests/insn/insn.py --runner "${BUILD:-build}/epixen-user"
