#!/bin/sh
# SPDX-License-Identifier: MIT
# The command line from the outside: verbs, exit codes, and every kind of bad input, which must give
# one line that names the thing, a non-zero exit and leave nothing behind.
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
epixen=$(realpath "${EPIXEN:-$build/epixen}")
monitor=$(realpath "$build/guests/monitor.elf")
minios=$(realpath guests/minios/minios.gz)
if ! command -v ia64-linux-gnu-as >/dev/null; then
	echo "SKIP cli: ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
if [ ! -x "$epixen" ] || [ ! -e "$monitor" ]; then
	echo "$build/epixen or $build/guests/monitor.elf is not built"
	exit 1
fi
dir=$(mktemp -d)
chmod 755 "$dir"
XDG_RUNTIME_DIR=$dir/run
export XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"
reg=$XDG_RUNTIME_DIR/epixen
passed=0 failed=0 skipped=0
cleanup() {
	"$epixen" list 2>/dev/null | tail -n +2 | while read -r name _; do "$epixen" destroy "$name"; done
	rm -rf "$dir"
}
trap cleanup EXIT

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	echo "FAIL $*"
}

# run STATUS COMMAND...: runs epixen with output in $dir/out and $dir/err; whether it exits so.
run() {
	want=$1
	shift
	timeout 60 "$epixen" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ $status -eq "$want" ]
}
why() { echo "exit $status: $(head -n 3 "$dir/err" "$dir/out" 2>/dev/null | tr '\n' ' ')"; }

# Entries and log files that are in the registry; epixend goes some seconds after the last domain.
left_behind() { all_left | grep -v -e /epixend -e /xenstored; }
all_left() { find "$reg" -mindepth 1 ! -name lock ! -name next-id ! -name log 2>/dev/null; }

# bad NAME PATTERN COMMAND...: exit 1, exactly one line that matches, nothing left behind.
bad() {
	name=$1 pattern=$2
	shift 2
	if ! run 1 "$@"; then
		fail "$name: $(why)"
	elif [ "$(wc -l <"$dir/err")" -ne 1 ] || ! grep -q -e "$pattern" "$dir/err"; then
		fail "$name: wanted '$pattern', got: $(cat "$dir/err")"
	elif [ -n "$(left_behind)" ]; then
		fail "$name: left behind $(left_behind)"
		rm -rf "$reg/log"
	else
		pass
	fi
}

# good NAME COMMAND...: exit 0.
good() {
	name=$1
	shift
	if run 0 "$@"; then pass; else fail "$name: $(why)"; fi
}

# shows NAME PATTERN: the output of the last command.
shows() {
	if grep -q -e "$2" "$dir/out"; then pass; else fail "$1: no '$2' in: $(head -n 5 "$dir/out")"; fi
}

eventually() { # NAME PATTERN COMMAND...: within 20 s the output matches
	name=$1 pattern=$2
	shift 2
	i=0
	while [ $i -lt 100 ]; do
		run 0 "$@" && grep -q -e "$pattern" "$dir/out" && pass && return
		sleep 0.2
		i=$((i + 1))
	done
	fail "$name: no '$pattern' after 20 s: $(why)"
}

gone() { # NAME DOMAIN: not listed any more
	if "$epixen" list | grep -q "^$2 "; then fail "$1: $2 is still there"; else pass; fi
}

for g in nowhere nested spin; do
	ia64-linux-gnu-as -x -o "$dir/$g.o" tests/cli/$g.s &&
		ia64-linux-gnu-ld -Ttext=0x200000 -o "$dir/$g.elf" "$dir/$g.o" || fail "assembling $g"
done
cd "$dir" || exit 1
cfg() { # FILE LINES...: a configuration that runs the monitor, with more lines
	f=$1
	shift
	{
		printf 'name = "t"\nmemory = 64\nkernel = "%s"\n' "$monitor"
		for l in "$@"; do echo "$l"; done
	} >"$f"
}
cfg ok.cfg
cp "$monitor" monitor.elf

