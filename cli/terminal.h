/* What is shown to a person at a terminal: colours, and a progress bar on standard error with the time left. */
#ifndef ASSAY_CLI_TERMINAL_H
#define ASSAY_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* True if @p file is a terminal that shows colours, and nobody asked for none (NO_COLOR). */
bool terminal_has_colour(FILE *file);

/* The bar. Nothing is ever drawn where standard error is no terminal. */
typedef struct progress {
    bool shown; /* standard error is a terminal that can redraw a line */
    size_t done, total;
    double part; /* of the item underway, 0 to 1 */
    double start, item_start, drawn;
    char underway[160];
} progress;

progress progress_begin(void);

/* The number of items to come. */
void progress_set_total(progress *p, size_t total);

void progress_start_item(progress *p, const char *name);
void progress_advance(progress *p, double part);
void progress_finish_item(progress *p);

/* Takes the bar off the screen, so that a line can be printed; the next change draws it again. */
void progress_clear(progress *p);

/* The time left in seconds at time @p now, by the share done so far; negative: too early to say. */
double progress_left(const progress *p, double now);

#endif
