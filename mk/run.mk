# Running the harness: verify, bench, report, perf. The database is where the report looks for it.

ASSAY := $(BUILD)/assay
# The globs of PATTERN are for assay, not for the shell (set -f).
PATTERN ?=

# The templates of `assay new` are assembled into the program.
$(BUILD)/cli/new.c.o: $(wildcard cli/templates/*.in)

.PHONY: verify verify-full verify-exhaustive
verify: $(ASSAY) ## check everything in a minute and a half (PATTERN=... for a part)
	set -f; $(ASSAY) verify --quick $(PATTERN)

verify-full: $(ASSAY) ## check with more seeds and sizes and every claim; goes on where it was interrupted
	set -f; $(ASSAY) verify --full $(PATTERN)

verify-exhaustive: $(ASSAY) ## check all 2^32 inputs of float32 functions too; goes on where it was interrupted
	set -f; $(ASSAY) verify --exhaustive $(PATTERN)

.PHONY: bench limits
bench: $(ASSAY) ## time everything (PATTERN=... for a part)
	set -f; $(ASSAY) bench $(PATTERN)

limits: $(ASSAY) ## measure what this machine can do at best
	$(ASSAY) limits

# What make finds (MPI, for one) it finds when it starts: after installing packages it has to start anew. A check that
# fails makes the report fail, but only after the pages that show it are written.
.PHONY: report report-installed
report: deps ## the main job: install what is missing, build, verify, time, write pages to reports/out/
	@$(MAKE) --no-print-directory report-installed

report-installed: all
	@status=0; \
	 $(ASSAY) verify --quick || status=$$?; \
	 [ $$status -le 1 ] || exit $$status; \
	 $(ASSAY) bench --quick || exit $$?; \
	 $(ASSAY) report || exit $$?; \
	 exit $$status

.PHONY: claims
claims: $(ASSAY) ## write docs/claims.md from the newest results (of make verify-full)
	$(ASSAY) report --claims docs/claims.md

.PHONY: regress
regress: $(ASSAY) ## compare with another revision: make regress BASE=<git rev> (PATTERN=... for a part)
	@[ -n "$(BASE)" ] || { echo 'usage: make regress BASE=<git rev> [PATTERN=...] [REGRESS_OPTIONS=...]' >&2; exit 2; }
	set -f; $(ASSAY) regress --base $(BASE) $(REGRESS_OPTIONS) $(PATTERN)

# perf needs a counter of cycles to tell where time goes; where the kernel gives none, its software clock must do.
PERF ?= perf
# Many runs of the kernel and little else: no limits of the machine, no counters, no database.
perf_bench = $(ASSAY) bench --no-db --no-limits --no-counters --threads 1 --seconds 0.2 '$(A)'
.PHONY: perf
perf: $(ASSAY) ## where one benchmark spends its time: make perf A=<algorithm>, or A=<algorithm>/<implementation>/...
	@[ -n '$(A)' ] || { echo 'usage: make perf A=<algorithm>[/<implementation>[/<workload>[/<size>]]]' >&2; exit 2; }
	@command -v $(PERF) >/dev/null || { echo 'make perf needs perf (Debian package linux-perf)' >&2; exit 3; }
	@mkdir -p $(BUILD)/perf; set -e; \
	 if $(PERF) stat -x, -e cycles true 2>&1 | grep -Eq '^[0-9]+,'; then \
	   event=cycles; \
	   $(PERF) stat -o $(BUILD)/perf/stat.txt -d -- $(perf_bench); \
	   cat $(BUILD)/perf/stat.txt; \
	 else \
	   event=cpu-clock; \
	   echo 'No hardware counters: the kernel of this machine does not give them (virtual machines often do not;'; \
	   echo 'elsewhere see /proc/sys/kernel/perf_event_paranoid). Sampling by the software clock instead.'; \
	 fi; \
	 $(PERF) record -q -e $$event -F 999 -o $(BUILD)/perf/data -- $(perf_bench) && \
	 $(PERF) report -q --stdio --percent-limit 1 --sort symbol -i $(BUILD)/perf/data && \
	 echo "more: $(PERF) annotate -i $(BUILD)/perf/data"
