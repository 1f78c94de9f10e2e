#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the command of a C compiler for ia64: IA64_CC, or that of the archive in SHARED/toolchain, which
# is unpacked once to build/toolchain. usage: tests/toolchain.sh SHARED. Fails where there is none.
if [ -n "${IA64_CC:-}" ]; then
	echo "$IA64_CC"
	exit
fi
shared=$1
case $shared in /*) ;; *) shared=$PWD/$shared ;; esac
cd "$(dirname "$0")/.." || exit 1
cc=$PWD/build/toolchain/bin/ia64-linux-gnu-gcc
if [ ! -x "$cc" ]; then
	for archive in "$shared"/toolchain/*.tar.xz; do
		[ -e "$archive" ] || exit 1
		new=build/toolchain.$$
		mkdir -p $new && tar -xJf "$archive" -C $new --strip-components=1 || exit 1
		mv -T $new build/toolchain 2>/dev/null || rm -rf $new
	done
fi
[ -x "$cc" ] && echo "$cc"
