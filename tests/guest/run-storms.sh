#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests that do the worst to the translator for a time: write code, flush and run it; run random
# bundles; purge translations that others use. They check their own results, and the process that
# runs them must not grow. Ten minutes each on 1, 2 and 4 processors for SIZE=long, a few seconds on
# 2 otherwise; STORM_SECONDS says another time, STORMS names some of them.
. "$(dirname "$0")/common.sh"

if [ "${SIZE:-short}" = long ]; then
	seconds=${STORM_SECONDS:-600} sizes="1 2 4"
else
	seconds=${STORM_SECONDS:-4} sizes=2
fi
most=16384 # KB that may come: tables and buffers that fill up
case $(basename "${BUILD:-build}") in asan | tsan) most=262144 ;; esac # and the sanitizer's own memory

anonymous() { # NAME: KB
	pid=$("$epixen" list -l "$1" 2>/dev/null | awk '$1 == "pid" { print $2 }')
	awk '$1 == "RssAnon:" { print $2 }' "/proc/${pid:-none}/status" 2>/dev/null
}

begin() { # NAME VCPUS SOURCE DEFINITION...
	name=$1 vcpus=$2
	shift 2
	build "$@" "CPUS=$vcpus" "SECONDS=$seconds" && config "$vcpus" "$vcpus" "${engines##* }" || return
	"$epixen" create -c "$dir/guest.cfg" "name='$name'" >"$dir/$name.out" 2>"$dir/$name.err" </dev/null &
	eval "pid_$name=\$!"
}

end() { # NAME WHAT
	eval "wait \$pid_$1"
	status=$?
	grown=$(($(cat "$dir/$1.after") - $(cat "$dir/$1.before")))
	if [ $status -eq 0 ] && tail -n 1 "$dir/$1.out" | grep -aq '^survived' && [ $grown -lt $most ]; then
		passed=$((passed + 1))
		echo "$2, $seconds s: grew $grown KB"
	else
		"$epixen" destroy "$1" 2>/dev/null
		cp "$dir/$1.out" "$dir/out" && cp "$dir/$1.err" "$dir/err"
		fail "$2: exit $status, grew $grown KB"
	fi
}

measure() { # FILE SUFFIX
	for n in $sizes; do
		kb=$(anonymous "storm$n")
		echo "${kb:-1}" >"$dir/storm$n.$1"
	done
}

storm() { # SOURCE DEFINITION...
	for n in $sizes; do begin "storm$n" "$n" "$@" || fail "$* does not assemble"; done
	sleep $((seconds / 4 + 1))
	measure before
	sleep $((seconds * 5 / 8))
	measure after
	for n in $sizes; do end "storm$n" "$* on $n vCPUs"; done
}

for guest in ${STORMS:-selfmod random purge}; do
	case $guest in random) storm random.s CPL=3 ;; *) storm "$guest.s" ;; esac
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
