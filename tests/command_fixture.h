/* Runs the assay command as a shell does. */
#ifndef ASSAY_TESTS_COMMAND_FIXTURE_H
#define ASSAY_TESTS_COMMAND_FIXTURE_H

/* What a shell command prints, errors among it, and its exit status in *status; "$ASSAY" is the program. The caller
 * frees the text. */
char *command_output(const char *command, int *status);

/* The same for an exit status that must be; the message shows what was printed. */
char *command_expect(const char *command, int status);

#endif
