/*
 * The streams and chains of arithmetic of one CPU level: a template, included by limits_<level>.c.
 *
 * Before inclusion: BYTES, the vector's width; REGISTER, the letter by which inline assembly asks for a vector
 * register; KERNELS, the name of the table; STEP_F32 and STEP_F64(x, b, c, i), the step that chain i repeats, and
 * FLOPS_PER_STEP; where there are stores that go around the caches, STREAM(to, v) and the fence STREAM_END().
 *
 * The empty assembly statements cost nothing: they only keep the compiler from joining steps, dropping loads or calling
 * memcpy. The disassembly shows what is left: the loads, stores and arithmetic named here, and the loop.
 */
#include "bench/limits.h"

typedef int32_t vector_i32 __attribute__((vector_size(BYTES), may_alias));
typedef float vector_f32 __attribute__((vector_size(BYTES)));
typedef double vector_f64 __attribute__((vector_size(BYTES)));

#define KEEP(x)           __asm__ volatile("" : "+" REGISTER(x))
#define CONSUME(x)        __asm__ volatile("" : : REGISTER(x))
#define MEMORY_IS_TOUCHED __asm__ volatile("" : : : "memory")

/* ---- Streams: eight vectors a turn hide the loop itself. LIMITS_BLOCK is a multiple of eight vectors of any width. */

#define TURN             8
#define EACH_OF_TURN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

#define DEFINE_STREAM(NAME, DO, END)                                                                                   \
    static void NAME(void *to, const void *from, const void *other, size_t bytes)                                      \
    {                                                                                                                  \
        vector_i32 *a = to, constant = {1, 2, 3, 4};                                                                   \
        const vector_i32 *b = from, *c = other;                                                                        \
        KEEP(constant);                                                                                                \
        for (size_t i = 0; i < bytes / BYTES; i += TURN) {                                                             \
            EACH_OF_TURN(DO)                                                                                           \
            MEMORY_IS_TOUCHED;                                                                                         \
        }                                                                                                              \
        END;                                                                                                           \
        (void)a, (void)b, (void)c;                                                                                     \
    }

#define READ(k)                                                                                                        \
    {                                                                                                                  \
        vector_i32 v = b[i + (k)];                                                                                     \
        CONSUME(v);                                                                                                    \
    }
#define WRITE(k) a[i + (k)] = constant;
#define COPY(k)  a[i + (k)] = b[i + (k)];
#define TRIAD(k) a[i + (k)] = b[i + (k)] + c[i + (k)];

DEFINE_STREAM(read_plain, READ, (void)0)
DEFINE_STREAM(write_plain, WRITE, (void)0)
DEFINE_STREAM(copy_plain, COPY, (void)0)
DEFINE_STREAM(triad_plain, TRIAD, (void)0)

#ifdef STREAM
#define WRITE_AROUND(k) STREAM(a + i + (k), constant);
#define COPY_AROUND(k)  STREAM(a + i + (k), b[i + (k)]);
#define TRIAD_AROUND(k) STREAM(a + i + (k), b[i + (k)] + c[i + (k)]);

DEFINE_STREAM(write_around, WRITE_AROUND, STREAM_END())
DEFINE_STREAM(copy_around, COPY_AROUND, STREAM_END())
DEFINE_STREAM(triad_around, TRIAD_AROUND, STREAM_END())
#endif

/* ---- Arithmetic: twelve chains hide a latency of six cycles at two steps a cycle, and leave registers for constants.
 */

#define CHAINS         12
#define EACH_CHAIN(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

#define DEFINE_ARITHMETIC(NAME, VECTOR, DO, OPERATIONS)                                                                \
    static double NAME(uint64_t steps)                                                                                 \
    {                                                                                                                  \
        const size_t lanes = sizeof(VECTOR) / sizeof(((VECTOR){0})[0]);                                                \
        VECTOR b = (VECTOR){0} + 1, c = {0};                                                                           \
        KEEP(b);                                                                                                       \
        KEEP(c);                                                                                                       \
        EACH_CHAIN(VECTOR##_BEGIN)                                                                                     \
        for (uint64_t step = 0; step < steps; step++) {                                                                \
            EACH_CHAIN(DO)                                                                                             \
        }                                                                                                              \
        EACH_CHAIN(END_CHAIN)                                                                                          \
        return (double)steps * CHAINS * (OPERATIONS) * (double)lanes;                                                  \
    }

#define vector_f32_BEGIN(k) vector_f32 x##k = b;
#define vector_f64_BEGIN(k) vector_f64 x##k = b;
#define vector_i32_BEGIN(k) vector_i32 x##k = b;
#define END_CHAIN(k)        CONSUME(x##k);

/* x * 1 + 0 keeps its value: no chain ever grows, or gets slow on subnormal numbers. */
#define FMA_F32(k)                                                                                                     \
    x##k = STEP_F32(x##k, b, c, k);                                                                                    \
    KEEP(x##k);
#define FMA_F64(k)                                                                                                     \
    x##k = STEP_F64(x##k, b, c, k);                                                                                    \
    KEEP(x##k);
#define ADD_I32(k)                                                                                                     \
    x##k += b;                                                                                                         \
    KEEP(x##k);

DEFINE_ARITHMETIC(fma_f32, vector_f32, FMA_F32, FLOPS_PER_STEP)
DEFINE_ARITHMETIC(fma_f64, vector_f64, FMA_F64, FLOPS_PER_STEP)
DEFINE_ARITHMETIC(add_i32, vector_i32, ADD_I32, 1)

const limits_kernels KERNELS = {
    .plain = {read_plain, write_plain, copy_plain, triad_plain},
#ifdef STREAM
    .around = {NULL, write_around, copy_around, triad_around},
#endif
    .arithmetic = {fma_f32, fma_f64, add_i32},
};
