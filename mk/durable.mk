# Commands that are killed: a few moments are tried by `make test`, many here.
MOMENTS ?= 100
KILL_SEED ?= 1

.PHONY: kill-tests
kill-tests: $(BUILD)/assay-tests $(BUILD)/assay ## kill bench, verify, merge, report and an MPI rank at MOMENTS=100 moments each (KILL_SEED=n draws others)
	CK_RUN_SUITE=killed ASSAY_KILL_MOMENTS=$(MOMENTS) ASSAY_KILL_SEED=$(KILL_SEED) $(BUILD)/assay-tests

.PHONY: starve
starve: $(BUILD)/assay ## let one allocation after the other fail in the agreements (ALGORITHM=... for some): it must be told
	ASSAY=$(BUILD)/assay tools/starve.py $(ALGORITHM)
