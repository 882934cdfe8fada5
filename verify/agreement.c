/* Agreement checks: one kernel at every scale, thread count and placement of its buffers, against the reference. */
#include "verify/context.h"
#include "verify/saboteur.h"

#include "assay/memory.h"

#include <stdio.h>
#include <string.h>

/* Where the buffers of a pass lie. */
typedef struct placement {
    const char *name;
    assay_guard_side side;
    bool misaligned; /* shifted by one element */
} placement;

static const placement placements[] = {
    {"ending at a forbidden page", ASSAY_GUARD_AFTER, false},
    {"after a forbidden page", ASSAY_GUARD_BEFORE, false},
    {"misaligned", ASSAY_GUARD_BEFORE, true},
};

/* What the outputs hold before a call that does not add to them: NaN as floating-point numbers. */
enum { STALE = 0xff };

/* One scale of a kernel: inputs, prior outputs, and what the reference makes of them. */
typedef struct scale {
    const verify_kernel *kernel;
    size_t n;
    size_t in_count[VERIFY_OPERANDS], out_count[VERIFY_OPERANDS];
    void *in[VERIFY_OPERANDS], *prior[VERIFY_OPERANDS], *expected[VERIFY_OPERANDS], *actual[VERIFY_OPERANDS];
    assay_status expected_status;
} scale;

static size_t count_of(const verify_operand *operand, size_t n)
{
    return operand->count ? operand->count(n) : n;
}

static size_t bytes_of(const verify_operand *operand, size_t count)
{
    return count * verify_type_size(operand->type);
}

static void release_scale(scale *s)
{
    for (int i = 0; i < VERIFY_OPERANDS; i++) {
        assay_release(s->in[i]);
        assay_release(s->prior[i]);
        assay_release(s->expected[i]);
        assay_release(s->actual[i]);
    }
}

/* Makes the inputs of a scale, the same for every level, thread count and placement. */
static bool prepare_scale(verify_context *v, const verify_kernel *kernel, size_t n, scale *s)
{
    *s = (scale){.kernel = kernel, .n = n};
    for (int i = 0; i < VERIFY_OPERANDS; i++) {
        const verify_operand *in = &kernel->in[i], *out = &kernel->out[i];
        const uint64_t stream = ((uint64_t)n << 8) | (unsigned)i;
        if (in->name) {
            s->in_count[i] = count_of(in, n);
            s->in[i] = assay_allocate(s->in_count[i], verify_type_size(in->type));
            if (!verify_true(v, s->in[i] != NULL, "memory for %s", in->name))
                return false;
            in->fill(verify_random(v, stream), s->in[i], s->in_count[i]);
        }
        if (out->name) {
            s->out_count[i] = count_of(out, n);
            const size_t size = verify_type_size(out->type);
            s->prior[i] = assay_allocate(s->out_count[i], size);
            s->expected[i] = assay_allocate(s->out_count[i], size);
            s->actual[i] = assay_allocate(s->out_count[i], size);
            if (!verify_true(v, s->prior[i] && s->expected[i] && s->actual[i], "memory for %s", out->name))
                return false;
            memset(s->prior[i], STALE, s->out_count[i] * size);
            if (out->fill)
                out->fill(verify_random(v, stream | 128), s->prior[i], s->out_count[i]);
        }
    }
    return true;
}

static void run_reference(verify_context *v, scale *s)
{
    verify_call call = {.n = s->n};
    for (int i = 0; i < VERIFY_OPERANDS; i++) {
        call.in[i] = s->in[i];
        call.out[i] = s->expected[i];
        if (s->expected[i])
            memcpy(s->expected[i], s->prior[i], bytes_of(&s->kernel->out[i], s->out_count[i]));
    }
    verify_use_reference(v);
    s->expected_status = s->kernel->run(&call);
    verify_use_level(v, 0);
}

