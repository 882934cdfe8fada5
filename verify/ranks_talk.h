/* How ranks talk: what checks and benchmarks under mpirun share. For builds with MPI. */
#ifndef ASSAY_VERIFY_RANKS_TALK_H
#define ASSAY_VERIFY_RANKS_TALK_H

#include "assay/status.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* How a rank, or all of them, ended. */
typedef struct ranks_ending {
    assay_status status;
    char error[256];
} ranks_ending;

static inline ranks_ending ranks_ending_of(assay_status status)
{
    ranks_ending e = {.status = status};
    snprintf(e.error, sizeof e.error, "%s", status == ASSAY_OK ? "" : assay_error());
    return e;
}

/* The first problem is kept. */
static inline void ranks_note(ranks_ending *problem, const ranks_ending *e)
{
    if (e->status != ASSAY_OK && problem->status == ASSAY_OK)
        *problem = *e;
}

static inline bool ranks_is_waiting(int source, int tag, MPI_Status *about)
{
    int there;
    MPI_Iprobe(source, tag, MPI_COMM_WORLD, &there, about);
    return there != 0;
}

/* Messages that are their tag. */
static inline void ranks_say(int rank, int tag)
{
    MPI_Send(NULL, 0, MPI_BYTE, rank, tag, MPI_COMM_WORLD);
}

static inline void ranks_hear(int rank, int tag)
{
    MPI_Recv(NULL, 0, MPI_BYTE, rank, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

/* For lack of memory: without it a message cannot even be thrown away, and its sender would wait for ever. */
static inline _Noreturn void ranks_give_up(void)
{
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    abort();
}

/* The message that @p about tells of, to be freed. */
static inline unsigned char *ranks_receive(const MPI_Status *about, size_t *size)
{
    int bytes;
    MPI_Get_count(about, MPI_BYTE, &bytes);
    unsigned char *data = malloc(bytes > 0 ? (size_t)bytes : 1);
    if (!data)
        ranks_give_up();
    MPI_Recv(data, bytes, MPI_BYTE, about->MPI_SOURCE, about->MPI_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    *size = (size_t)bytes;
    return data;
}

#endif
