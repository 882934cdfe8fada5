# The data folder, as the library finds it at run time (the environment's ASSAY_DATA goes first).
$(BUILD)/core/data.c.o: FLAGS_EXTRA = -DASSAY_DATA_SOURCE='"$(CURDIR)/data"' -DASSAY_DATA_INSTALLED='"$(prefix)/share/assay/data"'