/* Runs the kernel between forbidden pages; its outputs are copied to s->actual. */
static bool run_guarded(verify_context *v, scale *s, const placement *where, int threads)
{
    assay_guarded in[VERIFY_OPERANDS] = {{0}}, out[VERIFY_OPERANDS] = {{0}};
    verify_call call = {.n = s->n};
    bool ready = true;
    for (int i = 0; ready && i < VERIFY_OPERANDS; i++) {
        const verify_operand *input = &s->kernel->in[i], *output = &s->kernel->out[i];
        if (input->name) {
            const size_t bytes = bytes_of(input, s->in_count[i]);
            const size_t offset = where->misaligned ? verify_type_size(input->type) : 0;
            ready = verify_ok(v, assay_guarded_allocate(&in[i], bytes, where->side, offset), "guarded %s", input->name);
            if (ready && bytes)
                memcpy(in[i].data, s->in[i], bytes);
            if (ready)
                ready = verify_ok(v, assay_guarded_protect(&in[i]), "protected %s", input->name);
            call.in[i] = in[i].data;
        }
        if (ready && output->name) {
            const size_t bytes = bytes_of(output, s->out_count[i]);
            const size_t offset = where->misaligned ? verify_type_size(output->type) : 0;
            ready =
                verify_ok(v, assay_guarded_allocate(&out[i], bytes, where->side, offset), "guarded %s", output->name);
            if (ready && bytes)
                memcpy(out[i].data, s->prior[i], bytes);
            call.out[i] = out[i].data;
        }
    }
    if (ready) {
        snprintf(v->outcome->underway, sizeof v->outcome->underway, "n = %zu, %d threads, buffers %s", s->n, threads,
                 where->name);
        verify_use_level(v, threads);
        assay_status status = s->kernel->run(&call);
        ready =
            verify_true(v, status == s->expected_status,
                        "status \"%s\" as the reference's \"%s\" (n = %zu, %d threads): %s", assay_status_name(status),
                        assay_status_name(s->expected_status), s->n, threads, status ? assay_error() : "");
        for (int i = 0; i < VERIFY_OPERANDS; i++) {
            if (s->out_count[i])
                memcpy(s->actual[i], out[i].data, bytes_of(&s->kernel->out[i], s->out_count[i]));
        }
    }
    for (int i = 0; i < VERIFY_OPERANDS; i++) {
        assay_guarded_release(&in[i]);
        assay_guarded_release(&out[i]);
    }
    return ready;
}

const char *verify_metric_unit(verify_metric metric)
{
    static const char *const units[] = {
        "different elements", "ulp", "relative norm", "absolute error", "missing elements", "misplaced elements"};
    return units[metric];
}

static bool compare_outputs(verify_context *v, const scale *s, const placement *where, int threads)
{
    for (int i = 0; i < VERIFY_OPERANDS; i++) {
        const verify_operand *out = &s->kernel->out[i];
        if (!out->name)
            continue;
        verify_difference d =
            verify_compare(s->kernel->metric, out->type, s->expected[i], s->actual[i], s->out_count[i]);
        verify_at_most(v, d.measure, s->kernel->tolerance, verify_metric_unit(s->kernel->metric),
                       "%s[%zu] of n = %zu, %d threads, buffers %s: %.9g (%a), reference %.9g (%a)", out->name, d.where,
                       s->n, threads, where->name, d.actual, d.actual, d.expected, d.expected);
        if (!(d.measure <= s->kernel->tolerance))
            return false;
    }
    return true;
}

/* Sees to it that the comparison just made would have found planted faults. */
static bool suspect_outputs(verify_context *v, const scale *s, unsigned *planted)
{
    for (int i = 0; i < VERIFY_OPERANDS; i++) {
        const verify_operand *out = &s->kernel->out[i];
        if (!out->name)
            continue;
        const char *accepted =
            saboteur_find_blindness(s->kernel->metric, s->kernel->tolerance, out->type, s->expected[i], s->actual[i],
                                    s->prior[i], s->out_count[i], verify_random(v, UINT64_MAX - (unsigned)i), planted);
        if (!verify_true(v, !accepted, "blind check: the comparison of %s accepts %s (n = %zu)", out->name,
                         accepted ? accepted : "", s->n))
            return false;
    }
    return true;
}

static bool check_scale(verify_context *v, const verify_kernel *kernel, size_t n, unsigned *planted)
{
    scale s;
    bool good = prepare_scale(v, kernel, n, &s);
    if (good) {
        run_reference(v, &s);
        for (size_t p = 0; good && p < sizeof placements / sizeof *placements; p++) {
            for (const int *threads = verify_thread_counts; good && *threads; threads++)
                good = run_guarded(v, &s, &placements[p], *threads) && compare_outputs(v, &s, &placements[p], *threads);
        }
        good = good && suspect_outputs(v, &s, planted);
    }
    release_scale(&s);
    return good;
}

static bool is_sound(verify_context *v, const verify_kernel *kernel)
{
    for (int i = 0; i < VERIFY_OPERANDS; i++) {
        const bool is_float = kernel->out[i].type == VERIFY_F32 || kernel->out[i].type == VERIFY_F64;
        if (kernel->out[i].name && kernel->metric == VERIFY_RELATIVE_NORM &&
            !verify_true(v, is_float, "a relative norm needs floating-point outputs, %s has others",
                         kernel->out[i].name))
            return false;
    }
    return verify_true(v, kernel->out[0].name && kernel->run, "the kernel has an output and something to run");
}

void verify_perform_kernel(verify_context *v, const verify_kernel *kernel)
{
    if (!is_sound(v, kernel))
        return;
    const size_t lanes = kernel->lanes ? kernel->lanes : 64;
    unsigned planted = 0;
    bool good = true;
    for (size_t n = 0; good && n <= 2 * lanes + 1; n++)
        good = check_scale(v, kernel, n, &planted);
    for (size_t i = 0; good && i < sizeof kernel->large / sizeof *kernel->large && kernel->large[i]; i++)
        good = check_scale(v, kernel, kernel->large[i], &planted);
    if (good && kernel->metric != VERIFY_SET)
        verify_true(v, planted & SABOTEUR_SWAP,
                    "blind check: no two output elements ever differ, so that a swap would pass");
}
