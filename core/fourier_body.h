/*
 * The transforms of one precision, included twice. REAL is the type, FFTW(name) FFTW's name and PUBLIC(name) ours.
 *
 * All transforms run from one aligned array to another: arrays that are not so are copied, because a plan for them
 * would be another one and round differently.
 */

/* A plan that is kept, or made for one call if all places are taken. */
typedef struct transform {
    transform_key key;
    FFTW(plan) plan;
    unsigned users;
    unsigned long used; /* by the clock below */
} transform;

/* FFTW's planner serves one thread at a time, and so does the cache. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

static transform cache[TRANSFORMS];
static unsigned long cache_clock;

static FFTW(plan) make_plan(const transform_key *key, REAL *in, REAL *out)
{
    FFTW(complex) *complex_in = (FFTW(complex) *)in, *complex_out = (FFTW(complex) *)out;
    switch (key->kind) {
    case REAL_FORWARD:
        return FFTW(plan_dft_r2c)((int)key->dimensions, key->shape, in, complex_out,
                                  FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    case REAL_INVERSE:
        return FFTW(plan_dft_c2r)((int)key->dimensions, key->shape, complex_in, out,
                                  FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    case FORWARD:
    case INVERSE: break;
    }
    return FFTW(plan_dft)((int)key->dimensions, key->shape, complex_in, complex_out,
                          key->kind == FORWARD ? FFTW_FORWARD : FFTW_BACKWARD, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
}

/* The place of a shape, else the one to be taken for it: an empty one or the one longest unused; null if all are busy.
 */
static transform *find_place(const transform_key *key)
{
    transform *place = NULL;
    for (size_t i = 0; i < TRANSFORMS; i++) {
        transform *t = &cache[i];
        if (t->plan && memcmp(&t->key, key, sizeof *key) == 0)
            return t;
        if (t->users == 0 && (!place || (place->plan && (!t->plan || t->used < place->used))))
            place = t;
    }
    return place;
}

/* A plan for arrays that are aligned like these two; *kept is its place, null if it has none and is the caller's. */
static FFTW(plan) borrow_plan(const transform_key *key, REAL *in, REAL *out, transform **kept)
{
    pthread_mutex_lock(&planner);
    transform *place = find_place(key);
    FFTW(plan) plan = NULL;
    if (place && place->plan && memcmp(&place->key, key, sizeof *key) == 0) {
        plan = place->plan;
    } else {
        plan = make_plan(key, in, out);
        if (plan && place) {
            if (place->plan)
                FFTW(destroy_plan)(place->plan);
            *place = (transform){.key = *key, .plan = plan};
        }
    }
    if (plan && place) {
        place->users++;
        place->used = ++cache_clock;
    }
    *kept = plan ? place : NULL;
    pthread_mutex_unlock(&planner);
    return plan;
}

static void return_plan(FFTW(plan) plan, transform *kept)
{
    pthread_mutex_lock(&planner);
    if (kept)
        kept->users--;
    else
        FFTW(destroy_plan)(plan);
    pthread_mutex_unlock(&planner);
}

static void execute(FFTW(plan) plan, transform_kind kind, REAL *in, REAL *out)
{
    if (kind == REAL_FORWARD)
        FFTW(execute_dft_r2c)(plan, in, (FFTW(complex) *)out);
    else if (kind == REAL_INVERSE)
        FFTW(execute_dft_c2r)(plan, (FFTW(complex) *)in, out);
    else
        FFTW(execute_dft)(plan, (FFTW(complex) *)in, (FFTW(complex) *)out);
}

static bool is_aligned(const REAL *x)
{
    return (uintptr_t)x % ASSAY_ALIGNMENT == 0;
}

/* From in to out, both aligned and apart; in may be written. */
static assay_status run(const transform_key *key, size_t elements, size_t out_count, REAL *in, REAL *out)
{
    transform *kept;
    FFTW(plan) plan = borrow_plan(key, in, out, &kept);
    if (!plan)
        return assay_fail(ASSAY_NO_MEMORY, "FFTW has no plan for a transform of %zu elements", elements);
    execute(plan, key->kind, in, out);
    return_plan(plan, kept);
    const bool inverse = key->kind == INVERSE || key->kind == REAL_INVERSE;
    const REAL factor = 1 / (REAL)elements;
    for (size_t i = 0; inverse && i < out_count; i++)
        out[i] *= factor;
    return ASSAY_OK;
}

static assay_status transform_array(transform_kind kind, size_t dimensions, const size_t *shape, const REAL *in,
                                    REAL *out)
{
    transform_key key;
    size_t elements, in_count, out_count;
    assay_status status =
        fourier_make_key(kind, dimensions, shape, sizeof(REAL), &key, &elements, &in_count, &out_count);
    if (status == ASSAY_OK)
        status = fourier_check_arrays(in, in_count * sizeof *in, out, out_count * sizeof *out,
                                      kind == FORWARD || kind == INVERSE);
    if (status != ASSAY_OK)
        return status;
    /* The inverse of the real transform destroys its input. */
    const bool copy_in = kind == REAL_INVERSE || in == out || !is_aligned(in), copy_out = !is_aligned(out);
    REAL *own_in = copy_in ? assay_allocate(in_count, sizeof *own_in) : NULL;
    REAL *own_out = copy_out ? assay_allocate(out_count, sizeof *own_out) : NULL;
    if ((copy_in && !own_in) || (copy_out && !own_out)) {
        status = assay_fail(ASSAY_NO_MEMORY, "no memory to transform %zu elements", elements);
    } else {
        if (copy_in)
            memcpy(own_in, in, in_count * sizeof *in);
        status = run(&key, elements, out_count, copy_in ? own_in : (REAL *)in, copy_out ? own_out : out);
        if (status == ASSAY_OK && copy_out)
            memcpy(out, own_out, out_count * sizeof *out);
    }
    assay_release(own_in);
    assay_release(own_out);
    return status;
}

assay_status PUBLIC(assay_fourier_forward)(size_t dimensions, const size_t *shape, const REAL *in, REAL *out)
{
    return transform_array(FORWARD, dimensions, shape, in, out);
}

assay_status PUBLIC(assay_fourier_inverse)(size_t dimensions, const size_t *shape, const REAL *in, REAL *out)
{
    return transform_array(INVERSE, dimensions, shape, in, out);
}

assay_status PUBLIC(assay_fourier_real_forward)(size_t dimensions, const size_t *shape, const REAL *x, REAL *spectrum)
{
    return transform_array(REAL_FORWARD, dimensions, shape, x, spectrum);
}

assay_status PUBLIC(assay_fourier_real_inverse)(size_t dimensions, const size_t *shape, const REAL *spectrum, REAL *x)
{
    return transform_array(REAL_INVERSE, dimensions, shape, spectrum, x);
}
