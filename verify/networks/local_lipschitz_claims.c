/* local_lipschitz: the paper's claims, and curves for the report. */
#include "assay/memory.h"
#include "verify/networks/local_lipschitz_checks.h"

#include <math.h>
#include <string.h>
#include <time.h>

static const size_t all_rows = LOCAL_LIPSCHITZ_ALL_ROWS;

/* What could not be measured: no data, no memory. */
static double unmeasured(verify_context *v, assay_status status)
{
    if (status == ASSAY_UNSUPPORTED) /* a data set that is not prepared */
        verify_skip(v, "%s", assay_error());
    else
        verify_note(v, "%s", assay_error());
    return NAN;
}

/* A network trained on data, with a box to be put around images that it has not seen. */
static assay_status train_case(verify_context *v, const size_t *widths, size_t n, const lipschitz_data *data,
                               size_t rows, size_t epochs, double rate, size_t batch, uint64_t seed, lipschitz_case *c)
{
    assay_network *network = NULL;
    const assay_status status = lipschitz_train(widths, n, data, rows, epochs, rate, batch, seed, &network);
    if (status == ASSAY_OK && !lipschitz_case_around(v, network, c))
        return ASSAY_NO_MEMORY;
    return status;
}

/* ---- C1: tiny networks ------------------------------------------------------------------------------------------ */

typedef struct tiny {
    double mean, worst; /* of LINEAR over exact */
    double search;      /* largest relative distance of the search from exact */
} tiny;

static double measure_tiny(verify_context *v, uint64_t seed, tiny *t)
{
    enum { NETWORKS = 6, TRAINED = 400 };
    *t = (tiny){0};
    for (uint64_t k = 0; k < NETWORKS; k++) {
        lipschitz_data data = {0};
        lipschitz_case c = {0};
        local_lipschitz_outcome outcome;
        double exact = NAN;
        const local_lipschitz_search search = {.splits = 50000, .batch = 16, .feasible = true};
        assay_status status = lipschitz_make_leaders(100 * seed + k, &data);
        if (status == ASSAY_OK)
            status = train_case(v, (size_t[]){2, 12, 12, 3}, 3, &data, TRAINED, 80, 5e-3, 32, 100 * seed + k, &c);
        if (status == ASSAY_OK) {
            lipschitz_box_around(&c, data.x, 0.1);
            status = local_lipschitz_exact(c.network, &c.box, all_rows, 1000000, &exact, NULL);
        }
        if (status == ASSAY_OK)
            status = local_lipschitz_branch_and_bound(c.network, &c.box, all_rows, NULL, &search, &outcome);
        if (status == ASSAY_OK) {
            const double ratio = lipschitz_ratio(lipschitz_value(v, &c, all_rows, LOCAL_LIPSCHITZ_LINEAR), exact);
            t->mean += ratio / NETWORKS;
            t->worst = fmax(t->worst, ratio);
            t->search = fmax(t->search, fabs(lipschitz_ratio(outcome.upper, exact) - 1));
        }
        lipschitz_data_release(&data);
        lipschitz_case_release(&c);
        if (status != ASSAY_OK)
            return unmeasured(v, status);
    }
    return 0;
}

static double measure_c1_mean(verify_context *v, uint64_t seed)
{
    tiny t;
    return measure_tiny(v, seed, &t) + t.mean;
}

static double measure_c1_worst(verify_context *v, uint64_t seed)
{
    tiny t;
    return measure_tiny(v, seed, &t) + t.worst;
}

static double measure_c1_search(verify_context *v, uint64_t seed)
{
    tiny t;
    return measure_tiny(v, seed, &t) + t.search;
}

const verify_claim lipschitz_claim_c1_mean = {
    .statement = "On tiny networks the bound is comparable to exact methods: LINEAR over the exact constant, mean of 6 "
                 "networks 2-12-12-3 on boxes of radius 0.1",
    .paper_value = "comparable",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_c1_mean,
    .low = 1 - 1e-9,
    .high = 1.15,
    .part_low = 1 - 1e-9,
    .part_high = 1.5,
    .seeds = 5};

