#!/bin/sh
# SPDX-License-Identifier: MIT
# The Linux guest tests, those named in TESTS or all, when a kernel and a ramdisk are there.
cd "$(dirname "$0")/../.." || exit 1
guests=${SHARED:-../shared}/guests
kernel=$guests/vmlinux-6.1-ia64.gz
ramdisk=$guests/initramfs-busybox.cpio.gz
if [ ! -e "$kernel" ] || [ ! -e "$ramdisk" ]; then
	echo "SKIP linux: $kernel or $ramdisk is not there"
	echo "0 passed, 0 failed, 8 skipped"
	exit 0
fi
XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR
epixen=${EPIXEN:-build/epixen}

# Whatever a failed test has left running ends here.
clean_up() {
	"$epixen" list | while read -r name _; do
		[ "$name" = Name ] || "$epixen" destroy "$name"
	done
	rm -rf "$XDG_RUNTIME_DIR"
}
trap clean_up EXIT
long=
[ "${SIZE:-short}" = long ] && long=--long
slow=
case $(basename "${BUILD:-build}") in asan | ubsan | tsan) slow=--slow ;; esac
python3 tests/linux/linux.py --epixen "$epixen" --kernel "$kernel" \
	--ramdisk "$ramdisk" $long $slow ${TESTS:-} | sed 's/^linux: //'
