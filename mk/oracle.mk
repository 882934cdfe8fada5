# The loops of the two-tier engine are written for the vectoriser; those of its hash gain from being left alone. clang 14
# cannot vectorise one that gcc does (a maximum of doubles), which is no error.
$(BUILD)/verify/oracle_fast.c.o: FLAGS_EXTRA = -O3
$(BUILD)/verify/sweep.c.o: FLAGS_EXTRA = -O3 -fno-trapping-math -Wno-pass-failed
$(BUILD)/verify/sweep_hash.c.o: FLAGS_EXTRA = -O3 -fno-tree-vectorize -fno-tree-slp-vectorize