const verify_claim lipschitz_claim_c1_worst = {
    .statement =
        "On tiny networks the bound is comparable to exact methods: LINEAR over the exact constant, worst of 6 "
        "networks 2-12-12-3 on boxes of radius 0.1",
    .paper_value = "comparable",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_c1_worst,
    .low = 1 - 1e-9,
    .high = 1.5,
    .part_low = 1 - 1e-9,
    .part_high = 2,
    .seeds = 5};

const verify_claim lipschitz_claim_c1_search = {
    .statement = "Branch and bound with linear programs finds the exact constant: largest relative difference over 6 "
                 "networks 2-12-12-3",
    .paper_value = "exact",
    .provenance = "derived",
    .unit = "relative error",
    .measure = measure_c1_search,
    .low = 0,
    .high = 1e-9,
    .seeds = 5};

/* ---- C2 and C3: digits, over width and depth --------------------------------------------------------------------- */

enum { DIGITS_TRAINED = 1500, IMAGES = 3, NETWORKS = 6 };

/* Two hidden layers of 16 to 128, then three and five of 32. */
static const size_t widths[NETWORKS][7] = {{64, 16, 16, 10},   {64, 32, 32, 10},     {64, 64, 64, 10},
                                           {64, 128, 128, 10}, {64, 32, 32, 32, 10}, {64, 32, 32, 32, 32, 32, 10}};
static const size_t layers[NETWORKS] = {3, 3, 3, 3, 4, 6};

/* Mean ratios to LINEAR over the images at eps 0.05, and the largest ratio of two methods in their order. */
typedef struct tightness {
    double recurjac, interval, naive;
    double disorder;
} tightness;

static void add_ratios(verify_context *v, const lipschitz_case *c, bool count, tightness *t)
{
    const double linear = lipschitz_value(v, c, all_rows, LOCAL_LIPSCHITZ_LINEAR);
    const double recurjac = lipschitz_value(v, c, all_rows, LOCAL_LIPSCHITZ_RECURJAC);
    const double interval = lipschitz_value(v, c, all_rows, LOCAL_LIPSCHITZ_INTERVAL);
    const double naive = lipschitz_value(v, c, all_rows, LOCAL_LIPSCHITZ_NAIVE);
    t->disorder = fmax(t->disorder, fmax(linear / recurjac, recurjac / interval));
    if (count) {
        t->recurjac += recurjac / linear / IMAGES;
        t->interval += interval / linear / IMAGES;
        t->naive += naive / linear / IMAGES;
    }
}

static assay_status measure_network(verify_context *v, const lipschitz_data *data, size_t which, uint64_t seed,
                                    tightness *t)
{
    static const double radii[] = {0.02, 0.05};
    lipschitz_case c = {0};
    *t = (tightness){0};
    const assay_status status =
        train_case(v, widths[which], layers[which], data, DIGITS_TRAINED, 40, 2e-3, 64, seed, &c);
    for (size_t i = 0; status == ASSAY_OK && i < IMAGES; i++)
        for (size_t r = 0; r < 2; r++) {
            lipschitz_box_around(&c, data->x + (DIGITS_TRAINED + i) * data->columns, radii[r]);
            add_ratios(v, &c, r == 1, t);
        }
    lipschitz_case_release(&c);
    return status;
}

/* All networks from number @p first on. */
static double measure_networks(verify_context *v, uint64_t seed, size_t first, tightness *t)
{
    lipschitz_data data = {0};
    assay_status status = lipschitz_read_digits(seed, &data);
    for (size_t which = first; status == ASSAY_OK && which < NETWORKS; which++)
        status = measure_network(v, &data, which, seed, &t[which]);
    lipschitz_data_release(&data);
    return status ? unmeasured(v, status) : 0;
}

