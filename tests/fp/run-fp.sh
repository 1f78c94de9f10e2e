#!/bin/sh
# SPDX-License-Identifier: MIT
# Random floating-point instructions against MPFR: half a million, or 24 million for SIZE=long.
# usage: BUILD=build SIZE=short|long tests/fp/run-fp.sh
cd "$(dirname "$0")/../.." || exit 1
fptest=${BUILD:-build}/fptest
if [ "${SIZE:-short}" = short ]; then
	exec "$fptest" 500000 1
fi
passed=0 failed=0
for seed in 2 3 4 5; do
	out=$("$fptest" 6000000 $seed)
	echo "$out"
	set -- $(echo "$out" | tail -n 1)
	[ "${2:-}" = passed, ] || { failed=$((failed + 1)); continue; }
	passed=$((passed + $1)) failed=$((failed + $3))
done
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
