/**
 * @file status.h
 * Status codes and the detail message of the last failure.
 *
 * Every public function that can fail returns an assay_status. Nothing in the library prints or exits: what went
 * wrong in words (which argument, which value, which range) is to be had from assay_error().
 */
#ifndef ASSAY_STATUS_H
#define ASSAY_STATUS_H

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "this is a big-endian machine; assay is for little-endian ones (x86-64, AArch64, ...)"
#endif

/**
 * @def ASSAY_BEGIN_DECLARATIONS
 * Before the declarations of a public header: C linkage for C++, and visible in the shared library.
 *
 * @def ASSAY_END_DECLARATIONS
 * After them.
 */
#ifdef __cplusplus
#define ASSAY_BEGIN_DECLARATIONS                                                                                       \
    extern "C" {                                                                                                       \
    _Pragma("GCC visibility push(default)")
#define ASSAY_END_DECLARATIONS                                                                                         \
    _Pragma("GCC visibility pop")                                                                                      \
    }
#else
#define ASSAY_BEGIN_DECLARATIONS _Pragma("GCC visibility push(default)")
#define ASSAY_END_DECLARATIONS   _Pragma("GCC visibility pop")
#endif

ASSAY_BEGIN_DECLARATIONS

/** What became of a call. */
typedef enum assay_status {
    ASSAY_OK = 0,           /**< done */
    ASSAY_INVALID_ARGUMENT, /**< an argument is null, malformed, or contradicts another one */
    ASSAY_OUT_OF_RANGE,     /**< a number is outside its documented range */
    ASSAY_NO_MEMORY,        /**< an allocation failed, or a size does not fit in size_t */
    ASSAY_IO,               /**< the system refused to open, read or write */
    ASSAY_BAD_DATA,         /**< a file or text is truncated, malformed or of the wrong shape */
    ASSAY_MISMATCH,         /**< two things that must belong together do not (a saved state of another configuration) */
    ASSAY_NOT_CONVERGED,    /**< an iteration ended without reaching its goal */
    ASSAY_UNSUPPORTED,      /**< this machine or this build lacks something that is needed */
    ASSAY_INTERRUPTED,      /**< stopped on request; what was finished is kept */
    ASSAY_SINGULAR          /**< a matrix is singular or not positive definite, to working precision */
} assay_status;

/** The name of a status in lower-case words, e.g. "out of range"; never null. */
const char *assay_status_name(assay_status status);

/** The detail message of this thread's last failure; an empty string if there was none. Valid until the next failure.
 *  Control characters in what it quotes are replaced by '?'. */
const char *assay_error(void);

/**
 * Records the detail message of a failure for this thread and returns @p status, so that a function can say
 * `return assay_fail(ASSAY_OUT_OF_RANGE, "k is %u, must be 1 to 23", k);`.
 */
assay_status assay_fail(assay_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

ASSAY_END_DECLARATIONS

#endif
