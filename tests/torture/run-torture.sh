#!/bin/sh
# SPDX-License-Identifier: MIT
# GCC's execution tests in the user runner and inside a Linux domain, on each of ENGINES, by default "interp jit"
# (in Linux on the JIT only, when tests are few): every 40th test, or all of them for SIZE=long.
# PV_KERNEL adds a paravirtual domain (docs/pv-linux.md), LEVELS replaces "-O0 -O2 -O3".
# usage: BUILD=build SIZE=short|long SHARED=../shared tests/torture/run-torture.sh
# IA64_CC names the compiler (otherwise unpacked from SHARED/toolchain), TORTURE the directory
# gcc.c-torture/execute (otherwise taken from Debian's gcc-12-source), ORACLE a second simulator's
# command: what fails there as well is excused; RUNNER the user runner with its options; LINUX=no
# leaves Linux out.
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
shared=${SHARED:-../shared}
kernel=$shared/guests/vmlinux-6.1-ia64.gz
ramdisk=$shared/guests/initramfs-busybox.cpio.gz
size=${SIZE:-short}
[ "$size" = long ] && every=1 || every=40
engines=${ENGINES:-interp jit}
[ "$size" = long ] && in_linux=$engines || in_linux=jit
passed=0 failed=0 skipped=0

skip() { # WHAT WHY
	echo "SKIP torture $1: $2"
	skipped=$((skipped + 1))
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
	exit
}

# Runs a command and adds up the counts in its last line.
add() { # COMMAND...
	out=$("$@" 2>&1)
	echo "$out"
	set -- $(echo "$out" | tail -n 1 | sed -n 's/[^:]*: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p')
	passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1})) skipped=$((skipped + ${3:-0}))
}

# Debian's source package, installed or fetched; neither needs root.
source_code() {
	[ -n "${TORTURE:-}" ] && return
	TORTURE=build/gcc-source/gcc/testsuite/gcc.c-torture/execute
	[ -d "$TORTURE" ] && return
	new=build/gcc-source.new
	rm -rf $new && mkdir -p $new || return 1
	archive=/usr/src/gcc-12/gcc-12.2.0-dfsg.tar.xz
	if [ ! -e $archive ]; then
		(cd $new && apt-get download -q gcc-12-source && dpkg-deb -x gcc-12-source_*.deb .) >/dev/null 2>&1
		archive=$new$archive
	fi
	[ -e $archive ] && tar -xJf $archive -C $new --strip-components=1 --wildcards \
		'*/gcc/testsuite/gcc.c-torture/execute' && rm -rf $new/usr $new/*.deb && mv $new build/gcc-source
}

IA64_CC=$(tests/toolchain.sh "$shared") || { skip "all" "no ia64-linux-gnu-gcc: set IA64_CC or SHARED" && finish; }
source_code || { skip "all" "no GCC sources: install gcc-12-source or set TORTURE" && finish; }

work=$build/torture
linux=${LINUX:-yes}
[ "$linux" = no ] && linux=
if [ -z "$linux" ]; then
	:
elif [ ! -e "$kernel" ] || [ ! -e "$ramdisk" ]; then
	skip "in Linux" "$kernel or $ramdisk is not there"
	linux=
fi
pv=
if [ -n "$linux" ] && [ -e "${PV_KERNEL:-}" ]; then
	pv=yes
elif [ -n "$linux" ]; then
	skip "in PV Linux" "PV_KERNEL names no kernel"
fi
XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR
epixen=${EPIXEN:-$build/epixen}

# Whatever a failed test has left running ends here.
clean_up() {
	"$epixen" list | while read -r name _; do
		[ "$name" = Name ] || "$epixen" destroy "$name"
	done
	rm -rf "$XDG_RUNTIME_DIR"
}
trap clean_up EXIT

# One level after the other: the binaries of one take 2 GB.
for level in ${LEVELS:--O0 -O2 -O3}; do
	rm -rf "$work"
	for engine in $engines; do
		add python3 tests/torture/torture.py --source "$TORTURE" --cc "$IA64_CC" --work "$work" \
			--every $every --levels=$level --runner "${RUNNER:-$build/epixen-user} --engine $engine" \
			--keep ${ORACLE:+--oracle "$ORACLE"}
	done
	for engine in ${linux:+$in_linux}; do
		add python3 tests/torture/in_linux.py --epixen "$epixen" --engine "$engine" \
			--kernel "$kernel" --ramdisk "$ramdisk" --work "$work" \
			--log "$build/torture-linux.log"
		[ -n "$pv" ] && add python3 tests/torture/in_linux.py --pv --epixen "$epixen" --engine "$engine" \
			--kernel "$PV_KERNEL" --ramdisk "$ramdisk" --work "$work" \
			--log "$build/torture-pv-linux.log"
	done
done
rm -rf "$work"
finish
