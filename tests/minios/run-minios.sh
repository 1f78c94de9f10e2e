#!/bin/sh
# SPDX-License-Identifier: MIT
# Our own paravirtual kernel, guests/minios, tests its hypervisor: on each engine, with 1, 2 and 4
# processors, and once with 64. Its image is in the tree; where there is a compiler it is built again and has to come out the same.
# ENGINES, VCPUS and MINIOS (another image) narrow a run, EXTRA is its command line.
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BUILD:-build}")
epixen=$(realpath "${EPIXEN:-$build/epixen}")
shared=${SHARED:-../shared}
image=guests/minios/minios.gz
big=guests/minios/big.gz
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
	elif gzip -dc $image | cmp -s - "$dir/new/minios.elf" &&
		gzip -dc $big | cmp -s - "$dir/new/big.elf"; then
		passed=$((passed + 1))
	elif ! ia64-linux-gnu-as --version | grep -q ' 2\.40$'; then
		skipped=$((skipped + 1))
		echo "SKIP minios: the image was built with binutils 2.40"
	else
		fail "$image or $big is not what its source gives: make minios"
	fi
}

config() { # NAME ENGINE VCPUS EXTRA LINE
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
	[ -z "${5:-}" ] || echo "$5" >>"$dir/$1.cfg"
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

run() { # NAME ENGINE VCPUS EXTRA LINE
	config "$1" "$2" "$3" "$4" "${5:-}"
	timeout 120 "$epixen" create -c "$dir/$1.cfg" >"$dir/$1.out" 2>"$dir/$1.err" </dev/null
	count "$1" $? "$1, $2, $3 processors"
}

check() { # NAME COMMAND...
	name=$1
	shift
	if "$@"; then passed=$((passed + 1)); else fail "$name"; fi
}

# Each word of a disk's image is its offset; the guest changes what lies behind 2 MB.
disks() {
	python3 -c 'import sys, struct
for file in sys.argv[1:]:
	open(file, "wb").write(b"".join(struct.pack("<Q", 8 * n) for n in range(1 << 19)))' \
		"$dir/a.img" "$dir/b.img" "$dir/as-made.img"
	run disk "$1" 2 tests=block "disk = [ '$dir/a.img,raw,xvda,w', '$dir/b.img,raw,xvdb,r' ]"
	check "a disk keeps what is not written" cmp -s -n 2097152 "$dir/a.img" "$dir/as-made.img"
	check "a disk's image has what is written" test "$(cmp -l -i 2560000 -n 524288 "$dir/a.img" \
		"$dir/as-made.img" | wc -l)" -gt 400000
	check "a read-only disk is not written" cmp -s "$dir/b.img" "$dir/as-made.img"
}

# Two domains, of which the second is told the first one's number. ENGINE VCPUS
peers() {
	config server "$1" "$2" "tests=peer role=server then=wait"
	timeout 120 "$epixen" create -c "$dir/server.cfg" >"$dir/server.out" 2>"$dir/server.err" </dev/null &
	id=
	tries=0
	while [ -z "$id" ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
		id=$("$epixen" list 2>/dev/null | awk '$1 == "server" { print $2 }')
	done
	run client "$1" "$2" "tests=peer role=client peer=$id"
	timeout 60 "$epixen" shutdown -w server 2>>"$dir/server.err"
	wait
	count server 0 "server, $1, $2 processors"
}

# PATTERN NAME: waits until the guest has said it
says() {
	tries=0
	until grep -aq "$1" "$dir/$2.out" 2>/dev/null || [ $tries -ge 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -lt 600 ] || fail "$2 does not say '$1'"
}

id_of() { # NAME
	"$epixen" list 2>/dev/null | awk -v name="$1" '$1 == name { print $2 }'
}

pid_of() { # NAME
	"$epixen" list -l "$1" 2>/dev/null | awk '$1 == "pid" { print $2 }'
}

epixend_pid() {
	for p in /proc/[0-9]*; do
		[ "$(cat "$p/comm" 2>/dev/null)" = epixend ] &&
			[ "$(realpath "$p/fd/3" 2>/dev/null)" = "$(realpath "$XDG_RUNTIME_DIR/epixen")" ] &&
			echo "${p#/proc/}"
	done
}

refused() { # NAME
	! "$epixen" save "$1" "$dir/save" 2>"$dir/why" && grep -q ' mapped ' "$dir/why" && [ ! -e "$dir/save" ]
}

# One of the two is killed while they use each other's pages and channels; epixend has been too, when
# they did not know each other yet, and once more when they did. ENGINE server|client
deaths() {
	rm -f "$dir"/server.* "$dir"/client.*
	config server "$1" 2 "tests=peer role=server dies=$2"
	timeout 120 "$epixen" create -c "$dir/server.cfg" >"$dir/server.out" 2>"$dir/server.err" </dev/null &
	says "opened to all" server
	id=$(id_of server)
	kill -9 "$(epixend_pid)"
	config client "$1" 2 "tests=peer role=client peer=$id dies=$2"
	timeout 120 "$epixen" create -c "$dir/client.cfg" >"$dir/client.out" 2>"$dir/client.err" </dev/null &
	says "now it dies" "$2"
	for name in server client; do
		check "$name is not saved while pages are shared" refused "$name"
	done
	kill -9 "$(epixend_pid)"
	"$epixen" env >"$dir/env"
	kill -9 "$(pid_of "$2")"
	wait
	[ "$2" = server ] && other=client || other=server
	grep -aq '^not ok\|trap' "$dir/$2.out" && fail "$2, that dies: $(grep -a '^not ok' "$dir/$2.out")"
	count $other 0 "$other, whose peer is killed, $1"
}

# How a domain ends is what its kernel said. ENGINE
ends() {
	config reboot "$1" 1 "tests=none then=reboot"
	sed -i 's/^on_reboot.*/on_reboot = "restart"/' "$dir/reboot.cfg"
	: >"$dir/reboot.out"
	timeout 60 "$epixen" create -c "$dir/reboot.cfg" >>"$dir/reboot.out" 2>&1 </dev/null &
	tries=0
	while [ "$(grep -ac '^1\.\.0' "$dir/reboot.out")" -lt 3 ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	check "a reboot starts the kernel again, and again" [ $tries -lt 100 ]
	[ $tries -lt 100 ] || tail -n 5 "$dir/reboot.out"
	"$epixen" destroy reboot 2>"$dir/reboot.err"
	wait
	config crash "$1" 1 "tests=none then=crash"
	timeout 60 "$epixen" create -c "$dir/crash.cfg" >"$dir/crash.out" 2>"$dir/crash.err" </dev/null
	check "a crash that the guest tells is one" [ $? -eq 1 ]
	check "and reported" grep -aq 'crashed' "$dir/crash.err"
	config forgot "$1" 1 "tests=none then=watchdog"
	timeout 60 "$epixen" create -c "$dir/forgot.cfg" >"$dir/forgot.out" 2>"$dir/forgot.err" </dev/null
	check "a watchdog that is not served ends the domain" [ $? -eq 1 ]
	check "and is named" grep -aq 'watchdog was not served' "$dir/forgot.err"
	config again "$1" 1 "tests=none then=watchdog" "on_watchdog = 'restart'"
	timeout 60 "$epixen" create -c "$dir/again.cfg" >"$dir/again.out" 2>&1 </dev/null &
	tries=0
	while [ "$(grep -ac '^1\.\.0' "$dir/again.out")" -lt 2 ] && [ $tries -lt 200 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	check "or starts it again, if on_watchdog says so" [ $tries -lt 200 ]
	"$epixen" destroy again 2>"$dir/again.err"
	wait
	config asked "$1" 1 "tests=none then=wait"
	"$epixen" create "$dir/asked.cfg" 2>"$dir/asked.err"
	check "a guest that is asked to shut down does" timeout 20 "$epixen" shutdown -w asked
}

# The least memory and the most, which must not cost the host anything, in RAM or in a save file. ENGINE
sizes() {
	run small "$1" 1 "" "memory = 8"
	run large "$1" 2 "" "memory = 98304"
	config sparse "$1" 1 "tests=none then=wait" "memory = 98304"
	"$epixen" create "$dir/sparse.cfg" 2>"$dir/sparse.err"
	pid=$("$epixen" list -l sparse | sed -n 's/^pid //p')
	sleep 1
	kb=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
	check "96 GB cost less than 100 MB: $kb KB" test "$kb" -lt 100000
	"$epixen" dump-state sparse >"$dir/sparse.dump"
	check "a dump shows the virtual psr" grep -q "vpsr [0-9a-f]* cpl=0 .*ic dt .*it bn" "$dir/sparse.dump"
	check "and where the kernel has its vectors" grep -q "viva e0000000004" "$dir/sparse.dump"
	check "and what it does" grep -q "^virtual: [a-z, ]*, events" "$dir/sparse.dump"
	timeout 60 "$epixen" save sparse "$dir/sparse.save" 2>>"$dir/sparse.err"
	check "a save file of 96 GB has what is used" test "$(wc -c <"$dir/sparse.save")" -lt 8000000
	check "and can be restored" timeout 60 "$epixen" restore "$dir/sparse.save"
	"$epixen" destroy sparse 2>>"$dir/sparse.err"
}

same_again
minios=${MINIOS:-$PWD/$image}
kernel=$minios
for engine in ${ENGINES:-interp jit}; do
	for vcpus in ${VCPUS:-1 2 4}; do
		run alone "$engine" "$vcpus" "${EXTRA:-}"
	done
	sizes "$engine"
	disks "$engine"
	run virtual "$engine" 4 "" "clock = 'virtual'"
	if [ -x "$(dirname "$epixen")/epixen-net" ]; then
		run net "$engine" 2 tests=net "vif = [ '' ]"
	else
		skipped=$((skipped + 1))
		echo "SKIP minios: no epixen-net beside $epixen"
	fi
	ends "$engine"
	kernel=$PWD/$big
	run big-endian "$engine" 1 ""
	kernel=$minios
	for vcpus in ${VCPUS:-1 2 4}; do
		peers "$engine" "$vcpus"
	done
	deaths "$engine" client
	deaths "$engine" server
done
run many "$engine" 64 "" "memory = 8"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
