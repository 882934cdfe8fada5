/*
 * Matches by transforms of one precision, included twice. REAL is the type, NAME(name) makes names, FORWARD and
 * INVERSE are the transforms, INDICATE, CORRELATE, OFF_INTEGERS and SUBTRACT do as the kernels of these names.
 *
 * With N real numbers a spectrum is N/2 + 1 complex ones. One transform for each symbol and block of text, products
 * summed over symbols, one transform back. If the pattern has all symbols of the text one symbol needs no transform:
 * its indicator is 1 less those of all others, so that with the pivot z sum over s of T_s * P_s = |P_z| + sum over s !=
 * z of T_s * (P_s - P_z).
 */

static assay_status NAME(pattern_spectra)(const fourier_job *job, size_t first, size_t count, REAL *spectra)
{
    const hamming_alphabet *a = job->alphabet;
    const size_t complex_numbers = 2 * (job->N / 2 + 1);
    REAL *x = assay_allocate(job->N, sizeof *x);
    assay_status status = x ? ASSAY_OK : ASSAY_NO_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        const uint32_t number = job->selection->number[first + i], *position = a->places.position;
        memset(x, 0, job->N * sizeof *x);
        for (size_t k = a->places.start[number]; k < a->places.start[number + 1]; k++)
            x[position[k]] = 1;
        if (job->has_pivot)
            for (size_t k = a->places.start[job->pivot]; k < a->places.start[job->pivot + 1]; k++)
                x[position[k]] = -1;
        status = FORWARD(1, &job->N, x, spectra + i * complex_numbers);
    }
    assay_release(x);
    return status;
}

/* One block of text: its matches, as real numbers, in work->x. */
static assay_status NAME(run_block)(const fourier_job *job, size_t block, size_t first, size_t count,
                                    const REAL *spectra, NAME(work) * work)
{
    const hamming_distance_input *input = job->input;
    const size_t begin = block * job->shifts, length = input->n - begin < job->N ? input->n - begin : job->N;
    const size_t half = job->N / 2 + 1;
    assay_status status = ASSAY_OK;
    memset(work->sum, 0, 2 * half * sizeof *work->sum);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        const uint16_t symbol = job->alphabet->symbol[job->selection->number[first + i]];
        INDICATE(job, hamming_text_from(input, begin), length, symbol, work->x);
        memset(work->x + length, 0, (job->N - length) * sizeof *work->x);
        status = FORWARD(1, &job->N, work->x, work->spectrum);
        if (status == ASSAY_OK)
            CORRELATE(job, work->spectrum, spectra + i * 2 * half, half, work->sum);
    }
    return status == ASSAY_OK ? INVERSE(1, &job->N, work->sum, work->x) : status;
}

/* All blocks for symbols first to first + count - 1 of the selection. */
static assay_status NAME(run_batch)(const fourier_job *job, size_t first, size_t count, int32_t *out,
                                    hamming_distance_counters *counters)
{
    const size_t half = job->N / 2 + 1, all_shifts = job->input->n - job->input->m + 1;
    const size_t blocks = (all_shifts + job->shifts - 1) / job->shifts;
    const int32_t constant =
        first == 0 && job->has_pivot ? (int32_t)hamming_distance_count(&job->alphabet->places, job->pivot) : 0;
    REAL *spectra = assay_allocate(count * 2 * half, sizeof *spectra);
    assay_status status = spectra ? NAME(pattern_spectra)(job, first, count, spectra) : ASSAY_NO_MEMORY;
    uint64_t uncertain = 0;
    if (status == ASSAY_OK) {
#pragma omp parallel num_threads(assay_threads()) if (blocks > 1) reduction(+ : uncertain)
        {
            NAME(work)
            work = {.x = assay_allocate(job->N, sizeof *work.x),
                    .spectrum = assay_allocate(2 * half, sizeof *work.spectrum),
                    .sum = assay_allocate(2 * half, sizeof *work.sum)};
            assay_status mine = work.x && work.spectrum && work.sum ? ASSAY_OK : ASSAY_NO_MEMORY;
#pragma omp for schedule(dynamic)
            for (size_t block = 0; block < blocks; block++) {
                const size_t begin = block * job->shifts;
                const size_t shifts = all_shifts - begin < job->shifts ? all_shifts - begin : job->shifts;
                if (mine == ASSAY_OK)
                    mine = NAME(run_block)(job, block, first, count, spectra, &work);
                if (mine == ASSAY_OK && !(OFF_INTEGERS(job, work.x, shifts) <= (REAL)0.25)) {
                    uncertain++;
                    mine = AGAIN(job, first, count, begin, shifts, constant, out, counters);
                } else if (mine == ASSAY_OK) {
                    SUBTRACT(job, work.x, shifts, constant, out + begin);
                }
            }
            if (mine != ASSAY_OK) {
#pragma omp critical(hamming_fourier)
                status = mine;
            }
            assay_release(work.x);
            assay_release(work.spectrum);
            assay_release(work.sum);
        }
        const uint64_t transforms = count + blocks * (count + 1);
        counters->transforms += transforms;
        counters->butterflies += transforms * (job->N / 2) * (uint64_t)__builtin_ctzll(job->N);
        counters->float64_blocks += uncertain;
    }
    assay_release(spectra);
    return status;
}
