# SPDX-License-Identifier: MIT
# GNU make. Everything that is built goes to $(BUILD); the source tree stays clean.
#   make                    build/epixen
#   make run                boot the default guest
#   make check              the test suite; check-long: all of it
#   make asan ubsan tsan    the suite under a sanitizer, in build/asan ...
#   make bench              the speed table; bench-check: against the baseline
#   make V=1                show the commands
# A new source file is one word in its directory's list below.

MODE  ?=
BUILD ?= build$(if $(MODE),/$(MODE))
CC    := $(if $(filter fuzz,$(MODE)),clang,gcc)
IA64  := ia64-linux-gnu-
# Kernels and toolchain of the project's testers; tests that need them say so when it is absent.
SHARED ?= ../shared

CFLAGS_asan  := -fsanitize=address -fno-omit-frame-pointer
CFLAGS_ubsan := -fsanitize=undefined -fno-sanitize-recover=undefined
CFLAGS_tsan  := -fsanitize=thread -fno-omit-frame-pointer
CFLAGS_fuzz  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -mcx16
SANITIZE     := $(CFLAGS_$(MODE)) $(if $(MODE),-DSANITIZED)

CFLAGS  := -std=gnu17 -O2 -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-pthread -Isrc $(SANITIZE) $(EXTRA_CFLAGS)
LDFLAGS := -pthread $(SANITIZE)
LDLIBS  := -lz -lseccomp -lm

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

# --- what there is -----------------------------------------------------------------------------

BASE := bus clock log packet stream text
ISA  := decode disas encode fault table
MMU  := access atomic ftlb hold journal mmu ram read_tr tlb translate vhpt
CPU  := alat broadcast cpu exec_alu exec_ar exec_branch exec_cmp exec_cr exec_fp exec_fp_misc \
	exec_fp_move exec_fp_simd exec_illegal exec_indirect exec_mem exec_mem_fp exec_mm exec_move \
	exec_psr exec_rse exec_sem exec_shift exec_system exec_table exec_tlb fp fp_convert fp_fma \
	fp_recip fp_round icache interp interrupt model pmu psr rse run sapic timer
JIT  := block cache compare dead divide emit_alu emit_branch emit_cmp emit_div emit_fp emit_mem emit_sys emit_table \
	engine epoch evict fr_form gen gen_branch gen_common gen_div gen_exit gen_fp gen_fr gen_fr_out gen_pred gen_return gen_sync gen_value \
	jitdump nat pass print propagate rotate share stats translate verify verify_ram verify_report x86
DEV  := acpi_pm ioport iosapic pci_host pib platform uart
FW   := acpi blob build dsdt efi efi_map efi_table efi_time fw guest hcdp init pal pal_cache sal \
	smbios start variable
HV   := dom_fw dom_fw_call event export grant grant_map grant_op hv hypercall memory peer peer_grant pv_deliver pv_hyperprivop pv_page \
	pv_privop pv_psr pv_state pv_tlb pv_vector sched vcpu_op version xencomm
BACK := block block_abi block_file block_nbd block_request block_work net net_frame net_packet ring shared_ring store_client store_ring store_watches xenbus xenbus_bus
DOMAIN := backend backtrace build client config console control dump dump_pv handover hvm io janitor kernel kernel_elf kernel_note life main match pv \
	sandbox stat state stop unwind vcpu
DAEMON := disk line listen loop main match stream
STORE := admin change command conn path perm record request restrict store tree tx watch wire
TOOL := attach cfg cpus cmd_console cmd_create cmd_destroy cmd_dump_state cmd_env cmd_help cmd_list cmd_mem_set \
	cmd_pause cmd_reboot cmd_restore cmd_save cmd_shutdown cmd_stat cmd_sysrq cmd_unpause cmd_vcpu_set control \
	disk disk_helper disk_open epixend guest launch registry settings start verbs vif vif_open xenstore
MAIN := src/tool/main
# Programs beside epixen, for what needs more libraries; built where those are.
HELPER := nbd slirp

UNIT := acpi alat block block_nbd branch codecache config decode disk dom_fw efi exec_int fp fw hold hv hv_answers hv_vcpu hypercall interrupt iosapic kernel manual match mem mmu net \
	passes peer platform \
	pv_deliver pv_hyperprivop pv_privop pv_state pv_tlb \
	ram rows rse sandbox sapic semaphore shared_ring store_ring store_tx store_watch store_wire stream system tlb uart unwind verify vif xenbus