# --- bad command lines and configurations ---
run 2 && pass || fail "no verb: $(why)"
run 2 frobnicate && grep -q "no verb 'frobnicate'" err && pass || fail "unknown verb: $(why)"
run 2 create && grep -q '^usage: epixen create' err && pass || fail "create without file: $(why)"
run 2 create -z ok.cfg && pass || fail "unknown option: $(why)"
run 2 pause && pass || fail "pause without domain: $(why)"
bad "missing config" "nothing.cfg: No such file" create nothing.cfg
bad "config is a directory" "$dir: Is a directory" create "$dir"
: >empty.cfg
bad "empty config" "empty.cfg: no name given" create empty.cfg
cfg syntax.cfg 'vcpus = = 2'
bad "syntax error" "syntax.cfg:4: string, number or list expected" create syntax.cfg
cfg open.cfg 'extra = "abc'
bad "open string" "open.cfg:4: string is not closed" create open.cfg
cfg type.cfg 'vcpus = "many"'
bad "wrong type" "type.cfg:4: vcpus must be a number" create type.cfg
cfg list.cfg 'kernel = [ "a" ]'
bad "list for a string" "list.cfg:4: kernel must be a string" create list.cfg
cfg unknown.cfg '' 'vcpu = 2'
bad "unknown key" "unknown.cfg:5: unknown key 'vcpu'" create unknown.cfg
bad "unknown key on the command line" "command line: unknown key 'vpcus'" create ok.cfg vpcus=2
bad "no key=value" "command line: key=value expected" create ok.cfg vcpus
bad "memory 0" "memory is 0 MB" create ok.cfg memory=0
bad "memory beyond the layout" "memory is 9000000 MB" create ok.cfg memory=9000000
bad "negative memory" "memory is -1 MB" create ok.cfg memory=-1
bad "vcpus 0" "vcpus is 0" create ok.cfg vcpus=0
bad "vcpus 1000" "vcpus is 1000" create ok.cfg vcpus=1000
bad "unknown cpu model" "cpu_model 'pentium' is unknown" create ok.cfg cpu_model=pentium
bad "a PVH domain" "type is 'pvh'" create ok.cfg type=pvh
long=$(printf '%0150d' 0)
mkdir "$long"
cfg "$long/long.cfg" '' "disk = [ '$long,rwa,xvda' ]"
bad "the end of a long path" "^epixen: \.\.\.0.*/long.cfg:5: disk '00*': format is 'rwa'.* and empty$" create "$dir/$long/long.cfg"
head -c 100000 /dev/urandom >random.cfg
bad "random config" "random.cfg:" create random.cfg
cfg warn.cfg 'vif = [ "bridge=br0" ]' 'vnc = 1' 'cmdline = "a"' 'extra = "b"'
good "keys of xl that do nothing" create -p warn.cfg
grep -q "warn.cfg:5: warning: 'vnc'" err && grep -q "warn.cfg:4: warning: vif is for domains of type pv" err &&
	grep -q "warn.cfg:6: warning: cmdline is given" err && pass || fail "warning with line: $(why)"
good "destroy" destroy t

