#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the suite: usage: tests/run.sh BUILD [long]. Every unit program in BUILD/tests/unit, then
# every script tests/*/run-*.sh, which gets EPIXEN, BUILD, SIZE (short or long) and SHARED. Each
# ends with a line "N passed, N failed, N skipped"; so does this, with the sums.
set -u
build=$1
size=${2:-short}
passed=0 failed=0 skipped=0
log=$build/test.log
: >"$log"

# Sanitizers write here, from domains without a terminal too; each file is a failure.
reports=$(realpath "$build")/sanitizer
rm -f "$reports".*
export ASAN_OPTIONS="log_path=$reports" UBSAN_OPTIONS="log_path=$reports:print_stacktrace=1" \
	TSAN_OPTIONS="log_path=$reports"

# Adds up the last line of a program's output; without one the program counts as one failure, and
# so does a status that contradicts it.
count() { # NAME STATUS OUTPUT
	set -- "$1" "$2" "$3" $(tail -n 1 "$3" |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	p=${4:-0} f=${5:-1} s=${6:-0}
	[ "$2" -ne 0 ] && [ "$f" -eq 0 ] && f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-28s %8d passed %4d failed %4d skipped\n' "$1" "$p" "$f" "$s"
	grep '^SKIP' "$3"
	[ "$f" -ne 0 ] && tail -n 40 "$3"
	cat "$3" >>"$log"
}

# cmocka speaks TAP; the line of sums is added here.
unit() { # PROGRAM NAME
	out=$1.out
	CMOCKA_MESSAGE_OUTPUT=TAP timeout 1200 "$1" >"$out" 2>&1
	status=$?
	printf '%d passed, %d failed, %d skipped\n' "$(grep '^ok' "$out" | grep -vc '# SKIP')" \
		"$(grep -c '^not ok' "$out")" "$(grep -c '^ok.*# SKIP' "$out")" >>"$out"
	count "$2" $status "$out"
}

for t in "$build"/tests/unit/test_*; do
	case $t in *.o | *.d | *.out) continue ;; esac
	name=$(basename "$t")
	[ -e "tests/unit/$name.c" ] && unit "$t" "$name"
	[ -e "$build/tests/unit-jit/$name" ] && unit "$build/tests/unit-jit/$name" "$name on the JIT"
	[ -e "$build/tests/unit-verify/$name" ] && unit "$build/tests/unit-verify/$name" "$name on both, compared"
done
for t in tests/*/run-*.sh; do
	out=$build/$(basename "$t" .sh).out
	EPIXEN=$build/epixen BUILD=$build SIZE=$size SHARED=${SHARED:-../shared} \
		timeout 36000 sh "$t" >"$out" 2>&1 </dev/null
	count "$t" $? "$out"
done
for r in "$reports".*; do
	[ -e "$r" ] || continue
	failed=$((failed + 1))
	echo "FAIL sanitizer report $r:" && head -n 40 "$r"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
