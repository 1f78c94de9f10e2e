#!/bin/sh
# SPDX-License-Identifier: MIT
# The speed of the JIT against the stored baseline, a few rows in about half a minute, all for
# SIZE=long; and that the comparison notices a loss. usage: BUILD=build SHARED=../shared
# tests/bench/run-bench.sh
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
shared=${SHARED:-../shared}
passed=0 failed=0 skipped=0

# Runs a command and adds up the counts in its last line.
add() { # COMMAND...
	out=$("$@" 2>&1)
	echo "$out"
	set -- $(echo "$out" | tail -n 1 |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1})) skipped=$((skipped + ${3:-0}))
}

skip() { # WHY
	echo "SKIP bench, speed is NOT checked: $1"
	skipped=$((skipped + 1))
}

add python3 tests/bench/test_check.py
[ "${SIZE:-short}" = long ] && short= || short=--short
case $(basename "$build") in
asan | ubsan | tsan) skip "a build with a sanitizer" ;;
*)
	if tests/toolchain.sh "$shared" >/dev/null; then
		XDG_RUNTIME_DIR=$(mktemp -d)
		export XDG_RUNTIME_DIR
		trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
		add bench/check.py --build "$build" --shared "$shared" $short
	else
		skip "no C compiler for ia64: set IA64_CC, or SHARED to where toolchain/ is"
	fi
	;;
esac
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