# --- bad kernels and ramdisks ---
bad "missing kernel" "command line: kernel nothing: No such file" create ok.cfg kernel=nothing
: >empty
bad "empty kernel" "empty: is empty" create ok.cfg kernel=empty
bad "kernel is a directory" "not a regular file" create ok.cfg kernel=/
echo "hello" >text
bad "non-ELF kernel" "text: is neither an ELF file nor gzip" create ok.cfg kernel=text
bad "x86 kernel" "is an ELF file for x86-64, not IA-64" create ok.cfg kernel="$(realpath /bin/sh)"
head -c 50 monitor.elf >short1
bad "truncated ELF header" "short1: ELF file is truncated" create ok.cfg kernel=short1
head -c 80 monitor.elf >short2
bad "truncated program headers" "short2: ELF file is truncated" create ok.cfg kernel=short2
head -c 70000 monitor.elf >short3
bad "truncated segment" "short3: ELF file is truncated" create ok.cfg kernel=short3
gzip -c monitor.elf >good.gz
head -c 3000 good.gz >short.gz
bad "truncated gzip" "short.gz: gzip data is truncated" create ok.cfg kernel=short.gz
{ head -c 3000 good.gz && head -c 500 /dev/zero && tail -c +3501 good.gz; } >corrupt.gz
bad "corrupt gzip" "corrupt.gz: gzip data is" create ok.cfg kernel=corrupt.gz
gzip -c text >text.gz
bad "gzip of a text" "text.gz: is neither" create ok.cfg kernel=text.gz
ia64-linux-gnu-ld -Ttext=0x8000000 -o far.elf spin.o
bad "less memory than the kernel needs" "far.elf: needs memory" create ok.cfg kernel=far.elf
bad "kernel in the firmware" "needs memory" create ok.cfg kernel="$(
	ia64-linux-gnu-ld -Ttext=0xff000000 -o firmware.elf spin.o && echo firmware.elf)"
bad "missing ramdisk" "command line: ramdisk nothing: No such file" create ok.cfg ramdisk=nothing
bad "empty ramdisk" "empty: is empty" create ok.cfg ramdisk=empty
head -c 70000000 /dev/zero >huge
bad "ramdisk too large" "huge: ramdisk of" create ok.cfg ramdisk=huge
rm huge

# --- a domain's life ---
good "help" help
good "help of a verb" help create
good "--help of a verb" create --help
good "version" --version
# named WORDS...: whether each stands where the manual page names what it explains
named() {
	for word in "$@"; do
		sed 's/\\-/-/g' "$OLDPWD/man/epixen.1" | grep '^\.B' | grep -qw -e "$word" && pass ||
			fail "the manual page does not explain $word"
	done
}
verbs=$("$epixen" help | sed -n 's/^  \([a-z-]*\) .*/\1/p')
for verb in $verbs; do
	good "help of $verb" help "$verb"
	shows "its example" "^  .*epixen $verb"
done
# shellcheck disable=SC2046,SC2086
named $verbs $(sed -n 's/^\t{"\([a-z_]*\)", *\(read\|refuse\)_.*/\1/p' "$OLDPWD/src/tool/settings.c")
run 2 help nothing && pass || fail "help of an unknown verb"
bad "no such domain" "no domain 'nobody'" pause nobody
good "create in the background" create ok.cfg
bad_name=$("$epixen" create ok.cfg 2>&1 >/dev/null) && fail "the same name twice" ||
	case $bad_name in *"a domain 't' exists already"*) pass ;; *) fail "same name: $bad_name" ;; esac