# Those that run guest code, which they do on each engine.
RUNNING := branch efi fw interrupt manual pv_deliver pv_hyperprivop pv_privop pv_state pv_tlb rows system

# Programs that tests run, from tests/DIRECTORY/*.c.
USER    := load main run space syscall
FPTEST  := code fptest moves operand oracle
ISATEST := isatest
JITTEST := count jittest program structure world
BROKEN  := emit_alu2 emit_store ir_target exec_fc
AUDIT   := alat branch exec_int interrupt manual mem rse system
FUZZ    := block config control guest hypercall insn kernel net peer pv ring state store unwind

MONITOR := console firmware prompt selftest start

CORE_SRC := $(BASE:%=src/base/%) $(ISA:%=src/isa/%) $(MMU:%=src/mmu/%) $(CPU:%=src/cpu/%) \
	$(JIT:%=src/jit/%)
LIB_SRC  := $(CORE_SRC) $(STORE:%=src/store/%) $(DEV:%=src/dev/%) $(FW:%=src/fw/%) $(HV:%=src/hv/%) \
	$(BACK:%=src/back/%) $(DOMAIN:%=src/domain/%) $(DAEMON:%=src/daemon/%) $(TOOL:%=src/tool/%)

CORE_OBJ    := $(CORE_SRC:%=$(BUILD)/%.o)
LIB_OBJ     := $(LIB_SRC:%=$(BUILD)/%.o)
HELPER_OBJ  := $(HELPER:%=$(BUILD)/src/helper/%.o)
HELPER_BIN  := $(BUILD)/epixen-net $(if $(wildcard /usr/include/libnbd.h),$(BUILD)/epixen-nbd)
MAIN_OBJ    := $(MAIN:%=$(BUILD)/%.o)
USER_OBJ    := $(USER:%=$(BUILD)/tests/user/%.o)
FPTEST_OBJ  := $(FPTEST:%=$(BUILD)/tests/fp/%.o)
ISATEST_OBJ := $(ISATEST:%=$(BUILD)/tests/isa/%.o)
JITTEST_OBJ := $(JITTEST:%=$(BUILD)/tests/jit/%.o)
UNIT_BIN    := $(UNIT:%=$(BUILD)/tests/unit/test_%)
ON_ENGINE   := $(BUILD)/tests/unit/on_interp.o $(BUILD)/tests/unit/on_jit.o $(BUILD)/tests/unit/on_verify.o
JIT_BIN     := $(RUNNING:%=$(BUILD)/tests/unit-jit/test_%)
# branch runs code that it has rewritten and not flushed
VERIFY_BIN  := $(patsubst %,$(BUILD)/tests/unit-verify/test_%,$(filter-out branch,$(RUNNING)))
TEST_BIN    := $(BUILD)/epixen-user $(BUILD)/fptest $(BUILD)/isatest $(BUILD)/jittest \
	$(BUILD)/x86test
AUDIT_BIN   := $(AUDIT:%=$(BUILD)/audit/test_%) $(BUILD)/audit/epixen-user
BROKEN_BIN  := $(BUILD)/broken/epixen $(BUILD)/broken/epixen-user
GUESTS      := $(BUILD)/guests/monitor.elf

# --- building ----------------------------------------------------------------------------------

.PHONY: all guests tests
all: $(BUILD)/epixen $(HELPER_BIN)
guests: $(GUESTS)
tests: all guests $(UNIT_BIN) $(JIT_BIN) $(VERIFY_BIN) $(TEST_BIN) $(AUDIT_BIN) $(BROKEN_BIN)

# Packages that are missing are installed, or named (tests/deps.sh).
BUILD_DEPS := build/.deps-build
CHECK_DEPS := build/.deps-check
build/.deps-%: tests/deps.sh
	$(Q)tests/deps.sh $*
	$(Q)mkdir -p build && touch $@

link = $(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^)

$(BUILD)/epixen: $(MAIN_OBJ) $(LIB_OBJ)
	$(call say,LINK,$@)
	$(link) $(LDLIBS)

