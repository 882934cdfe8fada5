# assay: build, verify, measure, report. `make help` explains the targets.
#
# Everything is built under $(BUILD); adding files to reference/, optimized/, verify/ or bench/ adds an algorithm.

BUILD   ?= build
# make has defaults of its own for these, which ?= would keep.
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := g++
endif
VERSION := 0.1.0
SOVERSION := 0
prefix  ?= /usr/local

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)
# Numbers in files and random streams are read as they lie in memory (include/assay/status.h says the same to whoever
# compiles against the headers).
BYTE_ORDER := $(shell $(CC) -dM -E -x c /dev/null 2>/dev/null | awk '$$2 == "__BYTE_ORDER__" {print $$3}')
ifeq ($(BYTE_ORDER),__ORDER_BIG_ENDIAN__)
$(error $(ARCH) is a big-endian machine; assay is for little-endian ones (x86-64, AArch64, ...). Choose another compiler by CC)
endif
MPI  ?= $(shell pkg-config --exists ompi-c 2>/dev/null && echo 1 || echo 0)

# ---- Flags -----------------------------------------------------------------------------------------------------------
# EXTRA is for whoever builds: make EXTRA=-fsanitize=address BUILD=build/asan.
# Tables leave out members that are zero, hence no -Wmissing-field-initializers.
WARNINGS := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wno-missing-field-initializers
COMMON   := -g -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -fopenmp -D_GNU_SOURCE \
            -Iinclude -I. -I$(BUILD) -MMD -MP $(EXTRA)
C_FLAGS  := -std=c17 $(WARNINGS) $(COMMON)
CXX_FLAGS := -std=c++17 -Wall -Wextra -Werror -O2 $(COMMON)

# The reference is what it says: scalar, not vectorised behind our back. Optimized files name their instruction set by
# suffix, and everything else runs on any CPU of the architecture.
REFERENCE_FLAGS := -O2 -fno-tree-vectorize -fno-tree-slp-vectorize
OPTIMIZED_FLAGS := -O3
HARNESS_FLAGS   := -O2
ifeq ($(ARCH),x86_64)
AVX2_FLAGS   := -mavx2 -mfma -mbmi2 -mf16c -mtune=haswell
AVX512_FLAGS := $(AVX2_FLAGS) -mavx512f -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512 -mtune=skylake-avx512
endif

LIB_LIBS     := -llapacke -lopenblas -lfftw3 -lfftw3f -lm
HARNESS_LIBS := $(LIB_LIBS) -lglpk -lmpfr -lgmp -lcheck_pic -lsubunit -lrt -lsqlite3 -ljansson -lbenchmark -lopenblas -lm -lstdc++ -lpthread
# What only the collection's oracles and peers need; the installed harness does without.
PEER_LIBS    := -lsleef $(if $(filter x86_64,$(ARCH)),-lmvec)
include mk/libraries.mk

