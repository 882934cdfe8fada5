# The search of evolved_exp as a program: build/evolve TARGET FIRST_SEED SEEDS CANDIDATES MAX_OPERATIONS

$(BUILD)/evolve: $(BUILD)/tools/evolve.c.o $(BUILD)/libassay.a
	$(QUIET_LD)$(CC) $(EXTRA) -fopenmp -o $@ $^ $(LIB_LIBS)

-include $(BUILD)/tools/evolve.c.d

# Each file in data/evolved_exp begins with the command that made it.
.PHONY: evolve
evolve: $(BUILD)/evolve ## search again, by their own commands, for the programs in data/evolved_exp (about five minutes)
	@for file in data/evolved_exp/*.txt; do \
	   command=$$(sed -n '1s/^# Found by: build\///p' $$file); echo "  $$command"; \
	   $(BUILD)/$$command > $$file.new && mv $$file.new $$file || { rm -f $$file.new; exit 1; }; done