static double measure_c2_order(verify_context *v, uint64_t seed)
{
    tightness t[NETWORKS] = {{0}};
    double worst = measure_networks(v, seed, 0, t);
    for (size_t which = 0; which < NETWORKS; which++)
        worst = isnan(worst) ? worst : fmax(worst, t[which].disorder);
    return worst;
}

static double measure_c2_recurjac(verify_context *v, uint64_t seed)
{
    tightness t[NETWORKS] = {{0}};
    double least = measure_networks(v, seed, 1, t) + INFINITY;
    for (size_t which = 1; which < NETWORKS; which++)
        least = isnan(least) ? least : fmin(least, t[which].recurjac);
    return least;
}

static double measure_c2_naive(verify_context *v, uint64_t seed)
{
    tightness t[NETWORKS] = {{0}};
    double least = measure_networks(v, seed, 1, t) + INFINITY;
    for (size_t which = 1; which < NETWORKS; which++)
        least = isnan(least) ? least : fmin(least, t[which].naive);
    return least;
}

/* By how much a ratio grows with depth, at least: from 3 to 4 and from 4 to 6 layers, width 32. */
static double measure_c3_recurjac(verify_context *v, uint64_t seed)
{
    tightness t[NETWORKS] = {{0}};
    const double failed = measure_networks(v, seed, 1, t);
    return failed + fmin(t[4].recurjac / t[1].recurjac, t[5].recurjac / t[4].recurjac);
}

static double measure_c3_naive(verify_context *v, uint64_t seed)
{
    tightness t[NETWORKS] = {{0}};
    const double failed = measure_networks(v, seed, 1, t);
    return failed + fmin(t[4].naive / t[1].naive, t[5].naive / t[4].naive);
}

const verify_claim lipschitz_claim_c2_order = {
    .statement = "Tighter than relaxed and naive bounds: the largest of LINEAR / RECURJAC and RECURJAC / INTERVAL, "
                 "digits, widths 16 to 128 and 3 to 6 layers, eps 0.02 and 0.05",
    .paper_value = "tighter",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_c2_order,
    .low = 0,
    .high = 1 + 1e-9,
    .seeds = 5};

const verify_claim lipschitz_claim_c2_recurjac = {
    .statement = "Tighter than RecurJac on larger models: mean RECURJAC / LINEAR at eps 0.05, least of the networks of "
                 "width 32 and more",
    .paper_value = "tighter",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_c2_recurjac,
    .low = 1.05,
    .high = INFINITY,
    .part_low = 1.01,
    .part_high = INFINITY,
    .seeds = 5};

const verify_claim lipschitz_claim_c2_naive = {
    .statement = "Tighter than the product of norms on larger models: mean NAIVE / LINEAR at eps 0.05, least of the "
                 "networks of width 32 and more",
    .paper_value = "tighter",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_c2_naive,
    .low = 8,
    .high = INFINITY,
    .part_low = 2,
    .part_high = INFINITY,
    .seeds = 5};

const verify_claim lipschitz_claim_c3_naive = {
    .statement = "The gap to the product of norms widens with depth: least growth of mean NAIVE / LINEAR from 3 to 4 "
                 "and from 4 to 6 layers of width 32",
    .paper_value = "widens",
    .provenance = "recalled",
    .unit = "ratio",
    .measure = measure_c3_naive,
    .low = 1,
    .high = INFINITY,
    .seeds = 5};

const verify_claim lipschitz_claim_c3_recurjac = {
    .statement = "The gap to RecurJac widens with depth: least growth of mean RECURJAC / LINEAR from 3 to 4 and from 4 "
                 "to 6 layers of width 32",
    .paper_value = "widens",
    .provenance = "recalled",
    .unit = "ratio",
    .measure = measure_c3_recurjac,
    .low = 1,
    .high = INFINITY,
    .part_low = 0.9,
    .part_high = INFINITY,
    .seeds = 5};

