#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds everything that a Linux guest needs from Debian source packages: cross compiler with a
# static C library, kernel and busybox initramfs.
# usage: build.sh OUTDIR     about half an hour on two cores, 10 GB of disk; run again to go on
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath -m "${1:?usage: build.sh OUTDIR}")
work=$out/work
target=ia64-linux-gnu
prefix=$out/toolchain
sysroot=$prefix/sysroot
jobs=$(nproc)
steps=8
step=0
begin=$(date +%s)
export PATH="$prefix/bin:$PATH"
mkdir -p "$work" "$sysroot/usr/include" "$sysroot/usr/lib"
cd "$work"

die() {
	echo "build.sh: $*" >&2
	exit 1
}

# run NAME FUNCTION: skipped when done before; its output goes to NAME.log.
run() {
	step=$((step + 1))
	printf '[%d/%d] %5d s  %s ... ' "$step" "$steps" "$(($(date +%s) - begin))" "$1"
	if [ -e "$1.done" ]; then
		echo "done before"
		return
	fi
	set +e # and not `if`: inside a condition -e would not hold
	(set -eu && "$2") >"$1.log" 2>&1
	status=$?
	set -e
	if [ "$status" -eq 0 ]; then
		echo ok
		touch "$1.done"
	else
		echo failed
		tail -n 15 "$1.log" >&2
		die "step $1 failed; the whole log is $work/$1.log"
	fi
}

packages() {
	need="binutils-$target gcc-12-source glibc-source linux-source-6.1 libgmp-dev libmpfr-dev libmpc-dev
	zlib1g-dev flex bison bc gawk texinfo rsync xz-utils bzip2 build-essential python3 cpio dpkg-dev"
	# shellcheck disable=SC2086
	if ! dpkg -s $need >/dev/null 2>&1; then
		[ "$(id -u)" = 0 ] || die "not root: install these packages first: $need"
		apt-get update -q
		apt-get install -y -q $need
	fi
	# busybox exists as a source package only: ask the same archives for sources.
	mkdir -p apt/lists/partial
	find /etc/apt -name '*.list' -exec sed -n 's/^deb /deb-src /p' {} + >apt/sources.list
	find /etc/apt -name '*.sources' -exec sh -c 'sed "s/^Types:.*/Types: deb-src/" "$@"; echo' sh {} + \
		>apt/sources.sources
	mkdir -p apt/parts && cp apt/sources.sources apt/parts/epixen.sources
	set -- -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts="$work/apt/parts" \
		-o Dir::State::Lists="$work/apt/lists" -o Dir::Cache::srcpkgcache="" -o Dir::Cache::pkgcache=""
	apt-get "$@" -q update
	apt-get "$@" -q --download-only source busybox
}

unpack() {
	tar xf /usr/src/gcc-12/gcc-12.2.0-dfsg.tar.xz
	tar xf /usr/src/glibc/glibc-2.36.tar.xz
	tar xf /usr/src/linux-source-6.1.tar.xz
	mkdir -p busybox
	tar xf busybox_*.orig.tar.* -C busybox --strip-components=1
}

headers() {
	make -s -C linux-source-6.1 ARCH=ia64 O="$work/headers" INSTALL_HDR_PATH="$sysroot/usr" \
		headers_install
}

configure_gcc() {
	../gcc-12.2.0/configure --target=$target --prefix="$prefix" --with-sysroot="$sysroot" \
		--with-as=/usr/bin/$target-as --with-ld=/usr/bin/$target-ld --enable-languages=c \
		--disable-bootstrap --disable-nls --disable-shared --disable-threads --disable-libssp \
		--disable-libgomp --disable-libquadmath --disable-libatomic --disable-libsanitizer \
		--disable-multilib --disable-decimal-float --disable-libcc1 --disable-plugin --disable-lto \
		--enable-checking=release --with-system-zlib CFLAGS=-O1 CXXFLAGS=-O1 MAKEINFO=true
}

# Debian's tarball lacks the manual's template, so its stamp is made by hand.
compiler() {
	mkdir -p gcc-build && cd gcc-build
	[ -e Makefile ] || configure_gcc
	make -j"$jobs" MAKEINFO=true all-gcc || {
		touch gcc/s-tm-texi
		make -j"$jobs" MAKEINFO=true all-gcc
	}
	touch gcc/s-tm-texi
	make MAKEINFO=true install-gcc
}

