#!/bin/sh
# SPDX-License-Identifier: MIT
# PV domains come and go while their guests do I/O, and epixend is killed under them: no reply is lost or
# doubled (chatter.s crashes then), and no process, descriptor, memory or node stays behind.
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
epixen=$(realpath "${EPIXEN:-$build/epixen}")
passed=0 failed=0 skipped=0
dir=$(mktemp -d)
XDG_RUNTIME_DIR=$dir
export XDG_RUNTIME_DIR
reg=$dir/epixen
cycles=5 kills=8
[ "${SIZE:-short}" = long ] && cycles=100 kills=60
trap '"$epixen" list 2>/dev/null | tail -n +2 | while read -r n _; do "$epixen" destroy "$n"; done
	"$epixen" env -e 2>/dev/null; rm -rf "$dir"' EXIT

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}
finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed -eq 0 ]
	exit
}
if ! command -v xenstore-ls >/dev/null; then
	skipped=1
	echo "SKIP cycles: package xenstore-utils is missing"
	finish
fi
ia64-linux-gnu-as -o "$dir/chatter.o" tests/store/chatter.s &&
	ia64-linux-gnu-ld --no-warn-rwx-segments -N -Ttext=0x100000 -o "$dir/chatter.elf" "$dir/chatter.o" || {
	fail "the guest cannot be assembled"
	finish
}
cat >"$dir/chatter.cfg" <<END
name = "chatter"
type = "pv"
memory = 8
kernel = "$dir/chatter.elf"
on_crash = "preserve"
${CYCLE_KEYS:-}
END

# Our own kernel, which tries disk and network as hard as it can until it is ended.
truncate -s 16M "$dir/disk.img"
cat >"$dir/io.cfg" <<END
name = "io"
type = "pv"
memory = 32
vcpus = 2
kernel = "$(realpath guests/minios/minios.gz)"
disk = [ '$dir/disk.img,raw,xvda,w' ]
vif = [ '' ]
extra = "tests=block"
END

id_of() { "$epixen" list -l "$1" | sed -n 's/^id //p'; }
count_of() { xenstore-read "/local/domain/$1/data/n" 2>/dev/null; }
# goes_on NAME: its guest writes other values, and has not crashed.
goes_on() {
	g_id=$(id_of "$1") g_i=0
	g_was=$(count_of "$g_id")
	while [ $g_i -lt 200 ]; do
		g_now=$(count_of "$g_id")
		[ -n "$g_now" ] && [ "$g_now" != "$g_was" ] && break
		sleep 0.05
		g_i=$((g_i + 1))
	done
	[ $g_i -lt 200 ] && "$epixen" list "$1" | grep -q ' [r-][b-]----' && return 0
	echo "$1: '$g_was', then '$g_now': $("$epixen" list "$1" | tail -n 1)"
	return 1
}
daemon() { python3 tests/store/xs.py "$reg"; }

# --- epixend is killed ---
eval "$("$epixen" env --stay)"
"$epixen" create "$dir/chatter.cfg" && goes_on chatter && pass || fail "a PV guest talks to xenstore"
i=0 bad=0
while [ $i -lt $kills ]; do
	sleep 0.$(((i * 7919 + 13) % 97))
	kill -9 "$(daemon)"
	"$epixen" env --stay >/dev/null || bad=1
	goes_on chatter || bad=1
	i=$((i + 1))
done
[ $bad -eq 0 ] && pass || fail "a guest's talk after $kills kills"
for engine in interp jit; do
	"$epixen" create "$dir/chatter.cfg" name=$engine engine=$engine && goes_on $engine && pass ||
		fail "a PV guest with engine $engine"
done
kill -9 "$(daemon)"
"$epixen" env --stay >/dev/null
goes_on interp && goes_on jit && goes_on chatter && pass || fail "three guests after a kill"
"$epixen" reboot -F jit && sleep 0.2 && goes_on jit && pass || fail "a guest that was reset"
kill -9 "$(daemon)"
"$epixen" reboot -F interp
"$epixen" env --stay >/dev/null
goes_on interp && goes_on jit && pass || fail "a guest that was reset without epixend"
"$epixen" shutdown chatter 2>"$dir/err" && pass || fail "shutdown: $(cat "$dir/err")"
[ "$(xenstore-read "/local/domain/$(id_of chatter)/control/shutdown")" = poweroff ] && pass || fail "its node"
"$epixen" reboot chatter &&
	[ "$(xenstore-read "/local/domain/$(id_of chatter)/control/shutdown")" = reboot ] && pass || fail "reboot"
