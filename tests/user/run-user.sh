#!/bin/sh
# SPDX-License-Identifier: MIT
# The user runner itself: start-up, system calls, faults as signals, bad input. Each program exits
# with the expected status; expected texts are in the calls of `expect`. ENGINES names the engines, each
# of which runs everything: "interp jit" by default.
cd "$(dirname "$0")/../.." || exit 1
runner=${BUILD:-build}/epixen-user
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0
if ! command -v ia64-linux-gnu-as >/dev/null; then
	echo "SKIP user: ia64-linux-gnu-as is missing (package binutils-ia64-linux-gnu)"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi

# Assembles standard input to $dir/$1; `sys N` is a system call, `exit_if P, N` ends the program.
program() { # NAME
	{
		cat <<'ASM'
	.explicit
	.macro sys number
	mov r15 = \number ;;
	break 0x100000 ;;
	.endm
	.macro exit_if p, status
	(\p) mov r32 = \status
	(\p) mov r15 = 1025 ;;
	(\p) break 0x100000 ;;
	.endm
	.global _start
_start:	alloc r2 = ar.pfs, 0, 0, 8, 0 ;;
ASM
		cat
		printf '\tmov r32 = 0\n\tsys 1025\n'
	} >"$dir/$1.S"
	ia64-linux-gnu-as -o "$dir/$1.o" "$dir/$1.S" && ia64-linux-gnu-ld -static -o "$dir/$1" "$dir/$1.o"
}

expect() { # NAME STATUS TEXT ARG... : TEXT is a pattern that stdout and stderr must match
	name=$1 status=$2 text=$3
	shift 3
	for engine in ${ENGINES:-interp jit}; do
		out=$("$runner" --engine "$engine" "$@" 2>&1 </dev/null)
		got=$?
		case $out in
		*$text*) [ $got -eq "$status" ] && passed=$((passed + 1)) && continue ;;
		esac
		failed=$((failed + 1))
		echo "FAIL $name ($engine): exit code $got, not $status; wanted '$text', got: $(echo "$out" | head -n 3)"
	done
}

program hello <<'EOT'
	movl r33 = text
	mov r32 = 1
	mov r34 = 6 ;;
	sys 1027
	cmp.ne p6, p0 = 6, r8
	cmp.ne p7, p0 = 0, r10 ;;
	exit_if p6, 2
	exit_if p7, 3
	mov r32 = 42
	sys 1236
	.data
text:	stringz "hello\n"
	.text
EOT
expect "write and exit_group" 42 hello "$dir/hello"

program stack <<'EOT'
	adds r14 = 16, r12 ;;		// argc, argv
	and r15 = 15, r14
	ld8 r16 = [r14], 16 ;;
	cmp.ne p6, p0 = 0, r15
	cmp.ne p7, p0 = 3, r16 ;;
	exit_if p6, 1
	exit_if p7, 2
	ld8 r17 = [r14], 16 ;;		// argv[1], then envp
	ld1 r18 = [r17], 1
	ld8 r20 = [r14], 8 ;;
	ld1 r19 = [r17]
	adds r14 = 8, r14
	cmp.ne p6, p0 = 'x', r18
	cmp.ne p8, p0 = 0, r20 ;;
	cmp.ne p7, p0 = 0, r19 ;;
	exit_if p6, 3
	exit_if p7, 4
1:	ld8 r21 = [r14], 8 ;;		// behind the NULL of envp: look for AT_PAGESZ
	ld8 r22 = [r14], 8
	cmp.eq p6, p7 = 6, r21
	cmp.eq p8, p0 = 0, r21 ;;
	exit_if p8, 5
	(p7) br.cond.sptk 1b ;;
	movl r23 = 16384 ;;
	cmp.ne p6, p0 = r22, r23 ;;
	exit_if p6, 6
EOT
expect "arguments and auxiliary vector" 0 "" "$dir/stack" x yz

program origin <<'EOT'
	movl r32 = name
	movl r33 = buffer
	mov r34 = 200 ;;
	sys 1092			// readlink
	cmp.ne p6, p0 = 0, r10 ;;
	exit_if p6, 1
	movl r33 = buffer ;;
	ld1 r14 = [r33] ;;
	cmp.ne p6, p0 = '/', r14 ;;
	exit_if p6, 2
	.data
name:	stringz "/proc/self/exe"
buffer:	.skip 200
	.text