eventually "an idle monitor is blocked" "^t  *[0-9]*  *64  *1  *-b----" list
shows "table head" "^Name  *ID  *Mem VCPUs	State	Time(s)$"
good "pause" pause t
run 0 list && shows "paused state" " --p--- "
good "pause again" pause t
good "unpause" unpause t
id=$("$epixen" list -l t | sed -n 's/^id //p')
good "by id" pause "$id"
good "unpause by id" unpause "$id"
good "dump-state" dump-state t
shows "registers" "iip [0-9a-f]\{16\}"
shows "backtrace" "[Bb]acktrace"
good "shutdown presses a button" shutdown t
good "with xl's option too" shutdown -F t
run 1 vcpu-set t 1 && grep -q -e "not a paravirtual domain" err && pass || fail "vcpu-set of another kind of domain: $(why)"
run 1 mem-set t 32 && grep -q -e "not a paravirtual domain" err && pass || fail "mem-set of another kind of domain: $(why)"
run 1 sysrq t h && grep -q -e "not a paravirtual domain" err && pass || fail "sysrq of another kind of domain: $(why)"
run 1 mem-set t 12x && grep -q -e "'12x' is not a size" err && pass || fail "mem-set of no size: $(why)"
run 1 mem-set t 99999999999999t && grep -q -e "is not a size" err && pass || fail "mem-set of far too much: $(why)"
run 1 vcpu-set t -1 && grep -q -e "'-1' is not a number" err && pass || fail "vcpu-set of no number: $(why)"
run 1 sysrq t help && grep -q -e "one letter" err && pass || fail "sysrq of a word: $(why)"
run 1 sysrq nobody h && grep -q -e "no domain 'nobody'" err && pass || fail "sysrq of nobody: $(why)"
good "reboot" reboot t
eventually "it runs again" "-b----" list t
good "destroy" destroy t
gone "destroyed" t
run 1 list t && pass || fail "list of a domain that is gone: $(why)"
good "two vCPUs, paused" create -p ok.cfg vcpus=2
good "dump-state of a paused one" dump-state t
[ "$(grep -c '^vCPU' out)" -eq 2 ] && pass || fail "dump-state shows both vCPUs"
good "destroy a paused one" destroy t

# --- stat ---
run 2 stat && grep -q '^usage: epixen stat' err && pass || fail "stat without domain: $(why)"
run 2 stat -i 0 t && pass || fail "stat with an interval of 0: $(why)"
run 2 stat -n 1.5 t && pass || fail "stat with half a count: $(why)"
bad "stat of nobody" "no domain 'nobody'" stat nobody
slots() { sed -n 's/^  slots  *//p' out; }
for engine in interp jit; do
	good "to be counted, $engine" create -p ok.cfg kernel=spin.elf vcpus=2 engine=$engine
	good "stat of a paused one" stat -i 0.1 -n 1 t
	[ -z "$(slots)" ] || [ "$(slots)" = "0              0              0" ] && pass ||
		fail "a paused one retires nothing: $(slots)"
	good "unpause" unpause t
	good "stat of a running one" stat -i 0.2 -n 2 t
	[ "$(grep -c '^t (.*vCPU  0  *vCPU  1  *all$' out)" -eq 2 ] && pass || fail "stat -n 2: $(why)"
	slots | awk '$1 > 100000 && $2 < 1000 { n++ } END { exit n != 2 }' && pass ||
		fail "slots of a processor that spins and one that waits: $(slots)"
	good "stat of all its life" stat -a t
	shows "fast TLB misses" "^  instruction misses  *[1-9]"
	case $engine in
	interp) grep -q "translated" out && fail "the interpreter translates: $(why)" || pass ;;
	jit)
		shows "share of slots translated" "^  % of slots translated  *99\.[0-9]\|100\.00"
		shows "blocks" "^  blocks translated  *[1-9]"
		;;
	esac
	good "destroy" destroy t
done

# --- what a domain writes about its translations ---
good "jitdump" create ok.cfg kernel=spin.elf engine=jit jitdump=1 jit_debug=i
sleep 0.3
pid=$("$epixen" list -l t | sed -n 's/^pid //p')
python3 "$OLDPWD/tests/jit/jitdump.py" "jit-$pid.dump" "$pid" ia64:0x200000 ia64:common >out 2>&1 && pass ||
	fail "jitdump of a domain: $(cat out)"
grep -q "block 0x200000" "$reg/log/t.log" && pass || fail "jit_debug=i writes no IR to the log"
good "destroy" destroy t
bad "jitdump of a wrong kind" "jitdump is 2" create ok.cfg jitdump=2
no_file=$(cd /proc && "$epixen" create "$dir/ok.cfg" jitdump=1 2>&1) && fail "jitdump in /proc" ||
	case $no_file in *"cannot write a jitdump here: "*) pass ;; *) fail "jitdump in /proc: $no_file" ;; esac

