# The tests of the harness itself, and `make test`, which also verifies every algorithm.
#
# Each tests/test_<topic>.c exports one `Suite *test_<topic>(void)`; the main that collects them is generated.

TEST_NAMES := $(basename $(notdir $(filter tests/test_%.c,$(TEST_SOURCES))))

$(BUILD)/tests_main.c: $(TEST_SOURCES) mk/tests.mk
	@mkdir -p $(@D)
	@{ printf '#include <check.h>\n#include <stdlib.h>\n'; \
	   for t in $(TEST_NAMES); do printf 'Suite *%s(void);\n' $$t; done; \
	   printf '/* Under AddressSanitizer crashes must still be crashes: tests provoke some. */\n'; \
	   printf '__attribute__((visibility("default"))) const char *__asan_default_options(void);\n'; \
	   printf 'const char *__asan_default_options(void)\n{\n    return "handle_segv=0";\n}\n'; \
	   printf 'int main(void)\n{\n    SRunner *runner = srunner_create(NULL);\n'; \
	   for t in $(TEST_NAMES); do printf '    srunner_add_suite(runner, %s());\n' $$t; done; \
	   printf '    srunner_run_all(runner, CK_ENV);\n    int failed = srunner_ntests_failed(runner);\n'; \
	   printf '    srunner_free(runner);\n    return failed ? EXIT_FAILURE : EXIT_SUCCESS;\n}\n'; } > $@.new
	@if cmp -s $@.new $@; then rm $@.new; touch $@; else mv $@.new $@; fi

$(BUILD)/tests_main.o: $(BUILD)/tests_main.c
	$(QUIET_CC)$(CC) $(C_FLAGS) $(HARNESS_FLAGS) -c $< -o $@

# The tests see the source folder (templates, data) and the command under these names.
$(BUILD)/tests/%.c.o: FLAGS_EXTRA = -DASSAY_SOURCE='"$(CURDIR)"' -DASSAY_PROGRAM='"$(abspath $(BUILD))/assay"'

# The parts of the command are tested too, its main is not.
CLI_OBJECTS := $(filter-out $(BUILD)/cli/main.c.o,$(call object,$(wildcard cli/*.c)))

$(BUILD)/assay-tests: $(TEST_OBJECTS) $(CLI_OBJECTS) $(BUILD)/tests_main.o $(BUILD)/libassay-harness.a $(BUILD)/libassay.a
	$(QUIET_LD)$(CC) $(EXTRA) -fopenmp -o $@ $(TEST_OBJECTS) $(CLI_OBJECTS) $(BUILD)/tests_main.o \
	  $(call whole,$(BUILD)/libassay-harness.a $(BUILD)/libassay.a) $(HARNESS_LIBS)

.PHONY: self-test test
self-test: $(BUILD)/assay-tests $(BUILD)/fuzz-tests $(BUILD)/assay ## the harness's own tests only (T=<suite> runs one suite)
	$(if $(T),CK_RUN_SUITE=$(T)) $(BUILD)/assay-tests
	$(if $(T),CK_RUN_SUITE=$(T)) $(BUILD)/fuzz-tests

test: deps ## all tests: the harness's own, then `assay verify --quick`; installs what is missing
	$(MAKE) --no-print-directory test-installed

.PHONY: test-installed
test-installed: self-test
	$(BUILD)/assay verify --quick --db $(BUILD)/test.db

RUNS ?= 100
.PHONY: seeds
seeds: $(BUILD)/assay ## verify --quick for RUNS=100 seeds: whether a check ever fails by bad luck; goes on where it was interrupted
	tests/power/seeds.sh $(RUNS)

# The rates of `assay history --check` that docs/statistics.md states, measured again (minutes): TRIES=2000.
.PHONY: history-power
history-power: $(BUILD)/libassay.a ## how often `assay history --check` errs, by simulation
	@$(CC) -std=gnu17 -O2 -Iinclude -o $(BUILD)/history-power tests/power/history.c $(BUILD)/libassay.a -fopenmp $(LIB_LIBS)
	@$(BUILD)/history-power $(TRIES)
