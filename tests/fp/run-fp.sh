#!/bin/sh
# SPDX-License-Identifier: MIT
# Random floating-point instructions against MPFR, by exec function and as translated code: half a
# million each, or 24 million for SIZE=long. usage: BUILD=build SIZE=short|long tests/fp/run-fp.sh
cd "$(dirname "$0")/../.." || exit 1
fptest=${BUILD:-build}/fptest
if [ "${SIZE:-short}" = short ]; then count=500000 seeds=1; else count=6000000 seeds="2 3 4 5"; fi
passed=0 failed=0
for seed in $seeds; do
	for engine in interp jit jit-plain; do
		out=$("$fptest" $count "$seed" $engine)
		echo "$engine: $out"
		set -- $(echo "$out" | tail -n 1)
		[ "${2:-}" = passed, ] || { failed=$((failed + 1)); continue; }
		passed=$((passed + $1)) failed=$((failed + $3))
	done
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