$(BUILD)/epixen-nbd: $(BUILD)/src/helper/nbd.o $(BASE:%=$(BUILD)/src/base/%.o) $(BUILD)/src/domain/sandbox.o
	$(call say,LINK,$@)
	$(link) -lnbd $(LDLIBS)

$(BUILD)/epixen-net: $(BUILD)/src/helper/slirp.o
	$(call say,LINK,$@)
	$(link) -lslirp -lseccomp

$(BUILD)/%.o: %.c | $(BUILD_DEPS)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# TSan leaves out what works on its own processor's registers only: all of it would make a guest
# with several processors too slow to serve its own timer ticks.
REGISTERS_ONLY := exec_alu exec_branch exec_cmp exec_fp exec_fp_misc exec_fp_move exec_fp_simd \
	exec_mm exec_move exec_shift fp fp_convert fp_fma fp_recip fp_round interp
ifeq ($(MODE),tsan)
$(REGISTERS_ONLY:%=$(BUILD)/src/cpu/%.o): CFLAGS += -fno-sanitize=thread
endif

$(UNIT_BIN): %: %.o $(BUILD)/tests/unit/on_interp.o $(LIB_OBJ)
	$(call say,LINK,$@)
	$(link) -lcmocka $(LDLIBS)

$(JIT_BIN): $(BUILD)/tests/unit-jit/%: $(BUILD)/tests/unit/%.o $(BUILD)/tests/unit/on_jit.o $(LIB_OBJ)
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)
	$(link) -lcmocka $(LDLIBS)

$(VERIFY_BIN): $(BUILD)/tests/unit-verify/%: $(BUILD)/tests/unit/%.o $(BUILD)/tests/unit/on_verify.o $(LIB_OBJ)
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)
	$(link) -lcmocka $(LDLIBS)

$(BUILD)/epixen-user: $(USER_OBJ) $(CORE_OBJ)
	$(call say,LINK,$@)
	$(link)

$(BUILD)/fptest: $(FPTEST_OBJ) $(CORE_OBJ)
	$(call say,LINK,$@)
	$(link) -lmpfr -lgmp

$(BUILD)/jittest: $(JITTEST_OBJ) $(CORE_OBJ) $(BUILD)/audit/wrap
	$(call say,LINK,$@)
	$(link) @$(BUILD)/audit/wrap

$(BUILD)/x86test: $(BUILD)/tests/jit/x86test.o $(BUILD)/src/jit/x86.o
	$(call say,LINK,$@)
	$(link)

$(BUILD)/isatest: $(ISATEST_OBJ) $(CORE_OBJ)
	$(call say,LINK,$@)
	$(link)

$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/domain.o $(LIB_OBJ)
	$(call say,LINK,$@)
	$(link) -fsanitize=fuzzer $(LDLIBS)

# The same programs, in which any row can be told to do nothing: tests/audit.
$(BUILD)/audit/wrap: src/isa/ops.def
	$(Q)mkdir -p $(@D)
	$(Q)sed -n 's/^OP(\([a-z0-9_]*\),.*/-Wl,--wrap=exec_\1/p' $< >$@

$(AUDIT:%=$(BUILD)/audit/test_%): $(BUILD)/audit/test_%: $(BUILD)/tests/unit/test_%.o \
		$(BUILD)/tests/unit/on_interp.o $(LIB_OBJ)
$(BUILD)/audit/epixen-user: $(USER_OBJ) $(CORE_OBJ)
$(AUDIT_BIN): $(BUILD)/tests/audit/broken.o $(BUILD)/audit/wrap
	$(call say,LINK,$@)
	$(link) @$(BUILD)/audit/wrap -lcmocka $(LDLIBS)

# The same with a translator that has bugs: tests/jit/run-verify.sh.
$(BUILD)/broken/epixen: $(MAIN_OBJ) $(LIB_OBJ)
$(BUILD)/broken/epixen-user: $(USER_OBJ) $(CORE_OBJ)
$(BROKEN_BIN): $(BUILD)/tests/jit/broken.o
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(link) $(BROKEN:%=-Wl,--wrap=%) $(LDLIBS)

# What tests are made of needs more packages than the program itself.
$(UNIT_BIN:=.o) $(ON_ENGINE) $(USER_OBJ) $(FPTEST_OBJ) $(ISATEST_OBJ) $(JITTEST_OBJ) \
	$(BUILD)/tests/jit/x86test.o: | $(CHECK_DEPS)

