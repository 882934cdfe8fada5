/*
 * 2^x in double by the known program T10, in the vector types of the compiler; each instruction set's file includes
 * this after defining F64_BYTES, the size of its registers, and F64_NAME, the name of the function.
 *
 * Only operations that IEEE 754 defines bit by bit: the same bits as the reference.
 */
#include <stdint.h>
#include <string.h>

enum { F64_LANES = F64_BYTES / 8 };
typedef double f64_vector __attribute__((vector_size(F64_BYTES)));
typedef int64_t f64_integers __attribute__((vector_size(F64_BYTES)));

/* y = mask ? a : y */
#define F64_SELECT(Y, MASK, A) ((f64_vector)(((MASK) & (f64_integers)(A)) | (~(MASK) & (f64_integers)(Y))))

static inline void f64_exp2_lanes(const double *x, double *y)
{
    const double magic = 0x1.8p52; /* the last bit of numbers near it is worth 1 */
    const f64_vector zero = {0};
    f64_vector v;
    memcpy(&v, x, sizeof v);
    v = F64_SELECT(v, v > 1100., zero + 1100.); /* NaN passes */
    v = F64_SELECT(v, v < -1100., zero - 1100.);
    const f64_vector nearest = (v + magic) - magic;
    const f64_vector n = nearest - F64_SELECT(zero, nearest > v, zero + 1.);
    const f64_vector r = v - n; /* in [0, 1); at 0 the program divides by it and relies on infinity */
    const f64_vector w = r + 0x1.69786606e6b46p+12 / r;
    const f64_vector t = (0x1.d92f7201283bep+13 / w + w) - 0x1.f51aafffbd829p+7;
    f64_vector p = 0x1.f51aafffe299fp+8 / t + 0x1.ffffffffffffep-1;
    p *= p;
    p *= p;
    p *= p;
    const f64_integers whole = (f64_integers)(n + magic) - (f64_integers)(zero + magic);
    const f64_integers half = whole >> 1;
    p *= (f64_vector)((half + 1023) << 52);         /* exact */
    p *= (f64_vector)((whole - half + 1023) << 52); /* rounds if the result is subnormal */
    memcpy(y, &p, sizeof p);
}

void F64_NAME(const double *x, double *y, size_t n)
{
    size_t i = 0;
    for (; n - i >= F64_LANES; i += F64_LANES)
        f64_exp2_lanes(x + i, y + i);
    if (n > i) {
        double part[F64_LANES] = {0};
        memcpy(part, x + i, (n - i) * sizeof *x);
        f64_exp2_lanes(part, part);
        memcpy(y + i, part, (n - i) * sizeof *y);
    }
}