/* ---- C4 and C7: the search --------------------------------------------------------------------------------------- */

enum { SPLITS = 400 };

/* The output with the largest bound. */
static size_t worst_row(verify_context *v, const lipschitz_case *c)
{
    size_t worst = 0;
    double largest = 0;
    for (size_t j = 0; j < c->shape.outputs; j++) {
        const double value = lipschitz_value(v, c, j, LOCAL_LIPSCHITZ_LINEAR);
        worst = value > largest ? j : worst;
        largest = fmax(largest, value);
    }
    return worst;
}

static assay_status run_search(const lipschitz_case *c, size_t row, local_lipschitz_heuristic heuristic,
                               local_lipschitz_split *history, local_lipschitz_outcome *outcome)
{
    const local_lipschitz_search search = {
        .splits = SPLITS, .batch = 1, .heuristic = heuristic, .history = history, .history_count = SPLITS};
    return local_lipschitz_branch_and_bound(c->network, &c->box, row, NULL, &search, outcome);
}

/* Splits until the bound is within 1 per cent of @p end; more than there are if it never is. */
static double splits_to(const local_lipschitz_split *history, const local_lipschitz_outcome *outcome, double end)
{
    if (outcome->root <= 1.01 * end)
        return 0;
    for (size_t i = 0; i < outcome->splits; i++)
        if (history[i].bound <= 1.01 * end)
            return (double)i + 1;
    return SPLITS + 1;
}

typedef struct searched {
    double gain;      /* upper bound over LINEAR */
    double area, gap; /* splits to within 1 per cent of the best end */
} searched;

static double search_images(verify_context *v, uint64_t seed, bool both, searched *s)
{
    lipschitz_data data = {0};
    lipschitz_case c = {0};
    local_lipschitz_split area_history[SPLITS], gap_history[SPLITS];
    local_lipschitz_outcome area = {0}, gap = {0};
    assay_status status = lipschitz_read_digits(seed, &data);
    if (status == ASSAY_OK)
        status = train_case(v, widths[1], layers[1], &data, DIGITS_TRAINED, 40, 2e-3, 64, seed, &c);
    for (size_t i = 0; status == ASSAY_OK && i < IMAGES; i++) {
        lipschitz_box_around(&c, data.x + (DIGITS_TRAINED + i) * data.columns, 0.05);
        const size_t row = worst_row(v, &c);
        status = run_search(&c, row, LOCAL_LIPSCHITZ_AREA, area_history, &area);
        if (status == ASSAY_OK && both)
            status = run_search(&c, row, LOCAL_LIPSCHITZ_GAP, gap_history, &gap);
        const double end = both ? fmin(area.upper, gap.upper) : area.upper;
        s[i] = (searched){area.upper / area.root, splits_to(area_history, &area, end),
                          both ? splits_to(gap_history, &gap, end) : NAN};
    }
    lipschitz_data_release(&data);
    lipschitz_case_release(&c);
    return status ? unmeasured(v, status) : 0;
}

static double measure_c4(verify_context *v, uint64_t seed)
{
    searched s[IMAGES] = {{0}};
    const double failed = search_images(v, seed, false, s);
    double worst = 0;
    for (size_t i = 0; !isnan(failed) && i < IMAGES; i++)
        worst = fmax(worst, s[i].gain);
    return failed + worst;
}

static double measure_c7_each(verify_context *v, uint64_t seed)
{
    searched s[IMAGES] = {{0}};
    const double failed = search_images(v, seed, true, s);
    double worst = 0;
    for (size_t i = 0; !isnan(failed) && i < IMAGES; i++)
        worst = fmax(worst, (1 + s[i].area) / (1 + s[i].gap));
    return failed + worst;
}

static double measure_c7_most(verify_context *v, uint64_t seed)
{
    searched s[IMAGES] = {{0}};
    const double failed = search_images(v, seed, true, s);
    double fewer = 0;
    for (size_t i = 0; !isnan(failed) && i < IMAGES; i++)
        fewer += s[i].area < s[i].gap;
    return failed + fewer;
}

