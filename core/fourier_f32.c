/* Fourier transforms in single precision. */
#include "assay/memory.h"
#include "core/fourier.h"

#include <fftw3.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define REAL         float
#define FFTW(NAME)   fftwf_##NAME
#define PUBLIC(NAME) NAME##_f32
#include "core/fourier_body.h"
