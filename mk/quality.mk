# Sanitizers, static analysis, formatting, coverage, documentation of the public headers.

C_FILES := $(LIB_SOURCES) $(filter %.c,$(HARNESS_SOURCES) $(COMMAND_SOURCES) $(TEST_SOURCES) $(wildcard fuzz/*.c)) cli/own_tree/build.c
H_FILES := $(wildcard include/assay/*.h core/*.h reference/*.h reference/*/*.h optimized/*.h optimized/*/*.h verify/*.h \
             verify/*/*.h bench/*.h bench/*/*.h reports/*.h cli/*.h tests/*.h fuzz/*.h)
EXAMPLE_FILES := $(wildcard examples/*/*.[ch])
CC_FILES := $(filter %.cc,$(HARNESS_SOURCES) $(COMMAND_SOURCES))

SANITIZED_VERIFY = verify --quick --db $(1)/sanitize.db

# ThreadSanitizer does not understand the barriers of gcc's OpenMP library. Those of LLVM's it does, with the tool library
# Archer, and that library runs what gcc compiles. Not clang: its ThreadSanitizer passes over vectors of 32 and 64 bytes.
ARCHER := $(firstword $(wildcard /usr/lib/llvm-*/lib/libarcher.so))
THREAD_SANITIZER = -fsanitize=thread -L$(dir $(ARCHER)) -Wl,--no-as-needed -lomp -Wl,--as-needed

SANITIZE_ADDRESS = $(MAKE) BUILD=$(BUILD)/asan EXTRA='-fsanitize=address,undefined -fno-sanitize-recover=undefined'

.PHONY: sanitize sanitize-address sanitize-address-verify sanitize-code sanitize-thread sanitize-valgrind
sanitize: sanitize-address sanitize-thread ## verify --quick and the self-tests under ASan+UBSan, verify under TSan

sanitize-address: sanitize-address-verify
	$(SANITIZE_ADDRESS) $(BUILD)/asan/assay-tests $(BUILD)/asan/fuzz-tests
	CK_TIMEOUT_MULTIPLIER=10 $(BUILD)/asan/assay-tests
	CK_TIMEOUT_MULTIPLIER=10 $(BUILD)/asan/fuzz-tests

sanitize-address-verify: ## verify --quick of PATTERN (default: everything) under ASan+UBSan, without the self-tests
	$(SANITIZE_ADDRESS) $(BUILD)/asan/assay
	set -f; ASSAY_TIMEOUT_SCALE=10 $(BUILD)/asan/assay $(call SANITIZED_VERIFY,$(BUILD)/asan) $(PATTERN)

sanitize-thread:
	@set -f; if [ -z "$(ARCHER)" ]; then echo 'skipped: libarcher.so (package libomp5-14) is not installed'; exit 0; fi; set -e; \
	 $(MAKE) BUILD=$(BUILD)/tsan MPI=0 EXTRA='$(THREAD_SANITIZER)' $(BUILD)/tsan/assay; \
	 OMP_TOOL_LIBRARIES=$(ARCHER) TSAN_OPTIONS='ignore_noninstrumented_modules=1 halt_on_error=1' ASSAY_TIMEOUT_SCALE=20 \
	   $(BUILD)/tsan/assay $(call SANITIZED_VERIFY,$(BUILD)/tsan) $(PATTERN)

# The quick checks of some kinds (a|b) at a level, or at several (a glob).
every_check = $(BUILD)/assay list --format json | tr '{' '\n' | \
   awk -F'"' '/"algorithm":/ {a = $$4} /"kind":"($(1))"/ && /"depth":"quick"/ {printf "%s ", a "/$(2)/" $$4}'

# The rest, oracles, laws and claims, takes as long again, and calls the same code.
sanitize-code: $(BUILD)/assay ## the agreements and rejections of verify --quick under ASan+UBSan, at every level
	@set -f; $(MAKE) --no-print-directory sanitize-address-verify PATTERN="$$($(call every_check,agreement|rejection,*))"

# valgrind knows no AVX-512, hence the level.
sanitize-valgrind: all ## verify --quick of PATTERN (default: every agreement) under valgrind at the AVX2 level; slow
	set -f; ASSAY_CPU=avx2 ASSAY_TIMEOUT_SCALE=100 ASSAY_NO_FENCES=1 valgrind -q --trace-children=yes --error-exitcode=9 \
	  --suppressions=mk/valgrind.supp \
	  --child-silent-after-fork=no $(BUILD)/assay verify --quick --db $(BUILD)/valgrind.db \
	  $(or $(PATTERN),$$($(call every_check,agreement,avx2)))

# ---- Static analysis and formatting ----------------------------------------------------------------------------------
JOBS ?= $(shell nproc)

.PHONY: lint lint-tidy lint-cppcheck format format-check
lint: format-check lint-cppcheck lint-tidy ## clang-tidy, cppcheck, and whether the formatting is right

# A stamp for each clean file, so that only what has changed is analysed again. Everything is looked at before it fails.
TIDY_STAMPS := $(addprefix $(BUILD)/lint/,$(addsuffix .tidy,$(C_FILES) $(CC_FILES)))
TIDY_FLAGS   = -DASSAY_DEBUG $(if $(filter core/status.c verify/context.c %.cc,$<),,-include mk/analyzer.h) -D_GNU_SOURCE -Iinclude -I. -I$(BUILD) -fopenmp $(verify_mpi_flags) $(FLAGS_LINT)
FLAGS_LINT  := -DASSAY_SOURCE='""' -DASSAY_PROGRAM='""' -DASSAY_DATA_SOURCE='""' -DASSAY_DATA_INSTALLED='""'

lint-tidy: $(BUILD)/build_facts.h
	@$(MAKE) --no-print-directory -k -j$(JOBS) $(TIDY_STAMPS)

$(TIDY_STAMPS): $(BUILD)/lint/%.tidy: % .clang-tidy tests/.clang-tidy mk/analyzer.h $(H_FILES) | $(BUILD)/build_facts.h
	@mkdir -p $(@D)
	@printf '  TIDY  %s\n' $<
	@clang-tidy --quiet --warnings-as-errors='*' $< -- $(if $(filter %.cc,$<),-std=c++17,-std=c17) $(call isa_flags,$<) \
	   $(TIDY_FLAGS) > $@.log 2>&1 || { cat $@.log; exit 1; }
	@mv $@.log $@

# Not asked of cppcheck: uninitialized variables, because it supposes that any loop may be left at once; clang-tidy and
# valgrind look for the same along real paths. Nor: places in rankings, which it takes for limits; memory that is cut into
# arrays of several types; shifts of negative numbers, which gcc and clang define. What mk/analyzer.h makes of
# verify_true() leaves values unused.
lint-cppcheck:
	cppcheck --quiet --std=c11 -j$(JOBS) --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	  --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=nullPointerArithmeticRedundantCheck \
	  --suppress=uninitvar --suppress=legacyUninitvar --suppress=arrayIndexThenCheck --suppress=invalidPointerCast \
	  --suppress=shiftTooManyBitsSigned --library=mk/check.cfg --include=mk/analyzer.h -DCPPCHECK -DASSAY_DEBUG \
	  --suppress='ignoredReturnValue:verify/*' --suppress='constStatement:verify/*' --suppress='constStatement:tests/*' \
	  -Iinclude -I. -D__x86_64__ -D_GNU_SOURCE core reference optimized verify bench reports cli tests fuzz

format: ## clang-format every source file
	clang-format -i $(C_FILES) $(CC_FILES) $(H_FILES) $(EXAMPLE_FILES)

format-check:
	@clang-format --dry-run --Werror $(C_FILES) $(CC_FILES) $(H_FILES) $(EXAMPLE_FILES)

# The shared library exports what the public headers declare, no more and no less; what verify.h and bench.h declare is in
# the harness library, and nothing that they declare is missing there. (.gomp_critical_user_*: gcc's own locks of named critical
# sections, which are always global.) gcc lists the prototypes of headers with their origin.
.PHONY: symbols
symbols: $(BUILD)/libassay.so $(BUILD)/libassay-harness.a ## whether libassay.so exports exactly the public functions
	@mkdir -p $(BUILD)/symbols
	@printf '#include "%s"\n' $(patsubst include/%,%,$(wildcard include/assay/*.h)) > $(BUILD)/symbols/headers.c
	@gcc -std=c17 -D_GNU_SOURCE -Iinclude -fsyntax-only -aux-info $(BUILD)/symbols/prototypes $(BUILD)/symbols/headers.c
	@cd $(BUILD)/symbols && sed -nE 's|^/\* include/assay/([a-z_]+)\.h.* extern [^(]*[ *]([a-z_0-9]+) \(.*|\1 \2|p' prototypes | \
	   LC_ALL=C sort -k2 > declared && test -s declared && \
	 grep -Ev '^(verify|bench) ' declared | cut -d' ' -f2 > of_library && grep -E '^(verify|bench) ' declared | cut -d' ' -f2 > of_harness
	@nm -D --defined-only $(BUILD)/libassay.so | awk '$$3 !~ /^\.gomp_critical_user_/ {print $$3}' | LC_ALL=C sort > $(BUILD)/symbols/exported
	@nm --defined-only $(BUILD)/libassay-harness.a 2>/dev/null | awk '$$2 == "T" {print $$3}' | LC_ALL=C sort > $(BUILD)/symbols/harness
	@cd $(BUILD)/symbols && export LC_ALL=C && { \
	 comm -13 of_library exported | sed 's/$$/: exported by libassay.so, but in no public header/'; \
	 comm -23 of_library exported | sed 's/$$/: in a public header, but not exported by libassay.so/'; \
	 comm -23 of_harness harness | sed 's/$$/: in verify.h or bench.h, but not in libassay-harness.a/'; } > wrong; \
	 cat wrong; test ! -s wrong
	@echo "symbols: $$(wc -l < $(BUILD)/symbols/of_library) of the library, $$(wc -l < $(BUILD)/symbols/of_harness) of the harness"

test-installed: symbols

# ---- Documents -------------------------------------------------------------------------------------------------------
SITE := $(BUILD)/docs
# With what the last report found, if there is one.
RESULTS ?= $(wildcard reports/out/results.json)

.PHONY: docs docs-built
docs: $(BUILD)/assay ## the documents as a site, under build/docs/; a warning of Doxygen and a link that leads nowhere are errors
	@$(MAKE) --no-print-directory docs-built

# Of the command as it is built.
docs-built:
	@for tool in doxygen cmark-gfm python3; do command -v $$tool >/dev/null || \
	   { echo "make docs needs $$tool: apt-get install doxygen cmark-gfm python3" >&2; exit 3; }; done
	@mkdir -p $(BUILD)/site
	@(cat docs/Doxyfile; echo 'PROJECT_NUMBER = $(VERSION)'; echo 'OUTPUT_DIRECTORY = $(BUILD)/site'; \
	  echo 'GENERATE_XML = YES'; echo 'XML_PROGRAMLISTING = NO') | doxygen -
	@python3 tools/site.py . $(BUILD)/assay $(BUILD)/site/xml $(SITE) $(RESULTS)
	@python3 tools/check_links.py $(SITE)
	@echo 'docs: $(SITE)/index.html'

.PHONY: coverage
coverage: ## line coverage of core, verify, reports and cli by the self-tests and a quick verify
	$(MAKE) BUILD=$(BUILD)/coverage EXTRA='--coverage -fprofile-update=atomic -DASSAY_COVERAGE' $(BUILD)/coverage/assay-tests $(BUILD)/coverage/assay
	find $(BUILD)/coverage -name '*.gcda' -delete
	CK_TIMEOUT_MULTIPLIER=5 $(BUILD)/coverage/assay-tests
	-ASSAY_TIMEOUT_SCALE=10 $(BUILD)/coverage/assay verify --quick --db $(BUILD)/coverage/verify.db > /dev/null
	gcovr --root . --object-directory $(BUILD)/coverage --filter 'core/' --filter 'verify/[^/]*\.c' --filter 'reports/' --filter 'cli/' \
	  --print-summary --fail-under-line 85