const verify_claim lipschitz_claim_c4 = {
    .statement = "Branch and bound tightens the bound further: upper bound after at most 400 splits over LINEAR, worst "
                 "of 3 digits, 64-32-32-10, eps 0.05",
    .paper_value = "tightens further",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_c4,
    .low = 0,
    .high = 0.95,
    .part_low = 0,
    .part_high = 0.99,
    .seeds = 5};

const verify_claim lipschitz_claim_c7_each = {
    .statement = "The area heuristic needs few splits: 1 + splits to within 1 per cent of the end, over those of the "
                 "gap score, worst of 3 digits",
    .paper_value = "at most twice",
    .provenance = "derived",
    .unit = "ratio",
    .measure = measure_c7_each,
    .low = 0,
    .high = 2,
    .seeds = 5};

const verify_claim lipschitz_claim_c7_most = {
    .statement = "The area heuristic needs fewer splits than the gap score, on how many of 3 digits",
    .paper_value = "most",
    .provenance = "derived",
    .unit = "digits",
    .measure = measure_c7_most,
    .low = 2,
    .high = 3,
    .part_low = 1,
    .part_high = 3,
    .seeds = 5};

/* ---- C5: RecurJac ------------------------------------------------------------------------------------------------ */

static double measure_c5(verify_context *v, uint64_t seed)
{
    double worst = 0;
    for (size_t t = 0; t < 60; t++) {
        lipschitz_case c;
        if (!lipschitz_case_random(v, false, (assay_random){seed, 10000 + 200 * t}, &c))
            return NAN;
        for (size_t row = 0; row < 3; row++)
            worst = fmax(worst, lipschitz_ratio(lipschitz_value(v, &c, row, LOCAL_LIPSCHITZ_LINEAR),
                                                lipschitz_value(v, &c, row, LOCAL_LIPSCHITZ_RECURJAC)));
        lipschitz_case_release(&c);
    }
    return worst;
}

const verify_claim lipschitz_claim_c5 = {
    .statement = "RecurJac is a special case with weaker relaxations: largest LINEAR / RECURJAC of 60 random networks, "
                 "3 rows each",
    .paper_value = "at most 1",
    .provenance = "paper",
    .unit = "ratio",
    .measure = measure_c5,
    .low = 0,
    .high = 1 + 1e-12,
    .seeds = 5};

/* ---- C6: monotonicity ---------------------------------------------------------------------------------------------
 */

enum { SAMPLES = 20, CANCER_TRAINED = 450 };

typedef struct proofs {
    double linear, recurjac, interval;
    double sampled; /* pairs whose sampled slopes have one sign */
} proofs;

static bool sampled_monotone(const lipschitz_case *c, size_t feature, uint64_t seed)
{
    double x[32], jacobian[32], low = INFINITY, high = -INFINITY;
    for (size_t t = 0; t < 200; t++) {
        lipschitz_point(c, (assay_random){seed, 710}, t, x);
        if (local_lipschitz_jacobian(c->network, x, 1, jacobian))
            return false;
        low = fmin(low, jacobian[feature]);
        high = fmax(high, jacobian[feature]);
    }
    return low >= 0 || high <= 0;
}

static assay_status prove(const lipschitz_case *c, size_t feature, local_lipschitz_method method, double *count)
{
    local_lipschitz_direction direction = LOCAL_LIPSCHITZ_UNKNOWN;
    const assay_status status = local_lipschitz_monotone(c->network, &c->box, 1, feature, method, NULL, &direction);
    *count += direction != LOCAL_LIPSCHITZ_UNKNOWN;
    return status;
}