# ---- Files -----------------------------------------------------------------------------------------------------------
find_sources = $(filter-out $(if $(AVX512_FLAGS),,%_avx512.c %_avx512.cc),$(wildcard $(1)))
LIB_SOURCES     := $(call find_sources,core/*.c reference/*/*.c optimized/*/*.c)
HARNESS_SOURCES := $(call find_sources,verify/*.c bench/*.c bench/*.cc reports/*.c)
COMMAND_SOURCES := $(call find_sources,cli/*.c verify/*/*.c verify/*/*.cc bench/*/*.c bench/*/*.cc)
TEST_SOURCES    := $(call find_sources,tests/*.c)

object = $(addprefix $(BUILD)/,$(addsuffix .o,$(1)))
LIB_OBJECTS     := $(call object,$(LIB_SOURCES))
HARNESS_OBJECTS := $(call object,$(HARNESS_SOURCES))
COMMAND_OBJECTS := $(call object,$(COMMAND_SOURCES))
TEST_OBJECTS    := $(call object,$(TEST_SOURCES))

.PHONY: all
all: $(BUILD)/libassay.a $(BUILD)/libassay.so $(BUILD)/libassay-harness.a $(BUILD)/assay ## build the libraries and the assay command

# ---- Rules -----------------------------------------------------------------------------------------------------------
layer_flags = $(if $(filter reference/%,$(1)),$(REFERENCE_FLAGS),$(if $(filter optimized/%,$(1)),$(OPTIMIZED_FLAGS),$(HARNESS_FLAGS)))
isa_flags   = $(if $(filter %_avx512.c %_avx512.cc,$(1)),$(AVX512_FLAGS),$(if $(filter %_avx2.c %_avx2.cc,$(1)),$(AVX2_FLAGS)))

$(BUILD)/%.c.o: %.c $(BUILD)/flags | $(BUILD)/build_facts.h
	@mkdir -p $(@D)
	$(QUIET_CC)$(CC) $(C_FLAGS) $(call layer_flags,$<) $(call isa_flags,$<) $(FLAGS_EXTRA) -c $< -o $@

$(BUILD)/%.cc.o: %.cc $(BUILD)/flags | $(BUILD)/build_facts.h
	@mkdir -p $(@D)
	$(QUIET_CC)$(CXX) $(CXX_FLAGS) $(call isa_flags,$<) -c $< -o $@

# Revision and flags, rewritten only when they change so that nothing is rebuilt in vain.
$(BUILD)/build_facts.h: FORCE
	@mkdir -p $(@D)
	@revision=$$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown); \
	 [ -z "$$(git status --porcelain 2>/dev/null)" ] || revision=$$revision-dirty; \
	 printf '#define ASSAY_VERSION "%s"\n#define ASSAY_REVISION "%s"\n#define ASSAY_FLAGS "%s"\n' \
	   '$(VERSION)' "$$revision" '$(strip $(OPTIMIZED_FLAGS) -ffp-contract=off $(EXTRA))' > $@.new; \
	 if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
FORCE:

# Compilers and flags, a line each, so that everything is compiled again when they change.
flags_in_force = $(C_FLAGS) $(CXX_FLAGS) $(REFERENCE_FLAGS) $(OPTIMIZED_FLAGS) $(HARNESS_FLAGS) $(AVX2_FLAGS) $(AVX512_FLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC)' '$(CXX)' '$(subst ','\'',$(strip $(subst -I$(BUILD),,$(flags_in_force))))' > $@.new; \
	 if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The names of the sources, so that what was linked is linked again when a file is added or removed.
$(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(LIB_SOURCES) $(HARNESS_SOURCES) $(COMMAND_SOURCES) > $@.new; \
	 if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/libassay.a: $(LIB_OBJECTS) $(BUILD)/sources
	$(QUIET_AR)rm -f $@ && $(AR) rcs $@ $(LIB_OBJECTS)

$(BUILD)/libassay.so: $(LIB_OBJECTS) $(BUILD)/sources
	$(QUIET_LD)$(CC) -shared -Wl,-soname,libassay.so.$(SOVERSION) -Wl,--no-undefined $(EXTRA) $(LDFLAGS) -fopenmp -o $@ $(LIB_OBJECTS) $(LIB_LIBS)
	@ln -sf libassay.so $(BUILD)/libassay.so.$(SOVERSION)

$(BUILD)/libassay-harness.a: $(HARNESS_OBJECTS) $(BUILD)/sources
	$(QUIET_AR)rm -f $@ && $(AR) rcs $@ $(HARNESS_OBJECTS)

# Algorithms register themselves by being linked, so the archives are linked whole.
whole = -Wl,--whole-archive $(1) -Wl,--no-whole-archive

$(BUILD)/assay: $(COMMAND_OBJECTS) $(BUILD)/libassay-harness.a $(BUILD)/libassay.a
	$(QUIET_LD)$(CC) $(EXTRA) $(LDFLAGS) -fopenmp -o $@ $(COMMAND_OBJECTS) $(call whole,$(BUILD)/libassay-harness.a $(BUILD)/libassay.a) $(PEER_LIBS) $(HARNESS_LIBS)

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(HARNESS_OBJECTS) $(COMMAND_OBJECTS) $(TEST_OBJECTS))

ifeq ($(V),)
QUIET_CC = @printf '  CC    %s\n' $<;
QUIET_AR = @printf '  AR    %s\n' $@;
QUIET_LD = @printf '  LINK  %s\n' $@;
endif

# Each further fragment is one topic: tests.mk, quality.mk (sanitize, lint, format, coverage), install.mk, ...
include $(sort $(filter-out mk/libraries.mk,$(wildcard mk/*.mk)))

.PHONY: clean
clean: ## remove build/ and reports/out/
	rm -rf $(BUILD) reports/out

.PHONY: help
help: ## this text
	@awk -F':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
