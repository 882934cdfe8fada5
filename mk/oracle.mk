# The loops of the oracle's fast tier are written for the vectoriser.
FLAGS_oracle_fast := -O3
FLAGS_sweep       := -O3
