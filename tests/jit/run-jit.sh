#!/bin/sh
# SPDX-License-Identifier: MIT
# The translator against the interpreter: random programs in lockstep; its assembler against objdump.
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
passed=0 failed=0 skipped=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

add() { # COMMAND...
	"$@" >"$dir/out" 2>/dev/null
	set -- $(tail -n 1 "$dir/out" |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1})) skipped=$((skipped + ${3:-0}))
	[ "${2:-1}" -eq 0 ] || cat "$dir/out"
}

# Some 10000 slots each; the long form is more than 100 million. A small cache evicts all the time;
# hosts may lack FMA and the like.
# With a sanitizer everything takes twenty times as long.
many=100 coverage=-c
[ "${SIZE:-short}" = long ] && many=2000
case $(basename "$build") in asan | ubsan | tsan) many=$((many / 10)) coverage= ;; esac
# shellcheck disable=SC2086
add "$build/jittest" $coverage -m 1024 $((20 * many)) 1
grep ' slots, ' "$dir/out"
for without in 1 2 4 8 15; do
	add "$build/jittest" -w $without $many $((100000 * without))
	grep ' slots, ' "$dir/out"
done

# The assembler against objdump.
lines() {
	objdump -D -b binary -m i386:x86-64 -M intel --no-show-raw-insn "$dir/code" |
		sed -n 's/^ *[0-9a-f]*:\t//p' | sed 's/  */ /g; s/ *$//; s/^rex //'
}
if command -v objdump >/dev/null; then
	"$build/x86test" "$dir/code" >"$dir/want" || failed=$((failed + 1))
	lines | diff "$dir/want" - >"$dir/diff"
	different=$(grep -c '^[<>]' "$dir/diff")
	head -n 20 "$dir/diff"
	passed=$((passed + $(wc -l <"$dir/want") - different)) failed=$((failed + different))
else
	echo "SKIP x86: objdump is missing (package binutils)"
	skipped=$((skipped + 1))
fi

# What perf is told: read by a reader of our own, and by perf where there is one that may count.
cat >"$dir/loop.s" <<'EOT'
	.global _start, loop
_start:	alloc r2 = ar.pfs, 0, 0, 8, 0
	movl r8 = 300000000 ;;
	mov ar.lc = r8
	br.sptk.few loop
	.align 4096
loop:	add r9 = 1, r9 ;;
	xor r10 = r9, r10
	br.cloop.sptk.few loop ;;
	mov r32 = 0
	mov r15 = 1025 ;;
	break 0x100000 ;;
EOT
pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}
if command -v ia64-linux-gnu-as >/dev/null; then
	ia64-linux-gnu-as -x -o "$dir/loop.o" "$dir/loop.s"
	ia64-linux-gnu-ld -static -o "$dir/loop" "$dir/loop.o"
	loop=ia64:0x$(ia64-linux-gnu-nm "$dir/loop" | sed -n 's/^0*\([0-9a-f]*\) . loop$/\1/p')
	mkdir "$dir/dump"
	"$build/epixen-user" --engine jit --jitdump "$dir/dump" "$dir/loop" &
	wait $!
	python3 tests/jit/jitdump.py "$dir/dump/jit-$!.dump" $! "$loop" ia64:common >"$dir/out" 2>&1 &&
		pass || fail "jitdump: $(cat "$dir/out")"
	if perf record -q -k mono -e cpu-clock -o "$dir/perf" true >/dev/null 2>&1; then
		perf record -q -k mono -e cpu-clock -o "$dir/perf" "$build/epixen-user" --engine jit \
			--jitdump "$dir/dump" "$dir/loop" >/dev/null 2>&1
		perf inject --jit -i "$dir/perf" -o "$dir/perf.jit" >"$dir/out" 2>&1
		perf report -i "$dir/perf.jit" --stdio 2>/dev/null | grep -v '^#' | grep -m 1 . >"$dir/top"
		grep -q " $loop" "$dir/top" && pass || fail "perf's top is not the loop: $(cat "$dir/top")"
	else
		echo "SKIP jit: perf is missing (package linux-perf) or may not count"
		skipped=$((skipped + 1))
	fi
else
	echo "SKIP jitdump: ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
	skipped=$((skipped + 1))
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
