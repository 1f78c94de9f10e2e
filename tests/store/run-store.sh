#!/bin/sh
# SPDX-License-Identifier: MIT
# xenstore as epixend serves it: Debian's clients, random requests against a model, kills, floods.
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
epixen=$(realpath "${EPIXEN:-$build/epixen}")
passed=0 failed=0 skipped=0
dir=$(mktemp -d)
XDG_RUNTIME_DIR=$dir
export XDG_RUNTIME_DIR
reg=$dir/epixen
long=1
[ "${SIZE:-short}" = long ] && long=5
trap '"$epixen" list 2>/dev/null | tail -n +2 | while read -r n _; do "$epixen" destroy "$n"; done
	"$epixen" env -e 2>/dev/null; rm -rf "$dir"' EXIT

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}
# says NAME PATTERN COMMAND...: it succeeds, and its whole output matches.
says() {
	name=$1 pattern=$2
	shift 2
	out=$(timeout 60 "$@" 2>&1 </dev/null) && echo "$out" | tr '\n' ' ' | grep -q -x -e "$pattern *" && pass ||
		fail "$name: wanted '$pattern', got '$out'"
}
# refused NAME PATTERN COMMAND...: it fails, and says so.
refused() {
	name=$1 pattern=$2
	shift 2
	out=$(timeout 60 "$@" 2>&1 </dev/null) && fail "$name: succeeded: $out" && return
	case $out in *$pattern*) pass ;; *) fail "$name: wanted '$pattern', got '$out'" ;; esac
}
program() { # NAME COMMAND...: prints its last line
	name=$1
	shift
	if timeout 1200 "$@" >"$dir/out" 2>&1; then
		pass
		sed "s/^/$name: /" "$dir/out"
	else
		fail "$name: $(tail -n 5 "$dir/out")"
	fi
}

# --- Debian's clients ---
eval "$("$epixen" env --stay)"
if command -v xenstore-ls >/dev/null; then
	says "write" "" xenstore-write /test/a one /test/b "two words"
	says "read" "one" xenstore-read /test/a
	says "read several" "one two words" xenstore-read /test/a /test/b
	says "relative to domain 0" "Domain-0" xenstore-read name
	says "list" "a b" xenstore-list /test
	says "list with paths" "/test/a /test/b" xenstore-list -p /test
	says "exists" "" xenstore-exists /test/a
	refused "does not exist" "" xenstore-exists /test/c
	refused "read of nothing" "couldn't read path /test/c" xenstore-read /test/c
	refused "bad path" "couldn't read path" xenstore-read '/te st'
	says "chmod" "" xenstore-chmod /test/a n0 r5 b7
	says "ls with permissions" '.*a = "one" [. ]*(n0,r5,b7).*b = "two words" .*(n0).*' xenstore-ls -p /test
	says "chmod of all below" "" xenstore-chmod -r /test n3
	says "ls after it" 'a = "one" [. ]*(n3).*b = "two words" [. ]*(n3).*' xenstore-ls -p /test
	says "ls with whole paths" '/test/a = "one" /test/b = "two words"' xenstore-ls -f /test
	i=0
	while [ $i -lt 600 ]; do
		set -- "$@" "/test/many/long-name-of-a-child-$i" "$i"
		i=$((i + 1))
	done
	xenstore-write "$@" && pass || fail "600 nodes in one transaction"
	[ "$(xenstore-list /test/many | wc -l)" -eq 600 ] && pass || fail "a list in parts"
	timeout 60 xenstore-watch -n 3 /test/w >"$dir/watch" &
	sleep 0.5
	xenstore-write /test/w/x 1 && xenstore-rm /test/w
	wait $! && [ "$(tr '\n' ' ' <"$dir/watch")" = "/test/w /test/w/x /test/w " ] && pass ||
		fail "watch: $(cat "$dir/watch")"
	says "rm" "" xenstore-rm /test
	says "what is left" "local tool vm" xenstore-list /
	refused "rm of the root" "could not remove path" xenstore-rm /
	says "rm of what is not there" "" xenstore-rm -t /test
	control=$(ls /usr/lib/xen-*/bin/xenstore-control 2>/dev/null | head -n 1)
	if [ -n "$control" ]; then
		says "control" "OK" "$control" check
	fi
else
	skipped=$((skipped + 1))
	echo "SKIP store Debian's clients: package xenstore-utils is missing"
fi

