#!/bin/sh
# SPDX-License-Identifier: MIT
# Hostile guests: each must end in a report with registers and a non-zero status, or survive; our
# process neither dies nor hangs. SIZE=long runs more of each, with more seeds; ENGINES names the
# engines, "interp jit" by default.
. "$(dirname "$0")/common.sh"

if [ "${SIZE:-short}" = long ]; then
	many=10 seeds="1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"
else
	many=1 seeds="1 2 3"
fi

start() { # SECONDS
	timeout "$1" "$epixen" create -c "$dir/guest.cfg" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

survived() { [ $status -eq 0 ] && tail -n 1 "$dir/out" | grep -aq '^survived'; }

# TEXT: in the crash's first line.
crashed() {
	[ $status -eq 1 ] && grep -aq "domain hostile crashed on vCPU [0-9]*: .*$1" "$dir/err" &&
		grep -aq '^ *psr [0-9a-f]\{16\}' "$dir/err" && grep -aq 'r001 [0-9a-f]\{16\}' "$dir/err"
}

# The guest runs for ever, but obeys: registers can be seen, the domain ends when told to.
obeys() {
	[ $status -eq 124 ] && timeout 20 "$epixen" dump-state hostile >"$dir/dump" 2>&1 &&
		grep -q '^vCPU 0: ' "$dir/dump" && timeout 20 "$epixen" destroy hostile
}

gone() { [ "$("$epixen" list | wc -l)" -eq 1 ]; }

# run EXPECTED SECONDS VCPUS SOURCE DEFINITION...; EXPECTED: end, crash:TEXT, any
run() {
	expected=$1 seconds=$2 vcpus=$3
	shift 3
	build "$@" || { fail "$* does not assemble"; return; }
	for engine in $engines; do
		config "$vcpus" "${seed:-0}" "$engine"
		start "$seconds"
		ok=false
		case $expected in
		end) survived && ok=true ;;
		crash:*) crashed "${expected#crash:}" && ok=true ;;
		any) { survived || crashed "" || obeys; } && ok=true ;;
		esac
		$ok && gone && passed=$((passed + 1)) && continue
		fail "$* (seed ${seed:-0}, $engine): wanted $expected, exit $status"
		"$epixen" destroy hostile 2>/dev/null
	done
}

nowhere="an address that is not memory"
run "crash:$nowhere" 30 1 nowhere.s WHERE=0x10000000
run "crash:$nowhere" 30 1 nowhere.s WHERE=0xa0000
run "crash:$nowhere" 30 1 nowhere.s WHERE=0xe0000000
run "crash:$nowhere" 30 1 nowhere.s WHERE=0xfec00000
run "crash:$nowhere" 30 1 nowhere.s WHERE=0x80000000fee00000
run "crash:before the system set cr.iva" 30 1 nowhere.s WHERE=0x1000000000000000
run "crash:faults, for ever" 30 1 nested.s KIND=0
run "crash:faults, for ever" 60 1 nested.s KIND=1
run "crash:faults, for ever" 30 1 nested.s KIND=2

run end 120 1 mmio.s COUNT=$((30000 * many))
run end 120 1 firmware.s COUNT=$((5000 * many))
run end 120 1 registers.s COUNT=$((5000 * many))
run end 120 1 rse.s COUNT=$((10000 * many))
run end 120 1 timers.s
run end 120 2 purge.s COUNT=$((30000 * many))
run end 120 2 selfmod.s COUNT=$((20000 * many))
run end 120 2 init.s COUNT=$((5000 * many))
for seed in $seeds; do
	run end 120 1 random.s CPL=3 COUNT=$((1000 * many))
	run any 20 1 random.s CPL=0 COUNT=$((1000 * many))
done

# What hostile guests leave in the processor, devices and firmware can be saved and restored.
saved() { # VCPUS SOURCE DEFINITION...
	vcpus=$1
	shift
	build "$@" && config "$vcpus" 0 interp && "$epixen" create "$dir/guest.cfg" 2>"$dir/err" || return
	for pause in 0.1 0.2 0.15 0.3; do
		sleep $pause
		# it may have ended by itself
		"$epixen" save hostile "$dir/save" 2>/dev/null || return 0
		"$epixen" restore "$dir/save" 2>"$dir/err" || return
	done
	timeout 300 "$epixen" console hostile </dev/null >"$dir/out" 2>"$dir/err"
	status=$?
	survived
}
for guest in "1 registers.s COUNT=20000" "1 rse.s COUNT=30000" "1 random.s CPL=3 COUNT=12000" \
	"2 purge.s COUNT=300000" "2 init.s COUNT=200000"; do
	# shellcheck disable=SC2086
	if saved $guest && gone; then
		passed=$((passed + 1))
	else
		fail "$guest does not survive being saved: status $status"
		"$epixen" destroy hostile 2>/dev/null
	fi
done

# A guest that crashes and is restarted for ever obeys, and fills no disk with reports.
restarts() {
	build nowhere.s WHERE=0xd0000000 && config 1 0 interp &&
		"$epixen" create "$dir/guest.cfg" "on_crash='restart'" 2>"$dir/err" || return
	sleep 5
	size=$(wc -c <"$XDG_RUNTIME_DIR/epixen/log/hostile.log")
	timeout 20 "$epixen" destroy hostile && [ "$size" -gt 50000 ] && [ "$size" -lt 17000000 ]
}
if restarts && gone; then passed=$((passed + 1)); else fail "a crash that repeats"; fi

# A processor that waits for nothing costs nothing.
seconds_used() { "$epixen" list hostile | awk 'NR == 2 { print $NF }'; }
halted() {
	build halted.s && config 1 0 interp && "$epixen" create "$dir/guest.cfg" 2>"$dir/err" || return
	sleep 1
	before=$(seconds_used)
	sleep 2
	awk "BEGIN { exit !($(seconds_used) - $before < 0.2) }" &&
		"$epixen" list hostile | grep -q -e ' -b---- ' && timeout 20 "$epixen" destroy hostile
}
if halted && gone; then passed=$((passed + 1)); else fail "halted.s: does not sleep"; fi

# The domain's process really is confined, and its entry goes even when it is killed.
confined() {
	"$epixen" create "$dir/guest.cfg" 2>"$dir/err" || return
	pid=$("$epixen" list -l hostile | awk '$1 == "pid" { print $2 }')
	grep -q '^Seccomp:[[:blank:]]*2' "/proc/$pid/status" &&
		grep -q '^NoNewPrivs:[[:blank:]]*1' "/proc/$pid/status" &&
		grep -q '^CapEff:[[:blank:]]*0000000000000000' "/proc/$pid/status" || return
	kill -9 "$pid"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.2
		[ -z "$(find "$XDG_RUNTIME_DIR/epixen" -name control)" ] && return 0
	done
	return 1
}
if confined; then passed=$((passed + 1)); else fail "the process of a domain is not confined"; fi

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