# --- the console and how it ends ---
(sleep 2; echo halt; sleep 5) | timeout 60 "$epixen" create -c ok.cfg >out 2>err
[ $? -eq 0 ] && pass || fail "power-off gives 0: $(cat err)"
shows "console output" "epixen monitor"
gone "after power-off" t
cfg crash.cfg
timeout 60 "$epixen" create -c crash.cfg kernel=nowhere.elf >out 2>err <&-
[ $? -eq 1 ] && pass || fail "a jump into nowhere gives 1"
grep -q "domain t crashed on vCPU 0: instruction fetch" err && grep -q "iip" err && pass ||
	fail "crash report: $(head -n 3 err)"
gone "after a crash" t
run 1 create -c crash.cfg kernel=nested.elf && grep -q "faults, for ever" err && pass ||
	fail "nested faults: $(why)"
gone "after nested faults" t
good "crash, preserved" create crash.cfg kernel=nowhere.elf 'on_crash=preserve'
eventually "a crashed domain is shown" "----c-" list t
good "dump-state of it" dump-state t
good "reboot of it" reboot t
eventually "it crashes again" "----c-" list t
good "destroy it" destroy t
timeout 60 "$epixen" create -c ok.cfg >out 2>err </dev/null &
eventually "started with stdin at its end" " 64 " list t
good "power button without an answer" shutdown t
good "destroy under a console" destroy t
wait $! && pass || fail "the console of a destroyed domain gives 0"
(sleep 2; echo reboot; sleep 3; echo halt; sleep 5) | timeout 60 "$epixen" create -c ok.cfg >out 2>err
[ $? -eq 0 ] && [ "$(grep -c "epixen monitor" out)" -eq 2 ] && pass ||
	fail "a guest that reboots, then halts: $(cat err)"
(sleep 2; echo reboot; sleep 5) |
	timeout 60 "$epixen" create -c ok.cfg on_reboot=destroy >out 2>err
[ $? -eq 0 ] && [ "$(grep -c "epixen monitor" out)" -eq 1 ] && pass ||
	fail "on_reboot=destroy: $(cat err)"
good "background" create ok.cfg kernel=spin.elf
pid=$("$epixen" list -l t | sed -n 's/^pid //p')
[ "$(cat "/proc/$pid/comm")" = epixen-domain ] && pass || fail "its process is named epixen-domain"
kill -9 "$pid"
eventually "a killed domain's entry goes" "^Name" list
gone "killed" t
good "its name is free" create ok.cfg
kill "$("$epixen" list -l t | sed -n 's/^pid //p')"
sleep 1
gone "SIGTERM ends it" t
timeout 60 "$epixen" create -c ok.cfg kernel=spin.elf >out 2>err </dev/null &
eventually "spinning" " r-----" list t
kill -9 "$("$epixen" list -l t | sed -n 's/^pid //p')"
wait $! && fail "console of a killed domain gives 0" || pass
python3 "$OLDPWD/tests/cli/console.py" "$epixen" ok.cfg >out 2>&1
case $? in
0) pass ;;
77 | 127) skipped=$((skipped + 1)) && echo "SKIP cli console on a terminal: $(tail -n 1 out)" ;;
*) fail "console on a terminal: $(tail -n 3 out)" ;;
esac

# --- save and restore ---
good "to be saved" create ok.cfg
eventually "booted" "-b----" list t
good "save" save t image
gone "saved" t
good "restore" restore image
eventually "restored" "-b----" list t
good "checkpoint" save -c t image2
good "still there" list t
bad_save=$("$epixen" save t /nonexistent/x 2>&1) && fail "save to nowhere" ||
	case $bad_save in *": /nonexistent/x: No such file"*) pass ;; *) fail "save to nowhere: $bad_save" ;; esac
