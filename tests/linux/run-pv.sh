#!/bin/sh
# SPDX-License-Identifier: MIT
# A Linux kernel with CONFIG_XEN as a paravirtual domain: PV_KERNEL names it (docs/pv-linux.md says how to
# get one). The tests named in TESTS, or all.
cd "$(dirname "$0")/../.." || exit 1
ramdisk=${SHARED:-../shared}/guests/initramfs-busybox.cpio.gz
if [ ! -e "${PV_KERNEL:-}" ] || [ ! -e "$ramdisk" ]; then
	echo "SKIP paravirtual Linux: PV_KERNEL names no kernel, or $ramdisk is not there"
	echo "0 passed, 0 failed, 11 skipped"
	exit 0
fi
XDG_RUNTIME_DIR=$(mktemp -d)
export XDG_RUNTIME_DIR
epixen=${EPIXEN:-build/epixen}
clean_up() {
	"$epixen" list | tail -n +2 | while read -r name _; do "$epixen" destroy "$name"; done
	rm -rf "$XDG_RUNTIME_DIR"
}
trap clean_up EXIT
long=
[ "${SIZE:-short}" = long ] && long=--long
python3 tests/linux/pv.py --epixen "$epixen" --kernel "$PV_KERNEL" --ramdisk "$ramdisk" $long \
	${TESTS:-} | sed 's/^pv: //'
