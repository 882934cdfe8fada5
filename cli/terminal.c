#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static bool is_capable(FILE *file)
{
    const char *type = getenv("TERM");
    /* Open MPI gives its ranks a terminal, whatever its own output goes to. */
    return isatty(fileno(file)) && type && strcmp(type, "dumb") != 0 && !getenv("OMPI_COMM_WORLD_SIZE");
}

bool terminal_has_colour(FILE *file)
{
    const char *none = getenv("NO_COLOR"); /* https://no-color.org */
    return is_capable(file) && !(none && *none);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

progress progress_begin(void)
{
    const double now = seconds_now();
    return (progress){.shown = is_capable(stderr), .start = now, .item_start = now};
}

double progress_left(const progress *p, double now)
{
    const double elapsed = now - p->start, share = p->total ? ((double)p->done + p->part) / (double)p->total : 0;
    if (share <= 0 || elapsed < 0.5)
        return -1;
    double left = elapsed * (1 - share) / share;
    /* A long item among short ones: what it needs by itself is the better estimate. */
    const double of_item = p->part > 0 ? (now - p->item_start) * (1 - p->part) / p->part : 0;
    return left > of_item ? left : of_item;
}

static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

static void format_left(double left, char text[32])
{
    if (left < 0)
        snprintf(text, 32, "      ");
    else if (left < 3600)
        snprintf(text, 32, "%2d:%02d left", (int)left / 60, (int)left % 60);
    else
        snprintf(text, 32, "%d:%02d h left", (int)(left / 3600), (int)left % 3600 / 60);
}

static void draw(progress *p, bool at_once)
{
    const double now = seconds_now();
    if (!p->shown || (!at_once && now - p->drawn < 0.1))
        return;
    enum { CELLS = 24 };
    const double share = p->total ? ((double)p->done + p->part) / (double)p->total : 0;
    const int filled = (int)(share * CELLS + 0.5);
    char bar[CELLS + 1], left[32];
    for (int i = 0; i < CELLS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[CELLS] = '\0';
    format_left(progress_left(p, now), left);
    char line[320];
    snprintf(line, sizeof line, "[%s] %zu of %zu, %s  %s", bar, p->done, p->total, left, p->underway);
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
    fflush(stderr);
    p->drawn = now;
}

void progress_set_total(progress *p, size_t total)
{
    p->total = total;
    draw(p, true);
}

void progress_start_item(progress *p, const char *name)
{
    snprintf(p->underway, sizeof p->underway, "%s", name);
    p->part = 0;
    p->item_start = seconds_now();
    draw(p, false);
}

void progress_advance(progress *p, double part)
{
    p->part = part < 0 ? 0 : part > 1 ? 1 : part;
    draw(p, false);
}

void progress_finish_item(progress *p)
{
    p->part = 0;
    if (p->done < p->total)
        p->done++;
    draw(p, true);
}

void progress_clear(progress *p)
{
    if (!p->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->drawn = 0;
}
