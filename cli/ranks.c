/* assay ranks: a program that checks start under mpirun, on every rank. */
#include "cli/command.h"

#include "assay/verify.h"

#include <stdio.h>
#include <string.h>

int command_ranks(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("Usage: mpirun -n N assay ranks NAME [ARGUMENT...]\n"
             "Runs a program that checks use to see that results do not depend on the number of MPI ranks. Checks "
             "start\n"
             "it by themselves; by hand it repeats what one of them did.");
        return close_output(EXIT_ALL_GOOD);
    }
    if (argc < 2) {
        complain("which program? try `assay ranks --help'");
        return EXIT_USAGE;
    }
    verify_rank_program *program = verify_find_rank_program(argv[1]);
    if (!program) {
        complain("there is no program \"%s\" for ranks", argv[1]);
        return EXIT_USAGE;
    }
    return program(argc - 1, argv + 1);
}