static double count_proofs(verify_context *v, uint64_t seed, proofs *p)
{
    lipschitz_data data = {0};
    lipschitz_case c = {0};
    *p = (proofs){0};
    assay_status status = lipschitz_read_cancer(seed, &data);
    if (status == ASSAY_OK)
        status = train_case(v, (size_t[]){30, 32, 32, 2}, 3, &data, CANCER_TRAINED, 30, 2e-3, 32, seed, &c);
    for (size_t i = 0; status == ASSAY_OK && i < SAMPLES; i++)
        for (size_t f = 0; status == ASSAY_OK && f < data.columns; f++) {
            lipschitz_box_around(&c, data.x + (CANCER_TRAINED + i) * data.columns, 0);
            c.low[f] = 0;
            c.high[f] = 1;
            status = prove(&c, f, LOCAL_LIPSCHITZ_LINEAR, &p->linear);
            if (status == ASSAY_OK)
                status = prove(&c, f, LOCAL_LIPSCHITZ_RECURJAC, &p->recurjac);
            if (status == ASSAY_OK)
                status = prove(&c, f, LOCAL_LIPSCHITZ_INTERVAL, &p->interval);
            p->sampled += sampled_monotone(&c, f, seed);
        }
    lipschitz_data_release(&data);
    lipschitz_case_release(&c);
    if (status != ASSAY_OK)
        return unmeasured(v, status);
    verify_note(v, "LINEAR proves %g, RECURJAC %g, INTERVAL %g of 600; %g are monotone where sampled", p->linear,
                p->recurjac, p->interval, p->sampled);
    return 0;
}

static double measure_c6_interval(verify_context *v, uint64_t seed)
{
    proofs p;
    return count_proofs(v, seed, &p) + p.recurjac - p.interval;
}

static double measure_c6_recurjac(verify_context *v, uint64_t seed)
{
    proofs p;
    return count_proofs(v, seed, &p) + p.linear - p.recurjac;
}

static double measure_c6_sampled(verify_context *v, uint64_t seed)
{
    proofs p;
    return count_proofs(v, seed, &p) + p.linear - p.sampled;
}

const verify_claim lipschitz_claim_c6_interval = {
    .statement = "Monotonicity is proved more often: proofs by RECURJAC less those by INTERVAL, of 600 pairs of sample "
                 "and feature (LINEAR proves no fewer than RECURJAC)",
    .paper_value = "more",
    .provenance = "paper",
    .unit = "proofs",
    .measure = measure_c6_interval,
    .low = 1,
    .high = INFINITY,
    .seeds = 5};

const verify_claim lipschitz_claim_c6_recurjac = {
    .statement = "Monotonicity is proved more often: proofs by LINEAR less those by RECURJAC, of 600 pairs of sample "
                 "and feature",
    .paper_value = "not fewer",
    .provenance = "paper",
    .unit = "proofs",
    .measure = measure_c6_recurjac,
    .low = 0,
    .high = INFINITY,
    .seeds = 5};

const verify_claim lipschitz_claim_c6_sampled = {
    .statement = "What is proved to be monotone is: proofs by LINEAR less the pairs that are monotone where sampled",
    .paper_value = "not above 0",
    .provenance = "derived",
    .unit = "pairs",
    .measure = measure_c6_sampled,
    .low = -INFINITY,
    .high = 0,
    .seeds = 5};

/* ---- C8: practical models ------------------------------------------------------------------------------------------
 */

enum { MNIST_TRAINED = 6000 };

/* A network trained on MNIST, and a box around an image that it has not seen. */
static assay_status make_mnist(verify_context *v, bool large, uint64_t seed, lipschitz_case *c)
{
    static const size_t medium_widths[] = {784, 256, 256, 10}, large_widths[] = {784, 512, 512, 512, 512, 10};
    lipschitz_data data = {0};
    assay_status status = lipschitz_read_mnist(seed, MNIST_TRAINED + 1, &data);
    if (status == ASSAY_OK)
        status = train_case(v, large ? large_widths : medium_widths, large ? 5 : 3, &data, MNIST_TRAINED, 4, 1e-3, 128,
                            seed, c);
    if (status == ASSAY_OK)
        lipschitz_box_around(c, data.x + MNIST_TRAINED * data.columns, 0.01);
    lipschitz_data_release(&data);
    return status;
}

