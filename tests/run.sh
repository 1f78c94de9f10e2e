#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the suite: usage: tests/run.sh BUILD [long]. Every unit program, then every script
# tests/*/run-*.sh. Last line: N passed, N failed, N skipped.
set -u
build=$1
size=${2:-short}
passed=0 failed=0 skipped=0
log=$build/test.log
: >"$log"

# Adds up the "N passed, N failed, N skipped" line that ends a program's output; a program
# without one counts as one test.
count() { # NAME STATUS OUTPUT
	line=$(tail -n 1 "$3")
	set -- "$1" "$2" "$3" $(echo "$line" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	if [ $# -eq 6 ]; then
		p=$4 f=$5 s=$6
		[ "$2" -ne 0 ] && [ "$f" -eq 0 ] && f=1
	else
		p=0 f=1 s=0
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-28s %6d passed %4d failed %4d skipped\n' "$1" "$p" "$f" "$s"
	grep -h '^SKIP' "$3"
	[ "$f" -ne 0 ] && tail -n 30 "$3"
	cat "$3" >>"$log"
}

# cmocka reports TAP; a line of ours ends it.
unit() { # PROGRAM
	out=$build/$(basename "$1").out
	CMOCKA_MESSAGE_OUTPUT=TAP timeout 900 "$1" >"$out" 2>&1
	status=$?
	printf '%d passed, %d failed, %d skipped\n' "$(grep -c '^ok .*' "$out")" \
		"$(grep -c '^not ok' "$out")" "$(grep -c '# SKIP' "$out")" >>"$out"
	count "$(basename "$1")" $status "$out"
}

for t in tests/unit/test_*.c; do
	unit "$build/tests/unit/$(basename "$t" .c)"
done
for t in tests/*/run-*.sh; do
	[ -e "$t" ] || continue
	out=$build/$(basename "$t" .sh).out
	EPIXEN=$build/epixen BUILD=$build SIZE=$size timeout 7200 sh "$t" >"$out" 2>&1
	count "$t" $? "$out"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
