# install and uninstall: the library for programs, the harness for those who put their own kernels under it, the command,
# the manual pages, the completion of bash. DESTDIR goes before every path and into no file.

libdir        ?= $(prefix)/lib
includedir    ?= $(prefix)/include
bindir        ?= $(prefix)/bin
datarootdir   ?= $(prefix)/share
mandir        ?= $(datarootdir)/man
completiondir ?= $(datarootdir)/bash-completion/completions
datadir       := $(prefix)/share/assay/data
pkgconfigdir  := $(libdir)/pkgconfig
INSTALL       ?= install
DATA_FILES    := $(filter-out %.py,$(wildcard data/*.*))
HEADERS       := $(wildcard include/assay/*.h)
SHARED        := libassay.so.$(VERSION)
STAGE         := $(BUILD)/install

# ---- pkg-config ------------------------------------------------------------------------------------------------------
# Folders below the prefix are named by it, so that pkg-config may be told of another one (--define-prefix).
by_prefix = $(patsubst $(prefix)/%,$${prefix}/%,$(1))

# LAPACK is Fortran, which statically linked needs its own libraries.
define assay_pc
prefix=$(prefix)
libdir=$(call by_prefix,$(libdir))
includedir=$(call by_prefix,$(includedir))
datadir=$(call by_prefix,$(datadir))

Name: assay
Description: Algorithms of research papers, as reference and optimized code
Version: $(VERSION)
Libs: -L$${libdir} -lassay
Libs.private: $(LIB_LIBS) -lgfortran $(if $(AVX2_FLAGS),-lquadmath) -lm -lgomp -lpthread
Cflags: -I$${includedir}
endef

# Whoever links the harness gets its main too, the assay command, with the algorithms that are linked in.
define harness_pc
prefix=$(prefix)
libdir=$(call by_prefix,$(libdir))
includedir=$(call by_prefix,$(includedir))

Name: assay-harness
Description: The harness of assay: checks and benchmarks of one's own kernels
Version: $(VERSION)
Libs: -L$${libdir} -Wl,--whole-archive -l:libassay-harness.a -Wl,--no-whole-archive -l:libassay.a -fopenmp $(HARNESS_LIBS)
Cflags: -I$${includedir} -fopenmp
endef

export assay_pc harness_pc

# ---- What goes where: mode, source, destination; a mode `link` makes a symbolic link ---------------------------------
man_pages = $(patsubst include/assay/%.h,$(STAGE)/man/assay_%.h.3,$(HEADERS))
has_man_pages := $(shell command -v doxygen >/dev/null && command -v python3 >/dev/null && echo 1)

to = $(foreach file,$(2),$(1):$(file):$(3)/$(notdir $(file)))
installed_files = \
  $(call to,644,$(HEADERS),$(includedir)/assay) \
  $(call to,644,$(BUILD)/libassay.a $(STAGE)/libassay-harness.a,$(libdir)) \
  755:$(BUILD)/libassay.so:$(libdir)/$(SHARED) \
  link:$(SHARED):$(libdir)/libassay.so.$(SOVERSION) \
  link:libassay.so.$(SOVERSION):$(libdir)/libassay.so \
  $(call to,644,$(STAGE)/assay.pc $(STAGE)/assay-harness.pc,$(pkgconfigdir)) \
  $(call to,755,$(BUILD)/assay,$(bindir)) \
  $(call to,644,docs/assay.1,$(mandir)/man1) \
  $(if $(has_man_pages),$(call to,644,$(man_pages),$(mandir)/man3)) \
  644:cli/completion.bash:$(completiondir)/assay \
  $(call to,644,$(DATA_FILES),$(datadir)) \
  $(call to,644,$(wildcard data/evolved_exp/*),$(datadir)/evolved_exp)

# What has been installed below the prefix, a path a line: `uninstall` removes that and nothing else, also what an older
# version installed.
installed_list = $(DESTDIR)$(prefix)/share/assay/installed

.PHONY: install install-built uninstall
install: all ## install to DESTDIR and prefix (/usr/local): libraries, headers, pkg-config files, command, manual pages
	@$(MAKE) --no-print-directory install-built

# Installs what is built, whatever has changed since.
install-built: stage
	@case '$(prefix)' in /*) ;; *) echo 'prefix is $(prefix), must be an absolute path' >&2; exit 2;; esac
	@set -e; $(INSTALL) -d '$(dir $(installed_list))'; touch '$(installed_list)'; \
	 for entry in $(installed_files); do \
	   mode=$${entry%%:*}; rest=$${entry#*:}; from=$${rest%%:*}; to=$${rest#*:}; \
	   case $$mode in \
	   link) $(INSTALL) -d "$(DESTDIR)$${to%/*}"; ln -sf "$$from" "$(DESTDIR)$$to";; \
	   *) $(INSTALL) -D -m $$mode "$$from" "$(DESTDIR)$$to";; \
	   esac; \
	   echo "$$to" >> '$(installed_list)'; \
	 done; \
	 LC_ALL=C sort -u -o '$(installed_list)' '$(installed_list)'
	@echo 'install: $(words $(installed_files)) files below $(DESTDIR)$(prefix)$(if $(has_man_pages),, (skipped: manual pages of the headers need doxygen and python3))'

# The harness's archive holds the command too, and what forgets the revision of this tree.
OWN_TREE := $(BUILD)/cli/own_tree/build.c.o
all: $(OWN_TREE)
# The tests install what is built.
$(BUILD)/assay-tests: | $(BUILD)/libassay.so $(OWN_TREE)

.PHONY: stage
stage: $(if $(has_man_pages),$(STAGE)/man/made)
	@mkdir -p $(STAGE)
	@rm -f $(STAGE)/libassay-harness.a
	@$(AR) rcs $(STAGE)/libassay-harness.a $(HARNESS_OBJECTS) $(filter $(BUILD)/cli/%,$(COMMAND_OBJECTS)) $(OWN_TREE)
	@printf '%s\n' "$$assay_pc" > $(STAGE)/assay.pc
	@printf '%s\n' "$$harness_pc" > $(STAGE)/assay-harness.pc

# One page for each public header, assay_NAME.h(3).
$(STAGE)/man/made: $(HEADERS) docs/Doxyfile docs/assay.1 tools/man_pages.py
	@rm -rf $(@D) && mkdir -p $(@D)
	@(cat docs/Doxyfile; echo 'INPUT = include/assay'; echo 'OUTPUT_DIRECTORY = $(STAGE)/doxygen'; \
	  echo 'GENERATE_MAN = YES'; echo 'MAN_EXTENSION = .3'; echo 'INLINE_SIMPLE_STRUCTS = YES'; \
	  echo 'TYPEDEF_HIDES_STRUCT = YES') | doxygen -
	@python3 tools/man_pages.py $(STAGE)/doxygen/man/man3 docs/assay.1 $(@D)
	@rm -rf $(STAGE)/doxygen && touch $@

# The folders that are removed when they are empty are assay's own; others may have been there before.
uninstall: ## remove what install installed
	@if [ ! -e '$(installed_list)' ]; then echo 'uninstall: nothing is installed below $(DESTDIR)$(prefix): there is no $(installed_list)'; exit 0; fi; \
	 while read -r path; do rm -f "$(DESTDIR)$$path"; done < '$(installed_list)'; \
	 echo "uninstall: $$(wc -l < '$(installed_list)') files below $(DESTDIR)$(prefix)"; \
	 rm -f '$(installed_list)'; \
	 for folder in '$(DESTDIR)$(includedir)/assay' '$(DESTDIR)$(prefix)/share/assay'; do \
	   [ ! -d "$$folder" ] || find "$$folder" -depth -type d -exec rmdir {} + 2>/dev/null || true; \
	 done
