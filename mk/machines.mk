# Other compilers, other optimization levels, other architectures: builds in folders of their own, and whether the verdicts
# are the same everywhere.

# ---- Debugging ---------------------------------------------------------------------------------------------------------
# Nothing optimized but what the intrinsics need, assertions (core/assert.h, and those of the C++ library) in force, and
# variables that are read before they are set hold a pattern.
DEBUG_LEVEL := -Og -g3
DEBUG = REFERENCE_FLAGS='$(DEBUG_LEVEL)' OPTIMIZED_FLAGS='$(DEBUG_LEVEL)' HARNESS_FLAGS='$(DEBUG_LEVEL)' \
  EXTRA='$(DEBUG_LEVEL) -DASSAY_DEBUG -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -ftrivial-auto-var-init=pattern'

.PHONY: debug
debug: ## a build for the debugger, with assertions, in build/debug
	$(MAKE) BUILD=$(BUILD)/debug $(DEBUG) all

# ---- The same verdicts -------------------------------------------------------------------------------------------------
# Each configuration is a set of variables for make. LTO needs archives that know the compiler's objects.
MATRIX ?= gcc-O3 gcc-O2 gcc-debug gcc-lto clang-O3 clang-O2 clang-lto
CCACHE := $(shell command -v ccache 2>/dev/null)
GCC   := CC='$(CCACHE) gcc' CXX='$(CCACHE) g++'
CLANG := CC='$(CCACHE) clang' CXX='$(CCACHE) clang++'

matrix_gcc-O3    = $(GCC)
matrix_gcc-O2    = $(GCC) OPTIMIZED_FLAGS=-O2
matrix_gcc-debug = $(GCC) $(DEBUG)
matrix_gcc-lto   = $(GCC) AR=gcc-ar EXTRA=-flto=auto
matrix_clang-O3  = $(CLANG)
matrix_clang-O2  = $(CLANG) OPTIMIZED_FLAGS=-O2
matrix_clang-lto = $(CLANG) AR=llvm-ar-14 EXTRA='-flto -fuse-ld=lld -Wno-unused-command-line-argument'

MATRIX_VERDICTS := $(MATRIX:%=$(BUILD)/matrix/%/verdicts.csv)

.PHONY: matrix
matrix: $(MATRIX_VERDICTS) ## whether every compiler and optimization level gives the same verdicts (MATRIX='gcc-O3 clang-O3' for some)
	python3 tools/verdicts.py $(MATRIX_VERDICTS)

# Checks that fail are the comparison's business; anything else that goes wrong ends here.
$(BUILD)/matrix/%/verdicts.csv: FORCE
	@[ -n "$(matrix_$*)" ] || { echo 'matrix: $* is no configuration; there are gcc-O3 and the like, see mk/machines.mk' >&2; exit 2; }
	$(MAKE) BUILD=$(BUILD)/matrix/$* $(matrix_$*) $(BUILD)/matrix/$*/assay
	@set -f; status=0; \
	 ASSAY_TIMEOUT_SCALE=20 $(BUILD)/matrix/$*/assay verify --quick --no-db --format csv $(PATTERN) > $@.new || status=$$?; \
	 [ $$status -le 1 ] && mv $@.new $@

.PHONY: verify-clang
verify-clang: ## verify --quick of PATTERN (default: everything) as clang compiles it, in build/clang
	$(MAKE) BUILD=$(BUILD)/clang $(CLANG) $(BUILD)/clang/assay
	set -f; $(BUILD)/clang/assay verify --quick --no-db $(PATTERN)

# ---- AArch64 -----------------------------------------------------------------------------------------------------------
# Cross-built, the AVX2 files through SIMDe, and run by qemu's user mode, whose time says nothing about a real machine's.
# Without MPI, POT and libtorch: those checks and peers are skipped.
AARCH64      := aarch64-linux-gnu
AARCH64_ROOT  = $(BUILD)/aarch64/sysroot
AARCH64_MAKE  = $(MAKE) BUILD=$(BUILD)/aarch64 MPI=0 SYSROOT=$(abspath $(AARCH64_ROOT)) AR=$(AARCH64)-ar \
  CC='$(CCACHE) $(AARCH64)-gcc --sysroot=$(abspath $(AARCH64_ROOT))' \
  CXX='$(CCACHE) $(AARCH64)-g++ --sysroot=$(abspath $(AARCH64_ROOT))'
# qemu keeps a book on every page of the range of addresses that fences reserve: gigabytes.
AARCH64_RUN   = ASSAY_TIMEOUT_SCALE=100 ASSAY_NO_FENCES=1 qemu-aarch64 -L $(AARCH64_ROOT)
AARCH64_TOOLS = $(AARCH64)-gcc $(AARCH64)-g++

# gcc 12 for AArch64 ends with an internal error (compute_live_loop_exits) in one tile of this file unless it leaves out
# partial redundancy elimination.
ifeq ($(ARCH),aarch64)
$(BUILD)/optimized/arithmetic/lmul_avx2.c.o: FLAGS_EXTRA = -fno-tree-pre
endif

need = for tool in $(1); do command -v $$tool >/dev/null || { \
  echo "$@ needs $$tool; run: apt-get install gcc-$(AARCH64) g++-$(AARCH64) qemu-user" >&2; exit 3; }; done

.PHONY: aarch64 verify-aarch64
aarch64: ## cross-build for AArch64 in build/aarch64, with the libraries that it unpacks there
	@$(call need,$(AARCH64_TOOLS))
	tools/sysroot.sh $(AARCH64_ROOT) arm64 mk/packages-aarch64.txt
	$(AARCH64_MAKE) all $(BUILD)/aarch64/assay-tests

verify-aarch64: aarch64 ## verify --quick of the AArch64 build under qemu (PATTERN=... for a part); slow
	@$(call need,qemu-aarch64)
	set -f; $(AARCH64_RUN) $(BUILD)/aarch64/assay verify --quick --db $(BUILD)/aarch64/verify.db $(PATTERN)