# A first libgcc without a C library, the C library, and what programs link with. What needs a
# shared libgcc cannot link and is not wanted: hence -k.
c_library() {
	(cd gcc-build && make -j"$jobs" all-target-libgcc inhibit_libc=true \
		CFLAGS_FOR_TARGET="-O2 -Dinhibit_libc" && make install-target-libgcc && rm -rf $target/libgcc)
	mkdir -p glibc-build && cd glibc-build
	../glibc-2.36/configure --prefix=/usr --host=$target --build="$(gcc -dumpmachine)" \
		--with-headers="$sysroot/usr/include" --disable-werror --disable-profile --disable-nscd \
		--enable-kernel=3.2 CC="$target-gcc" libc_cv_forced_unwind=yes libc_cv_c_cleanup=yes
	make install-headers install_root="$sysroot"
	touch "$sysroot/usr/include/gnu/stubs.h"
	make -j"$jobs" -k || true
	for a in libc.a math/libm.a resolv/libresolv.a; do
		$target-strip -g -o "$sysroot/usr/lib/$(basename $a)" "$a"
	done
	for l in pthread rt dl util crypt; do $target-ar rc "$sysroot/usr/lib/lib$l.a"; done
	cp csu/crt1.o csu/crti.o csu/crtn.o "$sysroot/usr/lib/"
}

# The final libgcc, with the unwinder inside so that static programs need no libunwind; and a limits.h
# that goes on to the C library's, which did not exist when the compiler was installed.
runtime() {
	(cd gcc-build && make -j"$jobs" all-target-libgcc && make install-target-libgcc)
	gccdir=$prefix/lib/gcc/$target/12.2.0
	cat gcc-12.2.0/gcc/limitx.h gcc-12.2.0/gcc/glimits.h gcc-12.2.0/gcc/limity.h \
		>"$gccdir/include-fixed/limits.h"
	rm -rf unwind && mkdir unwind && cd unwind
	$target-ar x "../gcc-build/$target/libgcc/libunwind.a"
	$target-ar d "$gccdir/libgcc.a" unwind-compat.o || true
	$target-ar r "$gccdir/libgcc.a" ./*.o
	$target-ranlib "$gccdir/libgcc.a"
	rm -f "$gccdir/libgcc_eh.a"
	$target-ar rc "$gccdir/libgcc_eh.a"
}

kernel() {
	set -- -C linux-source-6.1 ARCH=ia64 CROSS_COMPILE=$target- O="$work/kernel"
	make "$@" KCONFIG_ALLCONFIG="$here/kernel.config" allnoconfig
	make "$@" -j"$jobs" vmlinux
	$target-strip -s -o vmlinux.stripped kernel/vmlinux
	gzip -9c vmlinux.stripped >"$out/vmlinux-6.1-ia64.gz"
}

initramfs() {
	make -C busybox O="$work/busybox-build" defconfig 2>/dev/null || {
		mkdir -p busybox-build
		make -C busybox O="$work/busybox-build" defconfig
	}
	cd busybox-build
	sed -i -e 's/.*CONFIG_STATIC[ =].*/CONFIG_STATIC=y/' \
		-e "s/.*CONFIG_CROSS_COMPILER_PREFIX.*/CONFIG_CROSS_COMPILER_PREFIX=\"$target-\"/" \
		-e 's/^CONFIG_\(TC\|FEATURE_INETD_RPC\|FEATURE_MOUNT_NFS\)=y/CONFIG_\1=n/' .config
	yes '' | make oldconfig
	make -j"$jobs" busybox
	rm -rf root && mkdir -p root
	make CONFIG_PREFIX="$PWD/root" install
	mkdir -p root/proc root/sys root/dev root/tmp root/root root/etc root/mnt
	cp "$here/init" root/init && chmod 755 root/init
	# What a kernel runs that is asked to power off: init is a script, which no signal reaches.
	for verb in poweroff reboot halt; do
		rm -f root/sbin/$verb
		printf '#!/bin/sh\nexec /bin/busybox %s -f "$@"\n' $verb >root/sbin/$verb
		chmod 755 root/sbin/$verb
	done
	(cd root && find . | LC_ALL=C sort | cpio -o -H newc --owner=0:0 | gzip -9) \
		>"$out/initramfs-busybox.cpio.gz"
}

run packages packages
run unpack unpack
run headers headers
run compiler compiler
run c-library c_library
run runtime runtime
run kernel kernel
run initramfs initramfs
echo "built in $out: vmlinux-6.1-ia64.gz and initramfs-busybox.cpio.gz"
