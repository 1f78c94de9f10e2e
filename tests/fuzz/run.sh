#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs every fuzzer for SECONDS_EACH (default 60) seconds. usage: tests/fuzz/run.sh BUILD NAME...
# An input that takes longer than 25 seconds breaks something, too. New inputs are kept in BUILD/corpus; an input that breaks something is named and kept beside it.
set -u
build=$1
shift
passed=0 failed=0
for name; do
	mkdir -p "$build/corpus/$name"
	if "$build/fuzz_$name" -max_total_time="${SECONDS_EACH:-60}" -timeout=25 -print_final_stats=1 \
		-artifact_prefix="$build/$name-" "$build/corpus/$name" >"$build/$name.log" 2>&1; then
		passed=$((passed + 1))
		echo "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs"
	else
		failed=$((failed + 1))
		echo "FAIL fuzz $name:"
		grep -v '^#' "$build/$name.log" | tail -n 30
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