"$epixen" sysrq chatter t &&
	[ "$(xenstore-read "/local/domain/$(id_of chatter)/control/sysrq")" = t ] && pass || fail "sysrq"
"$epixen" mem-set chatter 7m &&
	[ "$(xenstore-read "/local/domain/$(id_of chatter)/memory/target")" = 7168 ] && pass || fail "mem-set"
"$epixen" vcpu-set chatter 1 &&
	[ "$(xenstore-read "/local/domain/$(id_of chatter)/cpu/0/availability")" = online ] && pass || fail "vcpu-set"
"$epixen" reboot -F chatter && sleep 0.2 && goes_on chatter &&
	[ -z "$(xenstore-read "/local/domain/$(id_of chatter)/control/shutdown")" ] && pass ||
	fail "a guest that is reset finds what it was asked for"
"$epixen" save -c jit "$dir/saved" && goes_on jit && pass || fail "a guest that was saved goes on"
for n in chatter interp jit; do
	"$epixen" destroy $n
done

# --- cycles ---
# What there is: processes of ours, epixend's descriptors, its memory in KB, nodes.
processes() {
	for p in /proc/[0-9]*; do
		tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -q -x "XDG_RUNTIME_DIR=$dir" &&
			sed -n 's/^Name:\t//p' "$p/status"
	done 2>/dev/null | grep -c epixen
}
resources() {
	pid=$(daemon)
	echo "$(processes) $(ls "/proc/$pid/fd" | wc -l) $(xenstore-ls -f / | wc -l)"
}
memory() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(daemon)/status"; }
cycle() { # NUMBER
	"$epixen" create "$dir/chatter.cfg" name=a || return 1
	"$epixen" create "$dir/chatter.cfg" name=b || return 1
	"$epixen" create "$dir/io.cfg" || return 1
	goes_on a && goes_on b || return 1
	sleep "0.$(($1 * 37 % 100))"
	"$epixen" list io >/dev/null 2>&1 && "$epixen" destroy io
	"$epixen" destroy a || return 1
	if [ $(($1 % 2)) -eq 0 ]; then
		"$epixen" destroy b
	else
		c_pid=$("$epixen" list -l b | sed -n 's/^pid //p')
		kill -9 "$c_pid"
		c_i=0 # its name is free behind its last breath
		while "$epixen" list b >/dev/null 2>&1 && [ $c_i -lt 200 ]; do
			sleep 0.02
			c_i=$((c_i + 1))
		done
	fi
}
# Waits until as much is there as before the cycles.
settles() {
	s_i=0
	while [ "$(resources)" != "$1" ] && [ $s_i -lt 100 ]; do
		sleep 0.1
		s_i=$((s_i + 1))
	done
	[ $s_i -lt 100 ] && return 0
	echo "before: $1; now: $(resources): $(xenstore-ls -f / | head -n 20)"
	return 1
}
sleep 0.5
before=$(resources)
cycle 0 || fail "a first cycle"
settles "$before" && pass || fail "something is left of a first cycle"
start=$(memory)
i=1
while [ $i -le $cycles ]; do
	cycle $i || {
		fail "cycle $i"
		"$epixen" destroy a 2>/dev/null
		"$epixen" destroy b 2>/dev/null
		"$epixen" destroy io 2>/dev/null
	}
	i=$((i + 1))
done
settles "$before" && pass || fail "something is left of $cycles cycles"
end=$(memory)
case $build in
*san) pass ;; # freed memory stays in quarantine
*) [ $((end - start)) -le 512 ] && pass || fail "epixend grew from $start to $end KB in $cycles cycles" ;;
esac
[ "$(xenstore-ls -f / | wc -l)" -eq 8 ] && pass || fail "nodes: $(xenstore-ls -f /)"
echo "cycles: $((3 * cycles + 3)) domains, processes, descriptors, nodes: $(resources); epixend $start to $end KB"
"$epixen" env -e
sleep 0.5
left=$(find "$reg" -mindepth 1 ! -name lock ! -name next-id ! -name log ! -path '*/log/*' ! -name epixend.log)
[ -z "$left" ] && pass || fail "left behind: $left"

# --- a PV guest cannot do without epixend ---
mkdir "$reg/epixend.journal.0"
"$epixen" create "$dir/chatter.cfg" 2>"$dir/err" && fail "a PV domain without epixend"
[ "$(cat "$dir/err")" = "epixen: chatter: epixend cannot start: Is a directory" ] && pass ||
	fail "a PV domain without epixend says: $(cat "$dir/err")"
sleep 0.2
[ "$("$epixen" list | wc -l)" -eq 1 ] && pass || fail "a PV domain without epixend is there"
rmdir "$reg/epixend.journal.0"
finish