/* What this process has computed, all threads together: at least what the clock would say of an idle machine. */
static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The largest of three ratios of LINEAR to another bound and of its time, each over what it is allowed to be. */
static double measure_c8(verify_context *v, uint64_t seed, bool large, const double *allowed)
{
    lipschitz_case c = {0};
    const assay_status status = make_mnist(v, large, seed, &c);
    if (status != ASSAY_OK)
        return unmeasured(v, status);
    const double start = processor_seconds();
    const double linear = lipschitz_value(v, &c, all_rows, LOCAL_LIPSCHITZ_LINEAR);
    const double seconds = processor_seconds() - start;
    const double ratios[] = {linear / lipschitz_value(v, &c, all_rows, LOCAL_LIPSCHITZ_RECURJAC),
                             linear / lipschitz_value(v, &c, all_rows, LOCAL_LIPSCHITZ_INTERVAL),
                             linear / lipschitz_value(v, &c, all_rows, LOCAL_LIPSCHITZ_NAIVE)};
    verify_note(v, "LINEAR is %.3g of RECURJAC, %.3g of INTERVAL, %.3g of NAIVE, in %.3g s (last seed)", ratios[0],
                ratios[1], ratios[2], seconds);
    lipschitz_case_release(&c);
    return fmax(fmax(ratios[0] / allowed[0], ratios[1] / allowed[1]),
                fmax(ratios[2] / allowed[2], seconds / allowed[3]));
}

static double measure_c8_medium(verify_context *v, uint64_t seed)
{
    return measure_c8(v, seed, false, (double[]){0.8, 0.35, 0.05, 0.3});
}

static double measure_c8_large(verify_context *v, uint64_t seed)
{
    return measure_c8(v, seed, true, (double[]){0.4, 0.1, 0.01, 2});
}

/* On the digits, where a linear program takes a millisecond and not, as with 784 inputs, a second. */
static double measure_c8_refused(verify_context *v, uint64_t seed)
{
    enum { LIMIT = 5000 };
    lipschitz_data data = {0};
    lipschitz_case c = {0};
    double value;
    assay_status status = lipschitz_read_digits(seed, &data);
    if (status == ASSAY_OK)
        status = train_case(v, widths[2], layers[2], &data, DIGITS_TRAINED, 40, 2e-3, 64, seed, &c);
    if (status == ASSAY_OK)
        lipschitz_box_around(&c, data.x + DIGITS_TRAINED * data.columns, 0.05);
    lipschitz_data_release(&data);
    if (status != ASSAY_OK)
        return unmeasured(v, status);
    const double refused = local_lipschitz_exact(c.network, &c.box, 0, LIMIT, &value, NULL) == ASSAY_NOT_CONVERGED;
    lipschitz_case_release(&c);
    return refused;
}

const verify_claim lipschitz_claim_c8_medium = {
    .statement =
        "Far tighter on practical models: LINEAR over 0.8 RECURJAC, 0.35 INTERVAL and 0.05 NAIVE, and its time "
        "over 0.3 s, the largest of these, MNIST 784-256-256-10, all rows, eps 0.01",
    .paper_value = "tighter",
    .provenance = "paper",
    .unit = "of what is allowed",
    .measure = measure_c8_medium,
    .low = 0,
    .high = 1,
    .part_low = 0,
    .part_high = 1.25,
    .seeds = 5};

