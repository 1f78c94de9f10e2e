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

# Some 10000 slots each; the long form is more than 100 million.
count=1500
[ "${SIZE:-short}" = long ] && count=20000
add "$build/jittest" -c $count 1
grep ' slots, ' "$dir/out"

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

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
