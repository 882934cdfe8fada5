/* The digits data set for the tasks of lmul. */
#ifndef ASSAY_VERIFY_LMUL_DIGITS_DATA_H
#define ASSAY_VERIFY_LMUL_DIGITS_DATA_H

#include "assay/readers.h"

enum { DIGITS = 1797, DIGIT_PIXELS = 64, DIGIT_CLASSES = 10, DIGITS_TRAIN = 1200, DIGITS_TEST = DIGITS - DIGITS_TRAIN };

/* A seeded split: the images in the order of a random permutation, the first DIGITS_TRAIN for training. */
typedef struct lmul_digits {
    float pixels[DIGITS][DIGIT_PIXELS]; /* 0 to 16 */
    int labels[DIGITS];
} lmul_digits;

/* Reads and splits; fails if there is no data file or it is not what it should be. Release with free(). */
assay_status lmul_digits_read(uint64_t seed, lmul_digits **digits);

#endif
