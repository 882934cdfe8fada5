#include "verify/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAYLOAD_MOST = 1 << 28 };

typedef struct header {
    uint32_t type, item, size;
} header;

static bool write_all(int pipe, const void *data, size_t size)
{
    for (const char *p = data; size > 0;) {
        ssize_t written = write(pipe, p, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        p += written;
        size -= (size_t)written;
    }
    return true;
}

bool message_send(int pipe, verify_message_type type, size_t item, const void *payload, size_t size)
{
    header h = {(uint32_t)type, (uint32_t)item, (uint32_t)size};
    return pipe >= 0 && size <= PAYLOAD_MOST && write_all(pipe, &h, sizeof h) && write_all(pipe, payload, size);
}

/* Reads a whole block: 1 done, 0 end of the pipe at its beginning, -1 interrupted at its beginning, -2 broken. A signal
 * in the middle of a block waits until the block is there. */
static int read_all(int pipe, void *data, size_t size, bool may_stop)
{
    for (size_t have = 0; have < size;) {
        ssize_t got = read(pipe, (char *)data + have, size - have);
        if (got > 0)
            have += (size_t)got;
        else if (got == 0)
            return have == 0 && may_stop ? 0 : -2;
        else if (errno != EINTR)
            return -2;
        else if (have == 0 && may_stop && verify_was_interrupted())
            return -1;
    }
    return 1;
}

assay_status verify_receive(int pipe, verify_message *message, bool *ended)
{
    header h;
    *ended = false;
    *message = (verify_message){0};
    int got = read_all(pipe, &h, sizeof h, true);
    if (got == -1)
        return assay_fail(ASSAY_INTERRUPTED, "interrupted");
    if (got != 1) {
        *ended = true;
        return assay_fail(ASSAY_IO, got == 0 ? "the worker has ended" : "the worker ended within a message");
    }
    if (h.size > PAYLOAD_MOST)
        return assay_fail(ASSAY_BAD_DATA, "a message of %u bytes", h.size);
    unsigned char *payload = malloc(h.size ? h.size : 1);
    if (!payload)
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate a message of %u bytes", h.size);
    if (read_all(pipe, payload, h.size, false) != 1) {
        free(payload);
        *ended = true;
        return assay_fail(ASSAY_IO, "the worker ended within a message");
    }
    *message = (verify_message){h.type, h.item, h.size, payload};
    return ASSAY_OK;
}

void verify_message_release(verify_message *message)
{
    free(message->payload);
    *message = (verify_message){0};
}

/* ---- Series: a head, two arrays of points, then four strings with their ends ------------------------------------- */

typedef struct series_head {
    uint64_t count;
    int32_t style, x_log, y_log;
    uint32_t text_size;
} series_head;

enum { TEXTS = 4 };

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

bool message_send_series(int pipe, size_t item, const assay_series *series)
{
    const char *texts[TEXTS] = {or_empty(series->chart), or_empty(series->label), or_empty(series->x_label),
                                or_empty(series->y_label)};
    series_head head = {series->count, (int32_t)series->style, series->x_log, series->y_log, 0};
    for (int i = 0; i < TEXTS; i++)
        head.text_size += (uint32_t)strlen(texts[i]) + 1;
    if (series->count > PAYLOAD_MOST / 32)
        return false;
    const size_t points = series->count * sizeof(double);
    const size_t size = sizeof head + 2 * points + head.text_size;
    unsigned char *payload = malloc(size);
    if (!payload)
        return false;
    unsigned char *p = payload;
    memcpy(p, &head, sizeof head);
    p += sizeof head;
    if (points) {
        memcpy(p, series->x, points);
        memcpy(p + points, series->y, points);
    }
    p += 2 * points;
    for (int i = 0; i < TEXTS; i++) {
        memcpy(p, texts[i], strlen(texts[i]) + 1);
        p += strlen(texts[i]) + 1;
    }
    bool sent = message_send(pipe, VERIFY_MESSAGE_SERIES, item, payload, size);
    free(payload);
    return sent;
}

bool message_unpack_series(const verify_message *message, assay_series *series)
{
    const series_head *head = (const series_head *)(const void *)message->payload;
    if (message->size < sizeof *head || head->count > PAYLOAD_MOST / 32 ||
        message->size != sizeof *head + 16 * head->count + head->text_size || head->text_size < TEXTS)
        return false;
    const double *points = (const double *)(const void *)(message->payload + sizeof *head);
    const char *text = (const char *)(points + 2 * head->count), *end = text + head->text_size;
    const char *texts[TEXTS];
    if (end[-1] != '\0')
        return false;
    for (int i = 0; i < TEXTS; i++) {
        if (text >= end)
            return false;
        texts[i] = text;
        text += strlen(text) + 1;
    }
    *series = (assay_series){.chart = texts[0],
                             .label = texts[1],
                             .x_label = texts[2],
                             .y_label = texts[3],
                             .style = (assay_series_style)head->style,
                             .x_log = head->x_log,
                             .y_log = head->y_log,
                             .count = head->count,
                             .x = points,
                             .y = points + head->count};
    return true;
}
