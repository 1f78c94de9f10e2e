#!/bin/sh
# SPDX-License-Identifier: MIT
# The one list of Debian packages. usage: tests/deps.sh build|check|ci|fuzz|bench|list
# Installs what is missing when it can, else says in one line what to install.
set -eu

build="gcc libc6-dev make zlib1g-dev libseccomp-dev libslirp-dev binutils-ia64-linux-gnu"
check="$build libcmocka-dev libmpfr-dev libgmp-dev acpica-tools python3 procps xz-utils xenstore-utils libnbd-dev qemu-utils"
ci="$check clang-format"
fuzz="$check clang libclang-rt-dev"
bench="$check gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-riscv64-linux-gnu libc6-dev-riscv64-cross qemu-user"

case ${1:-} in
build) want=$build ;;
check) want=$check ;;
ci) want=$ci ;;
fuzz) want=$fuzz ;;
bench) want=$bench ;;
list)
	echo "$ci"
	exit 0
	;;
*)
	echo "usage: tests/deps.sh build|check|ci|fuzz|bench|list" >&2
	exit 2
	;;
esac

# Elsewhere than on Debian the compiler's own messages have to do.
command -v dpkg-query >/dev/null || exit 0
missing=
for p in $want; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "packages are missing; as root: apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing >/dev/null 2>&1 ||
	{ apt-get update -q && apt-get install -y -q --no-install-recommends $missing; } >&2 ||
	{ echo "apt-get could not install:$missing" >&2; exit 1; }
