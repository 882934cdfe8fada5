# Fuzzing of everything that reads what comes from outside: fuzz/README.md. `make fuzz SECONDS=n` gives each target so many
# seconds under libFuzzer; the corpus runs in `make test`, by the ordinary compiler.

FUZZ_CC   ?= clang
FUZZ_CXX  ?= clang++
FUZZ_JOBS ?= 1
SECONDS   ?= 60
# float-cast-overflow: of a number that somebody's file holds it is as bad as any other overflow.
FUZZ_SANITIZERS := -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow -fno-sanitize-recover=all

FUZZ_OBJECTS := $(call object,$(filter-out fuzz/libfuzzer.c fuzz/suite.c fuzz/seeds.c fuzz/text_seeds.c,$(wildcard fuzz/*.c)))
FUZZ_NAMES   := $(sort $(shell sed -nE 's/^int fuzz_([a-z]+).*/\1/p' fuzz/targets.h))

# What commands do once they have understood their arguments is put aside (fuzz/arguments.c).
comma := ,
FUZZ_WRAP := $(addprefix -Wl$(comma)--wrap=,exit argp_error argp_parse session_begin bench_repeat bench_limits regress_build \
               report_write report_write_claims report_store_merge)

# The command's main() by another name.
$(BUILD)/fuzz/assay_main.o: $(BUILD)/cli/main.c.o
	@mkdir -p $(@D)
	@objcopy --redefine-sym main=assay_main $< $@

FUZZ_LINKED := $(FUZZ_OBJECTS) $(filter-out $(BUILD)/cli/main.c.o,$(call object,$(wildcard cli/*.c))) $(BUILD)/fuzz/assay_main.o

$(BUILD)/fuzz/%.c.o: FLAGS_EXTRA = -DASSAY_SOURCE='"$(CURDIR)"'

$(BUILD)/fuzz-tests: $(BUILD)/fuzz/suite.c.o $(FUZZ_LINKED) $(BUILD)/libassay-harness.a $(BUILD)/libassay.a
	$(QUIET_LD)$(CXX) $(EXTRA) -fopenmp -o $@ $< $(FUZZ_LINKED) $(FUZZ_WRAP) \
	  $(call whole,$(BUILD)/libassay-harness.a $(BUILD)/libassay.a) $(HARNESS_LIBS)

FUZZ_SEEDS := $(call object,fuzz/seeds.c fuzz/text_seeds.c)

$(BUILD)/fuzz-seeds: $(FUZZ_SEEDS) $(FUZZ_LINKED) $(BUILD)/libassay-harness.a $(BUILD)/libassay.a
	$(QUIET_LD)$(CXX) $(EXTRA) -fopenmp -o $@ $(FUZZ_SEEDS) $(FUZZ_LINKED) $(FUZZ_WRAP) \
	  $(call whole,$(BUILD)/libassay-harness.a $(BUILD)/libassay.a) $(HARNESS_LIBS)

# One program, of which each target is a name.
$(BUILD)/fuzz-all: $(BUILD)/fuzz/libfuzzer.c.o $(FUZZ_LINKED) $(BUILD)/libassay-harness.a $(BUILD)/libassay.a
	$(QUIET_LD)$(CXX) $(subst fuzzer-no-link,fuzzer,$(EXTRA)) -fopenmp -o $@ $< $(FUZZ_LINKED) $(FUZZ_WRAP) \
	  $(call whole,$(BUILD)/libassay-harness.a $(BUILD)/libassay.a) $(HARNESS_LIBS)
	@for name in $(FUZZ_NAMES); do ln -sf fuzz-all $(@D)/fuzz-$$name; done

-include $(patsubst %.o,%.d,$(FUZZ_OBJECTS) $(call object,fuzz/libfuzzer.c fuzz/suite.c) $(FUZZ_SEEDS))

.PHONY: fuzz fuzz-build fuzz-seeds
fuzz-build:
	@$(MAKE) BUILD=$(BUILD)/fuzzing MPI=0 CC='$(FUZZ_CC)' CXX='$(FUZZ_CXX)' EXTRA='$(FUZZ_SANITIZERS)' \
	  OPTIMIZED_FLAGS='-O1 -Wno-pass-failed' REFERENCE_FLAGS=-O1 HARNESS_FLAGS=-O1 $(BUILD)/fuzzing/fuzz-all

fuzz: ## fuzz every reader and the command line: SECONDS=60 each, FUZZ_JOBS=1 at a time, T='npy csv' for some
	@if ! command -v $(lastword $(FUZZ_CC)) >/dev/null; then echo 'skipped: needs clang'; \
	 elif ! ls $$($(lastword $(FUZZ_CC)) -print-resource-dir)/lib/linux/libclang_rt.fuzzer-*.a >/dev/null 2>&1; then \
	   echo 'skipped: needs libclang-rt-14-dev (libFuzzer)'; \
	 else $(MAKE) --no-print-directory fuzz-build && fuzz/run.sh $(BUILD)/fuzzing $(SECONDS) $(FUZZ_JOBS) $(or $(T),$(FUZZ_NAMES)); fi

fuzz-seeds: $(BUILD)/fuzz-seeds ## write the seeds of fuzz/corpus anew
	$(BUILD)/fuzz-seeds fuzz/corpus
