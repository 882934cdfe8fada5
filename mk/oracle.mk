# The loops of the two-tier engine are written for the vectoriser; those of its hash gain from being left alone.
FLAGS_oracle_fast := -O3
FLAGS_sweep       := -O3 -fno-trapping-math
FLAGS_sweep_hash  := -O3 -fno-tree-vectorize -fno-tree-slp-vectorize
