# SPDX-License-Identifier: MIT
# GNU make. Everything that is built goes to $(BUILD); the source tree stays clean.
#   make              build/epixen          make V=1       show the commands
#   make MODE=asan    build/asan/epixen     (asan, ubsan, tsan)

MODE  ?=
BUILD ?= build$(if $(MODE),/$(MODE))
CC    := gcc
IA64  := ia64-linux-gnu-

CFLAGS_asan  := -fsanitize=address -fno-omit-frame-pointer
CFLAGS_ubsan := -fsanitize=undefined -fno-sanitize-recover=undefined
CFLAGS_tsan  := -fsanitize=thread -fno-omit-frame-pointer
SANITIZE     := $(CFLAGS_$(MODE))

CFLAGS  := -std=gnu17 -O2 -g -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-pthread -Isrc $(SANITIZE) $(EXTRA_CFLAGS)
LDFLAGS := -pthread $(SANITIZE)
LDLIBS  := -lz -lm

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

# --- what there is -----------------------------------------------------------------------------

SRC  := $(sort $(wildcard src/*/*.c))
MAIN := src/tool/main.c
UNIT := $(sort $(wildcard tests/unit/test_*.c))
USER := $(sort $(wildcard tests/user/*.c))
FP   := $(sort $(wildcard tests/fp/*.c))

OBJ      := $(patsubst %.c,$(BUILD)/%.o,$(SRC))
LIB_OBJ  := $(filter-out $(BUILD)/$(MAIN:.c=.o),$(OBJ))
CORE_OBJ := $(filter $(foreach d,base isa mmu cpu,$(BUILD)/src/$(d)/%),$(OBJ))
USER_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(USER))
FP_OBJ   := $(patsubst %.c,$(BUILD)/%.o,$(FP))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT))

# --- building ----------------------------------------------------------------------------------

.PHONY: all
all: $(BUILD)/epixen

$(BUILD)/epixen: $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(OBJ) $(LDLIBS)

$(BUILD)/%.o: %.c
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(LIB_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lmpfr -lgmp $(LDLIBS)

# The runner of static Linux/ia64 programs: tests/user/process.h.
$(BUILD)/epixen-user: $(USER_OBJ) $(CORE_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Random floating-point instructions against MPFR: tests/fp/fptest.c.
$(BUILD)/fptest: $(FP_OBJ) $(CORE_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lmpfr -lgmp $(LDLIBS)

-include $(OBJ:.o=.d) $(USER_OBJ:.o=.d) $(FP_OBJ:.o=.d) $(UNIT_BIN:=.d)
.SECONDARY:

# --- checking ----------------------------------------------------------------------------------

.PHONY: unit check check-long asan ubsan tsan
unit: $(UNIT_BIN)

check: all unit $(BUILD)/epixen-user $(BUILD)/fptest
	$(Q)tests/run.sh $(BUILD)

check-long: all unit $(BUILD)/epixen-user $(BUILD)/fptest
	$(Q)tests/run.sh $(BUILD) long

asan ubsan tsan:
	$(Q)$(MAKE) MODE=$@ check

.PHONY: fmt run bench mutants fuzz linux clean
fmt:
	$(Q)clang-format -i $(wildcard src/*/*.[ch] tests/*/*.[ch])

run bench mutants fuzz linux:
	@echo "make $@: not possible yet" >&2; exit 2

clean:
	rm -rf build
