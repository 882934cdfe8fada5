/* Programs that are killed: started, killed at a moment, and nothing of them left running. */
#ifndef ASSAY_TESTS_KILL_FIXTURE_H
#define ASSAY_TESTS_KILL_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How a program ended. */
typedef struct kill_ending {
    bool was_killed; /* false: it had ended before its moment */
    int status;      /* exit status; -1 if it was killed */
    double seconds;  /* that it ran */
} kill_ending;

/* From here on the children of children that die are ours: none of them can get lost. */
void kill_adopt_orphans(void);

/* Starts a program with its output in files "out" and "err" of @p folder. */
pid_t kill_start(const char *const *arguments, const char *folder);

/* Kills @p victim (a process like @p program: itself or, under mpirun, one of its children) @p seconds from now unless
 * @p program ends before; infinity: never. Waits for the program and for all that it started; fails if any of that
 * still runs half a minute later. */
kill_ending kill_after(pid_t program, pid_t victim, double seconds);

/* Waits until a process has as many children as it will have and gives the @p which-th of them; 0 if it ends before. */
pid_t kill_find_child(pid_t parent, unsigned which, unsigned children);

double kill_now(void); /* seconds on a clock that only goes forward */

/* The number of moments for each program: ASSAY_KILL_MOMENTS, or @p usual. */
unsigned kill_moments(unsigned usual);

/* The @p i-th moment of a stream, uniform in [0, @p seconds); the seed is ASSAY_KILL_SEED, or 1. */
double kill_moment(uint64_t stream, unsigned i, double seconds);
uint64_t kill_seed(void);

#endif
