#!/bin/sh
# SPDX-License-Identifier: MIT
# Rules about the source text that no compiler checks: layers, global state, file lists, heads,
# function length. usage: tests/source/run-source.sh
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
passed=0 failed=0

check() { # NAME FINDINGS: none is a pass
	if [ -z "$2" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1:"
		echo "$2"
	fi
}

# An include may point down this list or stay in its directory. One exception: CPU models are plain
# data that the MMU reads too.
layers="base store isa mmu cpu jit dev fw hv back domain daemon tool helper"
includes() {
	below=" "
	for layer in $layers; do
		below="$below$layer "
		[ -d "src/$layer" ] || continue
		grep -Hn '#include "' src/"$layer"/* | while IFS=: read -r file line text; do
			to=${text#*\"}
			to=${to%\"*}
			case $below in
			*" ${to%%/*} "*) ;;
			*) [ "$layer $to" = "mmu cpu/model.h" ] || echo "$file:$line: $to is above $layer" ;;
			esac
		done
	done
}
check "includes point down" "$(includes)"

directories() {
	for f in src/*/; do
		case " $layers " in
		*" $(basename "$f") "*) ;;
		*) echo "$f is no layer" ;;
		esac
	done
}
check "every directory is a layer" "$(directories)"

# Objects in writable sections. Allowed: the log's prefix and level, set before threads start.
globals() {
	for c in src/*/*.c; do
		o=$build/${c%.c}.o
		[ -e "$o" ] || continue
		objdump -t "$o" | awk -v o="$c" '/ O / { for (i = 1; i < NF; i++)
			if ($i ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $i !~ /^\.data\.rel\.ro/)
				print o ": " $NF }'
	done | grep -v -e ': log_state$' -e '[: ]__[a-z]*san' -e ': \.L' -e ': __odr_asan'
}
check "no writable file-scope variables" "$(globals)"

listed() {
	for f in src/*/*.c; do
		name=$(basename "$f" .c)
		[ "$f" = src/tool/main.c ] || grep -q "[[:blank:]]$name\( \|\$\)" Makefile ||
			echo "$f is not in the Makefile"
	done
	for f in tests/unit/test_*.c; do
		name=$(basename "$f" .c)
		sed -n '/^UNIT :=/,/[^\\]$/p' Makefile | grep -q "[[:blank:]]${name#test_}\( \|\$\)" ||
			echo "$f is not in the Makefile"
	done
}
check "every source file is in the Makefile" "$(listed)"

licence() {
	find src tests guests bench -name '*.[chs]' -o -name '*.sh' -o -name '*.py' -o -name '*.def' |
		xargs grep -L 'SPDX-License-Identifier: MIT'
}
check "every file names its licence" "$(licence)"

# Function bodies stand between a brace in column 1 and one in column 1.
long_functions() {
	awk 'FNR == 1 { start = 0 }
		/^\{/ { start = FNR }
		/^\}/ { if (start && FNR - start - 1 > 60)
				print FILENAME ":" start ": " FNR - start - 1 " lines"
			start = 0 }' src/*/*.c
}
check "no function has more than 60 lines" "$(long_functions)"

conditionals() {
	awk 'FNR == 1 { inside = 0 } /^\{/ { inside = 1 } /^\}/ { inside = 0 }
		inside && /^#[ ]*(if|ifdef|ifndef)/ { print FILENAME ":" FNR ": " $0 }' src/*/*.c
}
check "no conditional compilation in functions" "$(conditionals)"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
