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

/* ---- Records: a head, two arrays of points (which a count does without), then strings with their ends -------------
 */

typedef struct record_head {
    uint64_t count; /* of points */
    int32_t style, x_log, y_log, kind;
    double numbers[4];
    uint32_t text_size, unused;
} record_head;

enum { SERIES_TEXTS = 4, COUNT_TEXTS = 3, TEXTS_MOST = 4 };

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static bool send_record(int pipe, verify_message_type type, size_t item, record_head head, const double *x,
                        const double *y, const char *const *texts, int text_count)
{
    for (int i = 0; i < text_count; i++)
        head.text_size += (uint32_t)strlen(or_empty(texts[i])) + 1;
    if (head.count > PAYLOAD_MOST / 32)
        return false;
    const size_t points = head.count * sizeof(double);
    const size_t size = sizeof head + 2 * points + head.text_size;
    unsigned char *payload = malloc(size), *p = payload;
    if (!payload)
        return false;
    memcpy(p, &head, sizeof head);
    p += sizeof head;
    if (points) {
        memcpy(p, x, points);
        memcpy(p + points, y, points);
    }
    p += 2 * points;
    for (int i = 0; i < text_count; i++) {
        const size_t length = strlen(or_empty(texts[i])) + 1;
        memcpy(p, or_empty(texts[i]), length);
        p += length;
    }
    const bool sent = message_send(pipe, type, item, payload, size);
    free(payload);
    return sent;
}

/* The head of a record that is whole, and its texts; null otherwise. */
static const record_head *unpack_record(const verify_message *message, const char **texts, int text_count)
{
    const record_head *head = (const record_head *)(const void *)message->payload;
    if (message->size < sizeof *head || head->count > PAYLOAD_MOST / 32 ||
        message->size != sizeof *head + 16 * head->count + head->text_size || head->text_size < (uint32_t)text_count)
        return NULL;
    const char *text = (const char *)(head + 1) + 16 * head->count, *end = text + head->text_size;
    if (end[-1] != '\0')
        return NULL;
    for (int i = 0; i < text_count; i++) {
        if (text >= end)
            return NULL;
        texts[i] = text;
        text += strlen(text) + 1;
    }
    return head;
}

bool message_send_series(int pipe, size_t item, const assay_series *series)
{
    const char *const texts[SERIES_TEXTS] = {series->chart, series->label, series->x_label, series->y_label};
    const record_head head = {
        .count = series->count,
        .style = (int32_t)series->style,
        .x_log = series->x_log,
        .y_log = series->y_log,
        .kind = (int32_t)series->kind,
        .numbers = {series->exponent, series->exponent_low, series->exponent_high, series->factor},
    };
    return send_record(pipe, VERIFY_MESSAGE_SERIES, item, head, series->x, series->y, texts, SERIES_TEXTS);
}

bool message_unpack_series(const verify_message *message, assay_series *series)
{
    const char *texts[TEXTS_MOST];
    const record_head *head = unpack_record(message, texts, SERIES_TEXTS);
    if (!head)
        return false;
    const double *points = (const double *)(const void *)(head + 1);
    *series = (assay_series){.chart = texts[0],
                             .label = texts[1],
                             .x_label = texts[2],
                             .y_label = texts[3],
                             .style = (assay_series_style)head->style,
                             .x_log = head->x_log,
                             .y_log = head->y_log,
                             .count = head->count,
                             .x = points,
                             .y = points + head->count,
                             .kind = (assay_series_kind)head->kind,
                             .exponent = head->numbers[0],
                             .exponent_low = head->numbers[1],
                             .exponent_high = head->numbers[2],
                             .factor = head->numbers[3]};
    return true;
}

bool message_send_count(int pipe, size_t item, const assay_count *count)
{
    const char *const texts[COUNT_TEXTS] = {count->workload, count->method, count->counted};
    const record_head head = {.numbers = {count->count, count->allowed}};
    return send_record(pipe, VERIFY_MESSAGE_COUNT, item, head, NULL, NULL, texts, COUNT_TEXTS);
}

bool message_unpack_count(const verify_message *message, assay_count *count)
{
    const char *texts[TEXTS_MOST];
    const record_head *head = unpack_record(message, texts, COUNT_TEXTS);
    if (!head || head->count != 0)
        return false;
    *count = (assay_count){.workload = texts[0],
                           .method = texts[1],
                           .counted = texts[2],
                           .count = head->numbers[0],
                           .allowed = head->numbers[1]};
    return true;
}
