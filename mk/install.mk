# install and uninstall: the library for programs, the harness for those who put their own kernels under it, the command.

libdir      ?= $(prefix)/lib
includedir  ?= $(prefix)/include
bindir      ?= $(prefix)/bin
mandir      ?= $(prefix)/share/man
datadir     := $(prefix)/share/assay/data
INSTALL     ?= install
DATA_FILES  := $(filter-out %.py,$(wildcard data/*.*))
SHARED      := libassay.so.$(VERSION)

define assay_pc
prefix=$(prefix)
libdir=$(libdir)
includedir=$(includedir)

Name: assay
Description: Algorithms of research papers, as reference and optimized code
Version: $(VERSION)
Libs: -L$${libdir} -lassay
Libs.private: $(LIB_LIBS) -lgomp
Cflags: -I$${includedir}
endef

# Whoever links the harness gets its main too, the assay command, with the algorithms that are linked in.
define harness_pc
prefix=$(prefix)
libdir=$(libdir)
includedir=$(includedir)

Name: assay-harness
Description: The harness of assay: checks and benchmarks of one's own kernels
Version: $(VERSION)
Libs: -L$${libdir} -Wl,--whole-archive -l:libassay-harness.a -Wl,--no-whole-archive -l:libassay.a -fopenmp $(HARNESS_LIBS)
Cflags: -I$${includedir} -fopenmp
endef

export assay_pc harness_pc

.PHONY: install uninstall
install: all ## install to DESTDIR and prefix (/usr/local): libraries, headers, pkg-config files, command, man page
	$(INSTALL) -d $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir)/assay $(DESTDIR)$(bindir) $(DESTDIR)$(mandir)/man1
	$(INSTALL) -m 644 include/assay/*.h $(DESTDIR)$(includedir)/assay
	$(INSTALL) -m 644 $(BUILD)/libassay.a $(DESTDIR)$(libdir)
	$(INSTALL) -m 755 $(BUILD)/libassay.so $(DESTDIR)$(libdir)/$(SHARED)
	ln -sf $(SHARED) $(DESTDIR)$(libdir)/libassay.so.$(SOVERSION)
	ln -sf libassay.so.$(SOVERSION) $(DESTDIR)$(libdir)/libassay.so
	rm -f $(BUILD)/installed-harness.a
	$(AR) rcs $(BUILD)/installed-harness.a $(HARNESS_OBJECTS) $(filter $(BUILD)/cli/%,$(COMMAND_OBJECTS))
	$(INSTALL) -m 644 $(BUILD)/installed-harness.a $(DESTDIR)$(libdir)/libassay-harness.a
	printf '%s\n' "$$assay_pc" > $(DESTDIR)$(libdir)/pkgconfig/assay.pc
	printf '%s\n' "$$harness_pc" > $(DESTDIR)$(libdir)/pkgconfig/assay-harness.pc
	$(INSTALL) -m 755 $(BUILD)/assay $(DESTDIR)$(bindir)
	$(INSTALL) -m 644 docs/assay.1 $(DESTDIR)$(mandir)/man1
	$(INSTALL) -d $(DESTDIR)$(datadir)
	$(INSTALL) -m 644 $(DATA_FILES) $(DESTDIR)$(datadir)

uninstall: ## remove what install installed
	rm -f $(addprefix $(DESTDIR)$(libdir)/,$(SHARED) libassay.so.$(SOVERSION) libassay.so libassay.a libassay-harness.a)
	rm -f $(DESTDIR)$(libdir)/pkgconfig/assay.pc $(DESTDIR)$(libdir)/pkgconfig/assay-harness.pc
	rm -f $(addprefix $(DESTDIR)$(includedir)/assay/,$(notdir $(wildcard include/assay/*.h)))
	-rmdir $(DESTDIR)$(includedir)/assay
	rm -f $(addprefix $(DESTDIR)$(datadir)/,$(notdir $(DATA_FILES)))
	-rmdir $(DESTDIR)$(datadir) $(DESTDIR)$(prefix)/share/assay
	rm -f $(DESTDIR)$(bindir)/assay $(DESTDIR)$(mandir)/man1/assay.1
