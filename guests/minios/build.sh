#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the kernel: usage: guests/minios/build.sh CC DIRECTORY, where CC is a C compiler for ia64. DIRECTORY
# gets minios.elf and big.elf, stripped, and minios.sym with symbols.
set -e
cc=$1
mkdir -p "$2"
out=$(realpath "$2")
cd "$(dirname "$0")"
flags="-std=gnu17 -Os -Wall -Wextra -Werror -ffreestanding -fno-builtin -fno-common -fno-stack-protector
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-pic -fno-tree-loop-distribute-patterns
	-mconstant-gp -ffixed-r13 -mfixed-range=f12-f15,f32-f127 -ffile-prefix-map=$PWD=."
objects=
for source in *.S *.c; do
	object=$out/${source%.*}_${source##*.}.o
	case $source in *.S) stops=-Wa,-xauto ;; *) stops= ;; esac
	# shellcheck disable=SC2086
	"$cc" $flags $stops -c -o "$object" "$source"
	objects="$objects $object"
done
# shellcheck disable=SC2086
ia64-linux-gnu-ld -static --build-id=none --no-warn-rwx-segments -T minios.lds -o "$out/minios.sym" $objects
ia64-linux-gnu-strip -s -o "$out/minios.elf" "$out/minios.sym"

# The big-endian one
"$cc" -mbig-endian -Wa,-mbe,-xauto -c -o "$out/big.o" big/big.S
ia64-linux-gnu-ld -static --build-id=none --no-warn-rwx-segments -T big/big.lds -o "$out/big.elf" "$out/big.o"
ia64-linux-gnu-strip -s "$out/big.elf"
