#!/bin/sh
# SPDX-License-Identifier: MIT
# Engine verify: it finds the bugs that tests/jit/broken.c puts into the translator, naming the
# instruction, and finds none in the real one: user programs, instruction tests, GCC's execution
# tests and Linux boots. SIZE=long runs all of GCC's tests at -O0, -O2 and -O3, hostile guests, and
# more processors. Variables as for tests/torture/run-torture.sh.
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
epixen=${EPIXEN:-$build/epixen}
shared=${SHARED:-../shared}
size=${SIZE:-short}
kernel=$shared/guests/vmlinux-6.1-ia64.gz
ramdisk=$shared/guests/initramfs-busybox.cpio.gz
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

skip() { # WHAT WHY
	echo "SKIP verify: $1: $2"
	skipped=$((skipped + 1))
}

check() { # NAME: the status is the test's
	status=$?
	[ $status -eq 0 ] && passed=$((passed + 1)) && return
	failed=$((failed + 1))
	echo "FAIL verify: $1"
	head -n 40 "$dir/out" | cut -c 1-200
}

# Adds up the last line of a test script.
add() { # COMMAND...
	"$@" >"$dir/out" 2>&1
	set -- $(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$dir/out")
	passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1})) skipped=$((skipped + ${3:-0}))
	[ "${2:-1}" -eq 0 ] || cat "$dir/out"
}

# --- it can fail --------------------------------------------------------------------------------

# Each loop runs 40 times; what is wrong is in the middle of it. `sys N` is a system call.
program() { # NAME
	{
		cat <<'ASM'
	.explicit
	.global _start
_start:	alloc r2 = ar.pfs, 0, 0, 8, 0
	mov r20 = 1
	movl r14 = buffer ;;
	mov r15 = 40
	mov r17 = -1
	mov ar.lc = 39
	mov r18 = r14 ;;
1:	add r20 = r20, r15 ;;
	xor r21 = r20, r15 ;;
ASM
		cat
		cat <<'ASM'
	;;
	adds r15 = -1, r15
	br.cloop.sptk 1b ;;
	mov r32 = 0
	mov r15 = 1025 ;;
	break 0x100000 ;;
	.data
	.balign 4096
	.skip 4096			// not the fast TLB entry of the code
buffer:	.skip 512
ASM
	} >"$dir/$1.s"
	ia64-linux-gnu-as -o "$dir/$1.o" "$dir/$1.s" && ia64-linux-gnu-ld -static -o "$dir/$1" "$dir/$1.o"
}

# The instruction is marked, and the state that differs is shown.
finds() { # NAME BUG INSTRUCTION STATE
	"$build/epixen-user" --engine verify "$dir/$1" >"$dir/out" 2>&1 &&
		grep -q '^verify: [0-9]* slots in [0-9]* runs compared, [0-9.]* % of' "$dir/out"
	check "$1 without a bug"
	EPIXEN_BROKEN=$2 "$build/broken/epixen-user" --engine verify "$dir/$1" >"$dir/out" 2>&1
	[ $? -ne 0 ] && grep -q "^ > [0-9a-f]*\.[0-2]  $3" "$dir/out" && grep -q "$4" "$dir/out" &&
		{ [ "$2" = stray ] || grep -q '^code [0-9]* bytes: ' "$dir/out"; }
	check "$1 with the bug '$2'"
}

if command -v ia64-linux-gnu-as >/dev/null; then
	program wrong_value <<'EOT'
	st8 [r14] = r20
	sub r22 = r20, r21
EOT
	finds wrong_value value 'sub r22=r20,r21' '^  r22  *[0-9a-f]\{16\}  *[0-9a-f]\{16\}  *[0-9a-f]\{16\}$'
	program predicated_value <<'EOT'
	tbit.nz p6, p7 = r20, 3 ;;
	(p6) sub r22 = r20, r21
	(p7) add r22 = r20, r21 ;;
	add r23 = r23, r22
EOT
	finds predicated_value value '(p06) sub r22=r20,r21' '^  r22 '
	program wide_store <<'EOT'
	st4 [r14] = r17
	ld8 r23 = [r18]
EOT
	finds wide_store store 'st4 \[r14\]=r17' '^  RAM at 0x'
	program lost_store <<'EOT'
	adds r24 = 16, r14
	st8 [r14] = r20 ;;		// enters the translation
	st2 [r24] = r20
EOT
	finds lost_store lost 'st2 \[r24\]=r20' '^  RAM at 0x'
	program missing_fault <<'EOT'
	cmp.eq p6, p0 = 3, r15 ;;
	.pred.rel "mutex", p6, p7
	(p6) br.cond.spnt 2f
	;;
	.section .text.last, "ax"
2:	mov r41 = r20 ;;
	.text
