/* What must hold. */
#include "blend.h"

#include <assay/random.h>
#include <assay/verify.h>

/* Agreement with the reference: the harness does it at every CPU level, length, alignment and number of threads,
 * between forbidden pages, and sees to it that the comparison would reject a wrong result. */
static void fill_bytes(assay_random r, void *data, size_t count)
{
    uint8_t *bytes = data;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(assay_random_bits(r, i) >> 24);
}

static assay_status call_blend(const verify_call *call)
{
    return blend(call->in[0], call->in[1], call->in[2], call->n, call->out[0]);
}

static const verify_kernel blend_kernel = {
    .in = {{.name = "a", .type = VERIFY_U8, .fill = fill_bytes},
           {.name = "b", .type = VERIFY_U8, .fill = fill_bytes},
           {.name = "weight", .type = VERIFY_U8, .fill = fill_bytes}},
    .out = {{.name = "out", .type = VERIFY_U8}},
    .run = call_blend,
    .metric = VERIFY_BITWISE,
    .tolerance = 0, /* the header promises the exact result */
    .lanes = 32,
    .large = {1920, 100003},
};

/* Truth: all 2^24 pixels. The nearest integer to sum / 255 is less than 255 / 2 from it. */
static void check_all_pixels(verify_context *v)
{
    static uint8_t a[65536], b[65536], weight[65536], out[65536];
    for (int w = 0; w < 256; w++) {
        for (int i = 0; i < 65536; i++) {
            a[i] = (uint8_t)(i >> 8);
            b[i] = (uint8_t)i;
            weight[i] = (uint8_t)w;
        }
        if (!verify_ok(v, blend(a, b, weight, 65536, out), "weight %d", w))
            return;
        for (int i = 0; i < 65536; i++) {
            const int twice_error = 2 * (255 * out[i] - (a[i] * w + b[i] * (255 - w)));
            if (twice_error > 255 || twice_error < -255) {
                verify_true(v, false, "%d and %d with weight %d give %d", a[i], b[i], w, out[i]);
                return;
            }
        }
    }
    verify_at_most(v, 0, 0, "wrong pixels", "all 2^24");
}

static void check_rejections(verify_context *v)
{
    uint8_t x[1] = {1}, out[1] = {7};
    verify_rejects(v, blend(NULL, x, x, 1, out), ASSAY_INVALID_ARGUMENT, "a", "a null");
    verify_rejects(v, blend(x, NULL, x, 1, out), ASSAY_INVALID_ARGUMENT, "b", "b null");
    verify_rejects(v, blend(x, x, NULL, 1, out), ASSAY_INVALID_ARGUMENT, "weight", "weight null");
    verify_rejects(v, blend(x, x, x, 1, NULL), ASSAY_INVALID_ARGUMENT, "out", "out null");
    verify_true(v, out[0] == 7, "the output is touched by a call that is refused");
    verify_true(v, blend(NULL, NULL, NULL, 0, NULL) == ASSAY_OK, "nothing to be blended is an error");
}

static const verify_check checks[] = {
    {.name = "agrees", .kernel = &blend_kernel},
    {.name = "all_pixels", .kind = ASSAY_ORACLE, .workload = "all 2^24", .every_level = true, .run = check_all_pixels},
    {.name = "rejects", .kind = ASSAY_REJECTION, .every_level = true, .run = check_rejections},
};

VERIFY_CHECKS(blend, checks);