EOT
expect "a relative path is absolute in /proc/self/exe" 0 "" \
	"$(realpath --relative-to=. "$dir/origin")"

program memory <<'EOT'
	mov r32 = 0			// mmap 64 KB
	movl r33 = 65536
	mov r34 = 3
	mov r35 = 0x22
	mov r36 = -1
	mov r37 = 0 ;;
	sys 1151
	cmp.ne p6, p0 = 0, r10
	mov r14 = r8
	movl r15 = 65528 ;;
	exit_if p6, 1
	add r16 = r14, r15
	mov r17 = 77 ;;
	st8 [r16] = r17
	mov r32 = r14			// mprotect read-only, then read
	movl r33 = 65536
	mov r34 = 1 ;;
	sys 1155
	ld8 r18 = [r16] ;;
	cmp.ne p6, p0 = r17, r18 ;;
	exit_if p6, 2
	mov r32 = 0 ;;			// brk
	sys 1060
	mov r20 = r8
	movl r21 = 100000 ;;
	add r32 = r20, r21 ;;
	sys 1060
	add r22 = -8, r8 ;;
	st8 [r22] = r17 ;;
	ld8 r18 = [r22] ;;
	cmp.ne p6, p0 = r17, r18 ;;
	exit_if p6, 3
	mov r32 = r14			// munmap: ld.s gives a NaT, lfetch does nothing
	movl r33 = 65536 ;;
	sys 1152
	lfetch [r16] ;;
	ld8.s r18 = [r16] ;;
	tnat.z p6, p0 = r18 ;;
	exit_if p6, 4
	ld8 r18 = [r16] ;;		// and a load is a segmentation fault
EOT
expect "mmap, mprotect, brk, munmap" 139 "Segmentation fault" "$dir/memory"

program readonly <<'EOT'
	movl r14 = _start ;;
	st8 [r14] = r0 ;;
EOT
expect "a store to text" 139 "data access rights" "$dir/readonly"

program unaligned <<'EOT'
	add r14 = -37, r12 ;;
	movl r15 = 0x1122334455667788 ;;
	st8 [r14] = r15 ;;
	ld8 r16 = [r14] ;;
	cmp.ne p6, p0 = r15, r16 ;;
	exit_if p6, 1
EOT
expect "unaligned accesses" 0 "" "$dir/unaligned"

program illegal <<'EOT'
	break 0 ;;
EOT
expect "break 0" 132 "Illegal instruction" "$dir/illegal"

program divide <<'EOT'
	break 1 ;;
EOT
expect "break 1" 136 "Floating point exception" "$dir/divide"

program fptrap <<'EOT'
	mov r14 = ar.fpsr ;;
	and r14 = -2, r14 ;;		// invalid operations trap
	mov ar.fpsr = r14 ;;
	fnorm f6 = f0 ;;
	frcpa f7, p6 = f0, f0 ;;
EOT
expect "a floating-point fault" 136 "floating-point fault" "$dir/fptrap"

program privileged <<'EOT'
	mov r14 = cr.iva ;;
EOT
expect "a privileged instruction" 132 "privileged operation" "$dir/privileged"

program unknown <<'EOT'
	sys 1500
	cmp.ne p6, p0 = -1, r10
	cmp.ne p7, p0 = 38, r8 ;;	// ENOSYS
	exit_if p6, 1
	exit_if p7, 2
EOT
expect "an unknown system call" 0 "unknown system call 1500" "$dir/unknown"

program abort <<'EOT'
	sys 1041
	mov r32 = r8
	mov r33 = 6 ;;
	sys 1053
EOT
expect "kill by SIGABRT" 134 "Aborted" "$dir/abort"

program newer <<'EOT'
	clz r14 = r12 ;;
	cmp.ne p6, p0 = 1, r14 ;;
	exit_if p6, 1
EOT
expect "clz on a processor that has it" 0 "" --cpu poulson "$dir/newer"
expect "clz on one that lacks it" 132 "illegal operation" --cpu madison "$dir/newer"

head -c 100 "$dir/hello" >"$dir/short"
: >"$dir/empty"
expect "no such file" 127 "No such file" "$dir/nothing"
expect "an empty file" 127 "not an ELF file" "$dir/empty"
expect "a truncated file" 127 "" "$dir/short"
expect "an x86 program" 127 "not a static Linux/ia64 program" /bin/sh
expect "an unknown model" 2 "usage" --cpu pentium "$dir/hello"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
