#!/bin/sh
# SPDX-License-Identifier: MIT
# Our disassembler against objdump: random bundles, and the text of the shared kernel if it is there.
cd "$(dirname "$0")/../.." || exit 1
isatest=${BUILD:-build}/isatest
kernel=${SHARED:-../shared}/guests/vmlinux-6.1-ia64.gz
passed=0 failed=0 skipped=0
[ "${SIZE:-short}" = long ] && count=5000000 || count=100000

try() { # NAME ARG...
	name=$1
	shift
	sh tests/isa/objdump.sh "$isatest" "$@"
	case $? in
	0) passed=$((passed + 1)) ;;
	77) skipped=$((skipped + 1)) && echo "SKIP isa $name: no ia64-linux-gnu-objdump" ;;
	*) failed=$((failed + 1)) && echo "FAIL isa $name" ;;
	esac
}

try "random bits" -r $count
try "every row" -t $count
if [ ! -e "$kernel" ]; then
	skipped=$((skipped + 1))
	echo "SKIP isa kernel text: $kernel is not there"
elif [ "${SIZE:-short}" = long ]; then
	try "kernel text" "$kernel"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
