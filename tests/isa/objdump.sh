#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares our disassembler with objdump, line by line. Legality rules are off (objdump prints an
# alloc with a predicate, add to r0, loop branches in any slot); spelling must be the same, but for
# the classes counted as explained.
#
#   objdump.sh ISATEST [-r BUNDLES] [-t BUNDLES] [-s SEED] [ELF | ELF.gz]...
#     -r  so many bundles of random bits        -t  so many with random instructions of every row
#     ELF every executable section of the file
# Environment: OBJDUMP, OBJCOPY. Exit 0: no unexplained difference; 77: objdump is not there.
set -eu

OBJDUMP=${OBJDUMP:-ia64-linux-gnu-objdump}
OBJCOPY=${OBJCOPY:-ia64-linux-gnu-objcopy}
command -v "$OBJDUMP" >/dev/null || { echo "skipped: no $OBJDUMP"; exit 77; }

isatest=$1
shift
seed=1
chunk=250000
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
: >"$tmp/explained"
: >"$tmp/unexplained"
bundles=0

# Classes of differences that are right, as "name<tab>count" of the lines in FILE (ours after theirs):
#   msr  mov to and from msr[], opcodes objdump knows but no revision of the manual defines
explain() {
	awk -F '\t' -v explained="$tmp/explained" -v unexplained="$tmp/unexplained" '
		$2 ~ /mov (r[0-9]+=)?msr\[r[0-9]+\]/ && $4 ~ /data8 / { n["msr"]++; next }
		{ print >> unexplained }
		END { for (k in n) print k "\t" n[k] >> explained }' "$1"
}

# compare FILE VMA: raw bundles
compare() {
	"$OBJDUMP" -z -D -b binary -m ia64-elf64 --no-show-raw-insn --adjust-vma="$2" "$1" |
		sed -n 's/^ *\([0-9a-f]*:\t\)/\1/p' >"$tmp/theirs"
	"$isatest" disas "$1" "$2" >"$tmp/ours"
	bundles=$((bundles + $(stat -c %s "$1") / 16))
	cmp -s "$tmp/theirs" "$tmp/ours" && return
	[ "$(wc -l <"$tmp/theirs")" = "$(wc -l <"$tmp/ours")" ] || {
		echo "$1 at $2: number of lines differs"
		diff "$tmp/theirs" "$tmp/ours" | head
		exit 1
	}
	paste "$tmp/theirs" "$tmp/ours" | awk -F '\t' '$1 != $3 || $2 != $4' >"$tmp/different"
	explain "$tmp/different"
}

# generate KIND COUNT
generate() {
	left=$2
	while [ "$left" -gt 0 ]; do
		n=$((left < chunk ? left : chunk))
		"$isatest" "$1" "$n" "$seed" >"$tmp/raw"
		compare "$tmp/raw" 0x4000000000000000
		seed=$((seed + 1))
		left=$((left - n))
	done
}

sections() {
	"$OBJDUMP" -h "$1" | awk '/^ +[0-9]+ / { name = $2; vma = $4 } /CODE/ { print name, vma }'
}

elf() {
	case $1 in
	*.gz) gzip -dc "$1" >"$tmp/elf" ;;
	*) cp "$1" "$tmp/elf" ;;
	esac
	sections "$tmp/elf" >"$tmp/sections"
	while read -r name vma; do
		"$OBJCOPY" -O binary --only-section="$name" "$tmp/elf" "$tmp/raw"
		compare "$tmp/raw" "0x$vma"
	done <"$tmp/sections"
}

while [ $# -gt 0 ]; do
	case $1 in
	-s) seed=$2; shift ;;
	-r) generate random "$2"; shift ;;
	-t) generate rows "$2"; shift ;;
	*) elf "$1" ;;
	esac
	shift
done

awk -F '\t' '{ n[$1] += $2 } END { for (k in n) print "explained: " k ": " n[k] " slots" }' \
	"$tmp/explained"
echo "$bundles bundles, $(wc -l <"$tmp/unexplained") unexplained differences"
head -20 "$tmp/unexplained"
[ ! -s "$tmp/unexplained" ]