# --- random requests ---
seed=${SEED:-$(date +%s)}
program "random requests, seed $seed" python3 tests/store/random_ops.py "$reg" $((100000 * long)) "$seed"
"$epixen" env -e
program "killed, seed $seed" python3 tests/store/crash.py "$epixen" "$reg" $((15 * long)) "$seed"
program "floods" python3 tests/store/flood.py "$reg"

# --- domains ---
monitor=$(realpath "$build/guests/monitor.elf" 2>/dev/null)
if [ -e "$monitor" ] && command -v xenstore-ls >/dev/null; then
	printf 'name = "t"\nmemory = 64\nvcpus = 2\nkernel = "%s"\n' "$monitor" >"$dir/t.cfg"
	"$epixen" env -s >/dev/null
	"$epixen" create "$dir/t.cfg" && pass || fail "create"
	id=$("$epixen" list -l t | sed -n 's/^id //p')
	home=/local/domain/$id
	says "its nodes" "t $id 65536 online online" xenstore-read "$home/name" "$home/domid" \
		"$home/memory/target" "$home/cpu/0/availability" "$home/cpu/1/availability"
	says "its machine" "t" xenstore-read "$(xenstore-read "$home/vm")/name"
	says "what it may read and write" ".*shutdown = \"\"[. ]*(n$id).*domid = [^)]*(n0,r$id).*" xenstore-ls -p "$home"
	pid=$(python3 tests/store/xs.py "$reg")
	[ "$(cat "/proc/$pid/comm")" = epixend ] && pass || fail "its process is named epixend"
	case $build in *san) ;; *)
		says "confined" "CapEff: 0000000000000000 Seccomp: 2" \
			sh -c "grep -E '^(CapEff|Seccomp):' /proc/$pid/status | tr '\t' ' '"
		;;
	esac
	kill -9 "$pid"
	sleep 0.2
	refused "killed" "" xenstore-read "$home/name"
	"$epixen" env -s >/dev/null && pass || fail "started again"
	says "its nodes are there" "t" xenstore-read "$home/name"
	sleep 1
	says "and stay" "t" xenstore-read "$home/name"
	timeout 60 xenstore-watch -n 3 @releaseDomain >"$dir/watch" &
	sleep 0.3
	"$epixen" create "$dir/t.cfg" name=u
	u=$("$epixen" list -l u | sed -n 's/^id //p')
	kill -9 "$("$epixen" list -l u | sed -n 's/^pid //p')"
	i=0 # both at once could be told as one
	while xenstore-exists "/local/domain/$u" && [ $i -lt 100 ]; do
		sleep 0.1
		i=$((i + 1))
	done
	sleep 0.2
	"$epixen" destroy t
	wait $! && [ "$(sort "$dir/watch" | uniq -c | tr -s ' \n' ' ')" = " 3 @releaseDomain " ] && pass ||
		fail "releases: $(cat "$dir/watch")"
	says "nothing is left of either" "0" xenstore-list /local/domain
	says "nor of the machines" "" xenstore-list /vm
fi

# --- epixend comes and goes under many hands ---
if [ -e "$monitor" ]; then
	"$epixen" env -e
	i=0
	while [ $i -lt 8 ]; do
		"$epixen" create "$dir/t.cfg" name=d$i 2>>"$dir/many" &
		"$epixen" env >/dev/null 2>>"$dir/many" &
		i=$((i + 1))
	done
	wait
	[ -s "$dir/many" ] && fail "eight at once: $(cat "$dir/many")" || pass
	says "eight domains" "0.*" xenstore-list /local/domain
	[ "$(xenstore-list /local/domain | wc -l)" -eq 9 ] && pass || fail "eight domains in xenstore"
	i=0
	while [ $i -lt 8 ]; do
		"$epixen" destroy d$i
		i=$((i + 1))
	done
	i=0
	while [ $i -lt $((20 * long)) ]; do
		"$epixen" create "$dir/t.cfg" name=cycle && "$epixen" destroy cycle || fail "cycle $i"
		i=$((i + 1))
	done
	sleep 0.5
	says "no node left after cycles" "0" xenstore-list /local/domain
	says "no machine either" "" xenstore-list /vm
fi
"$epixen" env -e && sleep 0.5
left=$(find "$reg" -mindepth 1 ! -name lock ! -name next-id ! -name log ! -path '*/log/u.log' \
	! -name epixend.log) # which may tell of a record that a kill has cut
[ -z "$left" ] && pass || fail "left behind: $left $(cat "$reg/epixend.log" 2>/dev/null)"

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
