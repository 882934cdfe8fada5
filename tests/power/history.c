/* How often `assay history --check` errs, by simulation: `make history-power` prints the tables of docs/statistics.md.
 *
 * The noise is that of logarithms of times from run to run, 1 % wide where it is normal. */
#include "assay/change_points.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONGEST = 64, PERMUTATIONS = 999 };

typedef enum noise { NORMAL, STUDENT, OUTLIERS, BIMODAL, CORRELATED, DRIFTING, NOISES } noise;

static const char *const names[NOISES] = {"normal, 1 %",
                                          "Student, 3 degrees of freedom, 1 % wide",
                                          "normal, one run in ten slower by 20 % on average",
                                          "normal, one run in four slower by 0 to 50 %",
                                          "autoregressive, 0.5",
                                          "autoregressive, 0.8"};

static const assay_random source = {.seed = 2026, .stream = 11};
static uint64_t next_index;

static double uniform(void)
{
    return assay_random_uniform(source, next_index++);
}

static double normal(void)
{
    return assay_random_normal(source, next_index++);
}

static double independent(noise kind)
{
    switch (kind) {
    case STUDENT: {
        const double a = normal(), b = normal(), c = normal();
        return 0.01 * normal() / sqrt((a * a + b * b + c * c) / 3);
    }
    case OUTLIERS: return 0.01 * normal() + (uniform() < 0.1 ? -0.2 * log(1 - uniform()) : 0);
    case BIMODAL: return 0.01 * normal() + (uniform() < 0.25 ? log(1 + 0.5 * uniform()) : 0);
    default: return 0.01 * normal();
    }
}

/* A history of n runs; the newest `after` are higher by `step`. */
static void simulate(noise kind, double *x, size_t n, size_t after, double step)
{
    const double memory = kind == CORRELATED ? 0.5 : kind == DRIFTING ? 0.8 : 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = independent(kind);
        if (memory > 0 && i > 0)
            x[i] = memory * x[i - 1] + sqrt(1 - memory * memory) * x[i];
    }
    for (size_t i = n - after; i < n; i++)
        x[i] += step;
}

static int alarms(const double *x, size_t n, size_t confirm, uint64_t seed, size_t *at)
{
    const assay_rise_options options = {
        .changes = {.permutations = PERMUTATIONS, .random = {seed, 1}}, .least = confirm, .size = log(1.03)};
    assay_rise rise;
    if (assay_newest_rise(x, n, &options, &rise) != ASSAY_OK)
        exit(1);
    *at = rise.at;
    return rise.p <= 0.01;
}

static int is_marked(const double *x, size_t n, uint64_t seed, size_t at, size_t *distance)
{
    const assay_change_options options = {.permutations = PERMUTATIONS, .random = {seed, 1}};
    assay_change_point points[LONGEST];
    size_t count, nearest = n;
    if (assay_change_points(x, n, &options, points, &count) != ASSAY_OK)
        exit(1);
    for (size_t i = 0; i < count; i++) {
        const size_t d = points[i].at > at ? points[i].at - at : at - points[i].at;
        nearest = d < nearest ? d : nearest;
    }
    *distance = nearest;
    return count > 0;
}

static void false_alarms(size_t tries)
{
    static const size_t lengths[] = {8, 15, 30};
    puts("| noise | runs | a change is marked | alarm | `--confirm 2` | `--confirm 3` "
         "|\n|---|---:|---:|---:|---:|---:|");
    for (noise kind = NORMAL; kind < NOISES; kind++) {
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            const size_t n = lengths[k];
            size_t marked = 0, alarm[4] = {0}, at;
            for (size_t t = 0; t < tries; t++) {
                double x[LONGEST];
                simulate(kind, x, n, 0, 0);
                marked += (size_t)is_marked(x, n, t, 0, &at);
                for (size_t confirm = 1; confirm <= 3; confirm++)
                    alarm[confirm] += (size_t)alarms(x, n, confirm, t, &at);
            }
            printf("| %s | %zu |", names[kind], n);
            const size_t counts[] = {marked, alarm[1], alarm[2], alarm[3]};
            for (size_t i = 0; i < 4; i++)
                printf(" %.1f %% |", 100 * (double)counts[i] / (double)tries);
            puts("");
            fflush(stdout);
        }
    }
}

static void power(size_t tries)
{
    static const size_t lengths[] = {12, 30}, afters[] = {1, 2, 3, 5, 6};
    puts("\n| noise | runs | slower | alarm | first slow run named | marked | place exact | within 1 |\n"
         "|---|---:|---:|---:|---:|---:|---:|---:|");
    for (noise kind = NORMAL; kind <= BIMODAL; kind++) {
        for (size_t k = 0; k < 2; k++) {
            for (size_t i = 0; i < sizeof afters / sizeof *afters; i++) {
                const size_t n = lengths[k], after = afters[i];
                size_t alarm = 0, named = 0, marked = 0, exact = 0, near = 0;
                for (size_t t = 0; t < tries; t++) {
                    double x[LONGEST];
                    size_t at = n, distance;
                    simulate(kind, x, n, after, log(1.05));
                    const size_t one = (size_t)alarms(x, n, 1, t, &at);
                    alarm += one;
                    named += one && at == n - after;
                    marked += (size_t)is_marked(x, n, t, n - after, &distance);
                    exact += distance == 0;
                    near += distance <= 1;
                }
                const size_t counts[] = {alarm, named, marked, exact, near};
                printf("| %s | %zu | the last %zu |", names[kind], n, after);
                for (size_t c = 0; c < 5; c++)
                    printf(" %.0f %% |", 100 * (double)counts[c] / (double)tries);
                puts("");
                fflush(stdout);
            }
        }
    }
}

int main(int count, char **arguments)
{
    const size_t tries = count > 1 ? strtoul(arguments[1], NULL, 10) : 2000;
    false_alarms(tries ? tries : 2000);
    power(tries ? tries / 4 + 1 : 500);
    return 0;
}