const verify_claim lipschitz_claim_c8_large = {
    .statement = "Far tighter on practical models: LINEAR over 0.4 RECURJAC, 0.1 INTERVAL and 0.01 NAIVE, and its time "
                 "over 2 s, the largest of these, MNIST 784-512-512-512-512-10, all rows, eps 0.01",
    .paper_value = "tighter",
    .provenance = "paper",
    .unit = "of what is allowed",
    .measure = measure_c8_large,
    .low = 0,
    .high = 1,
    .part_low = 0,
    .part_high = 2,
    .seeds = 5};

const verify_claim lipschitz_claim_c8_refused = {
    .statement =
        "Exact methods cannot handle practical models: enumeration of 64-64-64-10 on a digit, eps 0.05, exceeds "
        "5000 linear programs (1 if so)",
    .paper_value = "cannot",
    .provenance = "paper",
    .unit = "",
    .measure = measure_c8_refused,
    .low = 1,
    .high = 1,
    .seeds = 5};

/* ---- Curves ---------------------------------------------------------------------------------------------------------
 */

static void record_depth(verify_context *v, const tightness *t)
{
    static const double depth[] = {3, 4, 6};
    const struct {
        const char *label;
        double y[3];
    } lines[] = {{"RECURJAC", {t[1].recurjac, t[4].recurjac, t[5].recurjac}},
                 {"INTERVAL", {t[1].interval, t[4].interval, t[5].interval}},
                 {"NAIVE", {t[1].naive, t[4].naive, t[5].naive}}};
    for (size_t i = 0; i < 3; i++)
        verify_record_series(v, &(assay_series){.chart = "bounds over LINEAR, digits, width 32, eps 0.05",
                                                .label = lines[i].label,
                                                .style = ASSAY_LINE,
                                                .x_label = "layers",
                                                .y_label = "mean ratio of bounds",
                                                .y_log = 1,
                                                .count = 3,
                                                .x = depth,
                                                .y = lines[i].y});
}

static void record_search(verify_context *v, const lipschitz_case *c)
{
    const size_t row = worst_row(v, c);
    const char *const labels[] = {"area", "gap"};
    for (int h = 0; h < 2; h++) {
        local_lipschitz_split history[SPLITS];
        local_lipschitz_outcome outcome;
        double splits[SPLITS + 1] = {0}, bounds[SPLITS + 1];
        if (!verify_ok(v, run_search(c, row, (local_lipschitz_heuristic)h, history, &outcome), "search"))
            return;
        bounds[0] = outcome.root - outcome.lower;
        for (size_t i = 0; i < outcome.splits; i++) {
            splits[i + 1] = (double)i + 1;
            bounds[i + 1] = history[i].bound - outcome.lower;
            verify_true(v, bounds[i + 1] <= bounds[i], "the bound falls");
        }
        verify_record_convergence(v, "branch and bound, digits, 64-32-32-10", labels[h], VERIFY_ITERATIONS,
                                  "upper less lower bound", splits, bounds, outcome.splits + 1);
        verify_record_count(v, "digits 64-32-32-10", labels[h], "splits", (double)outcome.splits, SPLITS);
    }
}

void lipschitz_record_curves(verify_context *v)
{
    tightness t[NETWORKS] = {{0}};
    lipschitz_data data = {0};
    lipschitz_case c = {0};
    if (!verify_true(v, !isnan(measure_networks(v, verify_seed_of(v), 1, t)), "%s", assay_error()))
        return;
    for (size_t which = 1; which < NETWORKS; which++)
        verify_at_least(v, t[which].recurjac, 1, "ratio", "RECURJAC over LINEAR, network %zu", which);
    record_depth(v, t);
    if (verify_ok(v, lipschitz_read_digits(verify_seed_of(v), &data), "digits") &&
        verify_ok(v, train_case(v, widths[1], layers[1], &data, DIGITS_TRAINED, 40, 2e-3, 64, verify_seed_of(v), &c),
                  "training")) {
        lipschitz_box_around(&c, data.x + DIGITS_TRAINED * data.columns, 0.05);
        record_search(v, &c);
    }
    lipschitz_data_release(&data);
    lipschitz_case_release(&c);
}
