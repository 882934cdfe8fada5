# The pages' style and scripts are embedded by reports/assets.c, which the compiler's dependencies do not see.
$(BUILD)/reports/assets.c.o: $(wildcard reports/assets/*)
