/* What is timed: a line and a frame of an image. */
#include "blend.h"

#include <assay/bench.h>
#include <assay/memory.h>

#include <string.h>

typedef struct images {
    uint8_t *a, *b, *weight, *out;
} images;

static uint8_t *make_image(assay_random r, size_t n)
{
    uint8_t *image = assay_allocate(n, 1);
    for (size_t i = 0; image && i < n; i++)
        image[i] = (uint8_t)(assay_random_bits(r, i) >> 24);
    return image;
}

static assay_status set_up(bench_state *state)
{
    images *x = assay_allocate(1, sizeof *x);
    if (!x)
        return ASSAY_NO_MEMORY;
    state->data = x;
    const assay_random r = state->random;
    x->a = make_image(r, state->size);
    x->b = make_image((assay_random){r.seed, r.stream + 1}, state->size);
    x->weight = make_image((assay_random){r.seed, r.stream + 2}, state->size);
    x->out = assay_allocate(state->size, 1);
    state->bytes_read = 3 * (double)state->size;
    state->bytes_written = state->items = (double)state->size;
    return x->a && x->b && x->weight && x->out ? ASSAY_OK : ASSAY_NO_MEMORY;
}

static void tear_down(bench_state *state)
{
    images *x = state->data;
    if (x) {
        assay_release(x->a);
        assay_release(x->b);
        assay_release(x->weight);
        assay_release(x->out);
    }
    assay_release(x);
}

static assay_status run_ours(bench_state *state)
{
    images *x = state->data;
    const assay_status status = blend(x->a, x->b, x->weight, state->size, x->out);
    bench_consume(x->out);
    return status;
}

/* A peer is anybody's code that does the same job; here the least that can be done with as many bytes. */
static assay_status run_copy(bench_state *state)
{
    images *x = state->data;
    memcpy(x->out, x->a, state->size);
    bench_consume(x->out);
    return ASSAY_OK;
}

static const bench_workload workloads[] = {
    {.name = "image",
     .sizes = {1920, 1920 * 1080},
     .size_label = "pixels",
     .setup = set_up,
     .teardown = tear_down,
     .run = run_ours,
     .peers = {{.name = "memcpy", .note = "copies one image: no blending", .run = run_copy, .single_thread = true}}},
};

BENCH_WORKLOADS(blend, workloads);
