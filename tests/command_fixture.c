#include "tests/command_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

char *command_output(const char *command, int *status)
{
    char *line = NULL, *text = NULL;
    size_t size = 0;
    ck_assert_int_gt(asprintf(&line, "{ %s\n} 2>&1 </dev/null", command), 0);
    ck_assert_int_eq(setenv("ASSAY", ASSAY_PROGRAM, 1), 0);
    unsetenv("ASSAY_CPU");
    FILE *pipe = popen(line, "r"); /* NOLINT(cert-env33-c): a shell is what users type into */
    ck_assert_ptr_nonnull(pipe);
    if (getdelim(&text, &size, '\0', pipe) < 0) { /* nothing printed */
        free(text);
        text = strdup("");
    }
    const int state = pclose(pipe);
    ck_assert_msg(WIFEXITED(state), "%s: wait status 0x%x", command, (unsigned)state);
    *status = WEXITSTATUS(state);
    free(line);
    return text;
}

char *command_expect(const char *command, int status)
{
    int actual;
    char *text = command_output(command, &actual);
    ck_assert_msg(actual == status, "%.300s: exit status %d, not %d: %.1500s", command, actual, status, text);
    return text;
}
