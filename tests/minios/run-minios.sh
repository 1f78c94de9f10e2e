#!/bin/sh
# SPDX-License-Identifier: MIT
# Our own paravirtual kernel, guests/minios, tests its hypervisor: on each engine, with 1, 2 and 4
# processors. Its image is in the tree; where there is a compiler it is built again and has to come out the same.
# ENGINES, VCPUS and MINIOS (another image) narrow a run, EXTRA is its command line.
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
epixen=$(realpath "${EPIXEN:-$build/epixen}")
shared=${SHARED:-../shared}
image=guests/minios/minios.gz
passed=0 failed=0 skipped=0
dir=$(mktemp -d)
XDG_RUNTIME_DIR=$dir/run
export XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"
clean_up() {
	"$epixen" list 2>/dev/null | tail -n +2 | while read -r name _; do "$epixen" destroy "$name"; done
	rm -rf "$dir"
}
trap clean_up EXIT

fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}

same_again() {
	cc=$(tests/toolchain.sh "$shared") || {
		skipped=$((skipped + 1))
		echo "SKIP minios: no compiler for ia64 in $shared/toolchain to build the image again"
		return
	}
	if ! guests/minios/build.sh "$cc" "$dir/new" >"$dir/log" 2>&1; then
		fail "guests/minios does not build" && cat "$dir/log"
	elif gzip -dc $image | cmp -s - "$dir/new/minios.elf"; then
		passed=$((passed + 1))
	elif ! ia64-linux-gnu-as --version | grep -q ' 2\.40$'; then
		skipped=$((skipped + 1))
		echo "SKIP minios: the image was built with binutils 2.40"
	else
		fail "$image is not what its source gives: make minios"
	fi
}

config() { # NAME ENGINE VCPUS EXTRA
	cat >"$dir/$1.cfg" <<END
name = "$1"
type = "pv"
kernel = "$kernel"
memory = 32
engine = "$2"
vcpus = $3
extra = "$4"
on_reboot = "destroy"
on_crash = "destroy"
END
}

# Adds up what a guest has reported. NAME STATUS WHAT
count() {
	tr -d '\r' <"$dir/$1.out" >"$dir/$1.tap"
	n=$(grep -c '^ok\|^not ok' "$dir/$1.tap")
	s=$(grep -c '^ok.*# SKIP' "$dir/$1.tap")
	bad=$(grep -c '^not ok' "$dir/$1.tap")
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$dir/$1.tap")
	passed=$((passed + n - s - bad)) failed=$((failed + bad)) skipped=$((skipped + s))
	sed -n "/^not ok/{s/^/FAIL minios ($3): /p;n;/^#/p}" "$dir/$1.tap"
	sed -n "s/^ok.* - \(.*\) # SKIP \(.*\)/SKIP minios ($3): \1: \2/p" "$dir/$1.tap" | head -n 3
	[ "$2" -eq 0 ] && [ "$plan" = "$n" ] && return
	fail "minios ($3): status $2, $n results of ${plan:-a missing plan}"
	tail -n 5 "$dir/$1.tap"
	head -n 20 "$dir/$1.err"
}

run() { # NAME ENGINE VCPUS EXTRA
	config "$1" "$2" "$3" "$4"
	timeout 120 "$epixen" create -c "$dir/$1.cfg" >"$dir/$1.out" 2>"$dir/$1.err" </dev/null
	count "$1" $? "$2, $3 processors"
}

same_again
kernel=${MINIOS:-$PWD/$image}
for engine in ${ENGINES:-interp jit}; do
	for vcpus in ${VCPUS:-1 2 4}; do
		run alone "$engine" "$vcpus" "${EXTRA:-}"
	done
done

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