run 1 save t "$dir" && grep -q -e "$dir: Is a directory" err && pass || fail "save into a directory: $(why)"
[ -e "$dir.partial" ] && fail "save into a directory leaves $dir.partial"
good "it goes on" list t
good "destroy" destroy t
(sleep 1; echo; echo time; sleep 1; echo halt; sleep 5) |
	timeout 60 "$epixen" restore -c image >out 2>err
[ $? -eq 0 ] && grep -q UTC out && pass || fail "restored with a console: $(cat err)"
bad "restore of nothing" "nothing: No such file" restore nothing
bad "restore of an empty file" "empty: is not a save file" restore empty
bad "restore of a kernel" "monitor.elf: is not a save file" restore monitor.elf
size=$(wc -c <image)
for part in 40 1000 5000 9000 20000 60000 $((size / 2)) $((size - 1)); do
	head -c "$part" image >cut
	bad "restore of the first $part bytes" "damaged save file\|not a save file" restore cut
done
{ cat image; echo; } >long
bad "restore with bytes left over" "damaged save file" restore long

# --- paravirtual domains ---
pvcfg() { # FILE LINES...: a configuration that runs minios
	f=$1
	shift
	{
		printf 'name = "t"\ntype = "pv"\nmemory = 32\nkernel = "%s"\n' "$minios"
		for l in "$@"; do echo "$l"; done
	} >"$f"
}
truncate -s 1M disk.img
pvcfg pv.cfg
pvcfg nokernel.cfg 'kernel = "nothing"' 'ramdisk = "nothing"'
bad "a kernel that is not there" "nokernel.cfg:5: kernel nothing: No such file" create nokernel.cfg
bad "a ramdisk that is not there" "nokernel.cfg:6: ramdisk nothing: No such file" create nokernel.cfg kernel="$minios"
pvcfg nodisk.cfg 'disk = [ "disk.img,raw,xvda,w",' '"nothing,raw,xvdb,w" ]'
bad "a disk that is not there" "nodisk.cfg:6: disk xvdb: nothing: No such file" create nodisk.cfg
pvcfg twice.cfg 'disk = [ "disk.img,raw,xvda,w",' '"disk.img,raw,xvda,r" ]'
bad "two disks of one name" "twice.cfg:6: disk 'disk.img,raw,xvda,r': vdev xvda is there already" create twice.cfg
pvcfg vdev.cfg 'disk = [ "disk.img,raw,xyz" ]'
bad "no virtual device" "vdev.cfg:5: disk .* vdev 'xyz' is no device" create vdev.cfg
pvcfg port.cfg 'vif = [ "",' '"forward=tcp:99999:22" ]'
bad "no port" "port.cfg:6: vif .* forward 'tcp:99999:22' is not like" create port.cfg
pvcfg mac.cfg 'vif = [ "mac=00:00:00:00:00:00" ]'
bad "no address" "mac.cfg:5: vif .* is no address" create mac.cfg
if [ -x "$(dirname "$epixen")/epixen-net" ]; then
	pvcfg taken.cfg 'vif = [ "forward=udp:9:9,forward=udp:9:9" ]'
	bad "a port that is taken" "taken.cfg:5: vif 0: cannot forward udp:9:9: the port is taken" create taken.cfg
else
	skipped=$((skipped + 1))
	echo "SKIP cli: epixen-net is not built"
fi
bad "too little memory" "minios.gz: needs memory\|memory is 4 MB" create pv.cfg memory=4
bad "too much memory" "command line: memory is 98305 MB" create pv.cfg memory=98305
bad "fewer at most than at first" "command line: maxvcpus is 1, less" create pv.cfg vcpus=2 maxvcpus=1
good "with a disk" create -p pv.cfg vcpus=4 'disk=["disk.img,raw,xvda,w"]'
run 1 create pv.cfg 'disk=["disk.img,raw,xvda,w"]' && grep -q "a domain 't' exists already" err && pass ||
	fail "the same name says so first: $(why)"