$(BUILD)/guests/monitor/%.o: guests/monitor/%.s guests/monitor/macros.s | $(BUILD_DEPS)
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(IA64)as -Iguests/monitor -o $@ $<

$(BUILD)/guests/monitor.elf: $(MONITOR:%=$(BUILD)/guests/monitor/%.o) guests/monitor/monitor.lds
	$(call say,LD,$@)
	$(Q)$(IA64)ld --no-warn-rwx-segments -T guests/monitor/monitor.lds -o $@ $(filter %.o,$^)

OBJ := $(LIB_OBJ) $(MAIN_OBJ) $(HELPER_OBJ) $(UNIT_BIN:=.o) $(ON_ENGINE) $(USER_OBJ) $(FPTEST_OBJ) $(ISATEST_OBJ) \
	$(BUILD)/tests/audit/broken.o $(BUILD)/tests/jit/broken.o $(JITTEST_OBJ) $(BUILD)/tests/jit/x86test.o \
	$(FUZZ:%=$(BUILD)/tests/fuzz/fuzz_%.o) $(BUILD)/tests/fuzz/domain.o
-include $(OBJ:.o=.d)
.SECONDARY:
.DELETE_ON_ERROR:

# --- running -----------------------------------------------------------------------------------

.PHONY: run linux minios bench bench-check bench-baseline
run: all guests
	$(Q)$(BUILD)/epixen create -c examples/monitor.cfg kernel=$(BUILD)/guests/monitor.elf

# Toolchain, kernel and initramfs from Debian's sources, into build/linux: half an hour, once.
linux:
	$(Q)guests/linux/build.sh build/linux

# The images that tests run, from its source, with the compiler of SHARED/toolchain.
minios:
	$(Q)guests/minios/build.sh "$$(tests/toolchain.sh $(SHARED))" $(BUILD)/minios
	$(Q)gzip -9nc $(BUILD)/minios/minios.elf >guests/minios/minios.gz
	$(Q)gzip -9nc $(BUILD)/minios/big.elf >guests/minios/big.gz

# Five rounds or ROUNDS; QUICK=1 is one short one; INTO=docs/speed.md replaces its table. COREMARK names
# its sources, SKI its command, PV_KERNEL a Linux with CONFIG_XEN,
# PV_PLAIN the same without; `tests/deps.sh bench` installs the other compilers and QEMU.
bench: all $(BUILD)/epixen-user
	$(Q)bench/bench.py --build $(BUILD) --shared $(SHARED) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(QUICK),--quick) $(if $(INTO),--into $(INTO))

# Fails on a loss of more than 15 % against bench/baseline.json, which the other rewrites.
bench-check: all $(BUILD)/epixen-user
	$(Q)bench/check.py --build $(BUILD) --shared $(SHARED)
bench-baseline: all $(BUILD)/epixen-user
	$(Q)bench/check.py --build $(BUILD) --shared $(SHARED) --write

# --- checking ----------------------------------------------------------------------------------

.PHONY: check check-long asan ubsan tsan mutants fuzz fmt clean
check: tests
	$(Q)SHARED=$(SHARED) tests/run.sh $(BUILD)

check-long: tests
	$(Q)SHARED=$(SHARED) tests/run.sh $(BUILD) long

asan ubsan tsan:
	$(Q)$(MAKE) MODE=$@ check

# 30 broken rows, or MUTANTS; others with SEED.
mutants: | $(CHECK_DEPS)
	$(Q)tests/mutants/run.sh build/mutants -n $(or $(MUTANTS),30) -s $(or $(SEED),1)

# One minute each, or SECONDS_EACH.
ifeq ($(MODE),fuzz)
fuzz: $(FUZZ:%=$(BUILD)/fuzz_%)
	$(Q)tests/fuzz/run.sh $(BUILD) $(FUZZ)
else
fuzz: | build/.deps-fuzz
	$(Q)$(MAKE) MODE=fuzz fuzz
endif

fmt:
	$(Q)clang-format -i $(sort $(wildcard src/*/*.[ch] tests/*/*.[ch] bench/*/*.[ch]))

clean:
	rm -rf build