EOT
	EPIXEN_BROKEN=fault "$build/broken/epixen-user" --engine verify "$dir/missing_fault" >"$dir/out" 2>&1
	[ $? -eq 137 ] && grep -q '^ > [0-9a-f]*\.[0-2]  mov r41=r20' "$dir/out" &&
		grep -q '^  fault ' "$dir/out"
	check "a missing fault"
	"$build/epixen-user" --engine verify "$dir/missing_fault" >"$dir/out" 2>&1
	[ $? -eq 132 ]
	check "a fault without a bug"
	program stray_store <<'EOT'
	fc r14
EOT
	EPIXEN_BROKEN=stray "$build/broken/epixen-user" --engine verify "$dir/stray_store" >"$dir/out" 2>&1
	[ $? -ne 0 ] && grep -q '^a stray store in the last [0-9]* slots: RAM at 0x3fffffff0' "$dir/out"
	check "a stray store"
else
	skip "broken translators" "ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
fi

config() { # VCPUS KEY...
	cat >"$dir/linux.cfg" <<END
name = "verified"
type = "hvm"
memory = 512
vcpus = $1
engine = "verify"
kernel = "$kernel"
ramdisk = "$ramdisk"
extra = 'console=ttyS0 run="echo hello world"'
$2
END
}

start() { # PROGRAM
	timeout 600 "$1" create -c "$dir/linux.cfg" >"$dir/console" 2>"$dir/out" </dev/null
}

boots() { # VCPUS
	config "$1"
	start "$epixen" && grep -aq '^hello world' "$dir/console" &&
		grep -q '^verify: [0-9]* slots in [0-9]* runs compared, [0-9.]* % of' "$dir/out"
}

processors=1
[ "$size" = long ] && processors="1 2 4"
if [ -e "$kernel" ] && [ -e "$ramdisk" ]; then
	config 1 'on_crash = "destroy"'
	EPIXEN_BROKEN=value start "$build/broken/epixen"
	[ $? -eq 1 ] && grep -q 'crashed on vCPU 0: translated code and the interpreter differ' "$dir/out" &&
		grep -q '^ > [0-9a-f]*\.[0-2]  .*sub r' "$dir/out" && grep -q 'r001 [0-9a-f]\{16\}' "$dir/out"
	check "Linux with the bug 'value'"
	config 1 'clock = "real"'
	"$epixen" create -p "$dir/linux.cfg" >"$dir/out" 2>&1 && "$epixen" destroy verified &&
		grep -q "engine 'verify' runs with clock 'virtual'" "$dir/out"
	check "a clock that cannot be"

	# --- it does not ------------------------------------------------------------------------
	for n in $processors; do
		boots "$n"
		check "Linux on $n processors"
		tail -n 9 "$dir/out"
	done
else
	skip "Linux" "$kernel or $ramdisk is not there"
fi

# A paravirtual kernel has its personality compared, too.
paravirtual() { # VCPUS [EPIXEN [VHPT]]
	cat >"$dir/pv.cfg" <<END
name = "verified"
type = "pv"
memory = 32
vcpus = $1
engine = "verify"
kernel = "guests/minios/minios.gz"
vhpt = ${3:-0}
END
	timeout 600 "${2:-$epixen}" create -c "$dir/pv.cfg" >"$dir/console" 2>"$dir/out" </dev/null &&
		! grep -q '^not ok' "$dir/console" &&
		grep -q '^verify: [0-9]* slots in [0-9]* runs compared' "$dir/out"
}
(export EPIXEN_BROKEN=value && ! paravirtual 1 "$build/broken/epixen") &&
	grep -q 'translated code and the interpreter differ' "$dir/out"
check "minios with the bug 'value'"
paravirtual 1 "$epixen" 18
check "minios with a VHPT of its own size"
for n in $processors; do
	paravirtual "$n"
	check "minios on $n processors"
done
if [ -e "${PV_KERNEL:-}" ] && [ -e "$ramdisk" ]; then
	config 2 'type = "pv"'
	sed -i "s|^kernel.*|kernel = \"$PV_KERNEL\"|; s/ttyS0/hvc0/; s/^type = \"hvm\"//" "$dir/linux.cfg"
	start "$epixen" && grep -aq '^hello world' "$dir/console"
	check "paravirtual Linux"
else
	skip "paravirtual Linux" "PV_KERNEL names no kernel"
fi

ENGINES=verify
export ENGINES
add sh tests/insn/run-insn.sh
add sh tests/user/run-user.sh
if [ "$size" = long ]; then
	add env SIZE=short sh tests/guest/run-guest.sh
	add env RUNNER="$build/epixen-user --engine verify" LINUX=no sh tests/torture/run-torture.sh
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