run 1 create pv.cfg name=u 'disk=["disk.img,raw,xvda,w"]' && grep -q "disk xvda: disk.img: is in use" err && pass ||
	fail "a disk that is in use: $(why)"
good "processors that are up" list t
shows "only the first runs before the guest has started others" "^t  *[0-9]*  *32  *1  *--p---"
run 1 vcpu-set t 5 && grep -q "it can have 1 to 4 vCPUs, not 5" err && pass || fail "too many processors: $(why)"
good "vcpu-set" vcpu-set t 2
run 1 mem-set t 33 && grep -q "made with 32 MB" err && pass || fail "more memory than there is: $(why)"
good "mem-set" mem-set t 31
good "sysrq" sysrq t h
if command -v xenstore-ls >/dev/null; then
	eval "$("$epixen" env)"
	xenstore-ls -f "/local/domain/$("$epixen" list t | awk 'END { print $2 }')" >out
	shows "what vcpu-set wrote" 'cpu/1/availability = "online"'
	shows "of the others too" 'cpu/2/availability = "offline"'
	shows "what mem-set wrote" 'memory/target = "31744"'
	shows "what sysrq wrote" 'control/sysrq = "h"'
	good "save it" save t image3
	good "restore it" restore -p image3
	xenstore-ls -f "/local/domain/$("$epixen" list t | awk 'END { print $2 }')" >out
	shows "mem-set holds" 'memory/target = "31744"'
	shows "vcpu-set holds" 'cpu/2/availability = "offline"'
	shows "also for those that are up" 'cpu/1/availability = "online"'
	shows "sysrq does not" 'control/sysrq = ""'
fi
good "destroy" destroy t

# --- epixend, which create starts ---
good "its variables" env
shows "the variable" "^XENSTORED_PATH='$reg/xenstored.sock'; export XENSTORED_PATH$"
run 2 env -s -e && pass || fail "env with both options: $(why)"
good "a domain for it" create ok.cfg
bad_end=$("$epixen" env -e 2>&1) && fail "epixend ended under a domain" ||
	case $bad_end in *"there are domains"*) pass ;; *) fail "end of epixend: $bad_end" ;; esac
good "destroy" destroy t
i=0
while [ -n "$(all_left)" ] && [ $i -lt 60 ]; do
	sleep 0.25
	i=$((i + 1))
done
[ -z "$(all_left)" ] && pass || fail "after the last domain: left behind $(all_left)"
good "to stay" env --stay
sleep 6
[ -S "$reg/epixend.sock" ] && pass || fail "--stay did not keep epixend"
good "end it" env --end
sleep 0.5
[ -z "$(all_left)" ] && pass || fail "after epixend's end: left behind $(all_left)"
touch epixend.sock
mv epixend.sock "$reg/"
good "a file where its socket was" env
good "end it again" env -e
sleep 0.5
mkdir "$reg/xenstored.sock"
run 0 create ok.cfg && [ "$(wc -l <err)" -eq 1 ] && grep -q "warning: t goes on without xenstore: " err &&
	pass || fail "a domain without epixend: $(why)"
good "destroy" destroy t
rm -rf "$reg/xenstored.sock" "$reg/epixend.log"

# --- as an ordinary user ---
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 644 ok.cfg
	user="setpriv --reuid=65534 --regid=65534 --clear-groups env -u XDG_RUNTIME_DIR"
	cp "$epixen" "$monitor" .
	chmod 755 epixen monitor.elf
	timeout 60 $user ./epixen create ok.cfg kernel=monitor.elf >out 2>err && pass ||
		fail "create as nobody: $(cat err)"
	$user ./epixen list >out 2>err && shows "list as nobody" "^t "
	$user ./epixen destroy t >out 2>err && pass || fail "destroy as nobody: $(cat err)"
	rm -rf /tmp/epixen-65534
fi

cd "$OLDPWD" || exit 1
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
