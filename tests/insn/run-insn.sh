#!/bin/sh
# SPDX-License-Identifier: MIT
# The instruction test programs in the user runner on each engine, against the results of the Ski
# simulator. ENGINES names the engines, "interp jit" by default.
cd "$(dirname "$0")/../.." || exit 1
if ! command -v ia64-linux-gnu-as >/dev/null; then
	echo "SKIP insn: ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
python3 tests/insn/insn.py --keep "$dir" --build-only >"$dir/out" 2>&1 || cat "$dir/out"
for engine in ${ENGINES:-interp jit}; do
	python3 tests/insn/insn.py --runner "${BUILD:-build}/epixen-user --engine $engine" \
		--built "$dir" >"$dir/out" 2>&1
	set -- $(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed, .*/\1 \2/p' "$dir/out")
	passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1}))
	[ "${2:-1}" -eq 0 ] || { echo "on $engine:" && cat "$dir/out"; }
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
