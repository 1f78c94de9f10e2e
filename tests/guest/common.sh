# SPDX-License-Identifier: MIT
# What the scripts of this directory share: a runtime directory of their own, guests assembled and
# configured there. Sourced by a script whose directory this is.
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
epixen=$(realpath "${EPIXEN:-$build/epixen}")
cd tests/guest || exit 1
engines=${ENGINES:-interp jit}
if ! command -v ia64-linux-gnu-as >/dev/null; then
	echo "SKIP guest: ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
dir=$(mktemp -d)
XDG_RUNTIME_DIR=$dir/run
export XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"
passed=0 failed=0 skipped=0
cleanup() {
	"$epixen" list 2>/dev/null | tail -n +2 | while read -r name _; do "$epixen" destroy "$name"; done
	rm -rf "$dir"
}
trap cleanup EXIT

fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
	head -n 3 "$dir/err" "$dir/out" 2>/dev/null | cut -c 1-200
	cat "$XDG_RUNTIME_DIR"/epixen/log/*.log 2>/dev/null | head -n 20
}

# build SOURCE DEFINITION...: makes $dir/guest.elf.
build() {
	source=$1
	shift
	definitions=
	for d in "$@"; do definitions="$definitions --defsym $d"; done
	# shellcheck disable=SC2086
	ia64-linux-gnu-as $definitions -o "$dir/guest.o" "$source" &&
		ia64-linux-gnu-ld --no-warn-rwx-segments -T guest.lds -o "$dir/guest.elf" "$dir/guest.o"
}

config() { # VCPUS SEED ENGINE
	cat >"$dir/guest.cfg" <<END
name = "hostile"
type = "hvm"
memory = 64
vcpus = $1
kernel = "$dir/guest.elf"
extra = "seed $2 of random numbers"
engine = "$3"
on_reboot = "destroy"
on_crash = "destroy"
END
}

