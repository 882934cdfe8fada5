# Sanitizers, static analysis, formatting, coverage, documentation of the public headers.

C_FILES := $(LIB_SOURCES) $(filter %.c,$(HARNESS_SOURCES) $(COMMAND_SOURCES) $(TEST_SOURCES))
H_FILES := $(wildcard include/assay/*.h core/*.h reference/*.h reference/*/*.h optimized/*.h optimized/*/*.h verify/*.h \
             verify/*/*.h bench/*.h bench/*/*.h reports/*.h cli/*.h tests/*.h)
CC_FILES := $(filter %.cc,$(HARNESS_SOURCES) $(COMMAND_SOURCES))

CLANG   ?= clang
SANITIZED_VERIFY = verify --quick --db $(1)/sanitize.db

# gcc's ThreadSanitizer does not understand libgomp's barriers; clang's does, with the OpenMP tool library Archer.
ARCHER := $(firstword $(wildcard /usr/lib/llvm-*/lib/libarcher.so))

.PHONY: sanitize sanitize-address sanitize-thread sanitize-valgrind
sanitize: sanitize-address sanitize-thread ## verify --quick and the self-tests under ASan+UBSan, verify under TSan

sanitize-address:
	$(MAKE) BUILD=$(BUILD)/asan EXTRA='-fsanitize=address,undefined -fno-sanitize-recover=undefined' $(BUILD)/asan/assay $(BUILD)/asan/assay-tests
	CK_TIMEOUT_MULTIPLIER=10 $(BUILD)/asan/assay-tests
	ASSAY_TIMEOUT_SCALE=10 $(BUILD)/asan/assay $(call SANITIZED_VERIFY,$(BUILD)/asan)

sanitize-thread:
	@if [ -z "$(ARCHER)" ]; then echo 'skipped: libarcher.so (package libomp5-14) is not installed'; exit 0; fi; set -e; \
	 $(MAKE) BUILD=$(BUILD)/tsan CC=$(CLANG) CXX=$(CLANG)++ MPI=0 EXTRA='-fsanitize=thread' $(BUILD)/tsan/assay; \
	 OMP_TOOL_LIBRARIES=$(ARCHER) TSAN_OPTIONS='ignore_noninstrumented_modules=1 halt_on_error=1' ASSAY_TIMEOUT_SCALE=20 \
	   $(BUILD)/tsan/assay $(call SANITIZED_VERIFY,$(BUILD)/tsan)

# valgrind knows no AVX-512, hence the level.
sanitize-valgrind: all ## verify --quick of PATTERN (default: every agreement) under valgrind at the AVX2 level; slow
	ASSAY_CPU=avx2 ASSAY_TIMEOUT_SCALE=100 valgrind -q --trace-children=yes --error-exitcode=9 --child-silent-after-fork=no \
	  $(BUILD)/assay verify --quick --db $(BUILD)/valgrind.db $(PATTERN)

.PHONY: lint lint-tidy lint-cppcheck format format-check
lint: lint-tidy lint-cppcheck format-check ## clang-tidy, cppcheck, and whether the formatting is right

lint-tidy: $(BUILD)/build_facts.h
	@printf '%s\n' $(C_FILES) | xargs -P2 -n4 sh -c 'for f; do \
	  case $$f in *_avx2.c) isa="$(AVX2_FLAGS)";; *_avx512.c) isa="$(AVX512_FLAGS)";; *) isa=;; esac; \
	  clang-tidy --quiet --warnings-as-errors="*" $$f -- -std=c17 -D_GNU_SOURCE -Iinclude -I. -I$(BUILD) $(verify_mpi_flags) $$isa \
	    -DASSAY_SOURCE=\"\" -DASSAY_PROGRAM=\"\" 2>/dev/null || { echo "clang-tidy: $$f"; exit 255; }; done' sh

lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	  --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=nullPointerArithmeticRedundantCheck \
	  -Iinclude -I. -D__x86_64__ -D_GNU_SOURCE core reference optimized verify bench reports cli tests

format: ## clang-format every source file
	clang-format -i $(C_FILES) $(CC_FILES) $(H_FILES)

format-check:
	clang-format --dry-run --Werror $(C_FILES) $(CC_FILES) $(H_FILES)

.PHONY: docs
docs: ## Doxygen of the public headers, under build/docs/; a warning is an error
	@mkdir -p $(BUILD)/docs
	@set -e; test -f docs/Doxyfile; (cat docs/Doxyfile; echo 'PROJECT_NUMBER = $(VERSION)'; echo 'OUTPUT_DIRECTORY = $(BUILD)/docs') | doxygen -
	@echo 'docs: $(BUILD)/docs/html/index.html'

.PHONY: coverage
coverage: ## line coverage of core, verify, reports and cli by the self-tests and a quick verify
	$(MAKE) BUILD=$(BUILD)/coverage EXTRA='--coverage -O1 -DASSAY_COVERAGE' $(BUILD)/coverage/assay-tests $(BUILD)/coverage/assay
	find $(BUILD)/coverage -name '*.gcda' -delete
	CK_TIMEOUT_MULTIPLIER=5 $(BUILD)/coverage/assay-tests
	-ASSAY_TIMEOUT_SCALE=10 $(BUILD)/coverage/assay verify --quick --db $(BUILD)/coverage/verify.db > /dev/null
	gcovr --root . --object-directory $(BUILD)/coverage --filter 'core/' --filter 'verify/[^/]*\.c' --filter 'reports/' --filter 'cli/' \
	  --print-summary --fail-under-line 85
