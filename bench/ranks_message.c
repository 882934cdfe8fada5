#include "bench/ranks_message.h"

#include <stdlib.h>
#include <string.h>

enum { TIMING = 1, SKIPPED, TEXTS = 9, ALIGNMENT = 8 };

/* Before each record: its size in all, a multiple of 8, and how many numbers and texts follow its structure. */
typedef struct head {
    uint32_t kind, texts;
    uint64_t size, numbers;
} head;

/* What cannot be timed is known by its names. */
typedef struct skipped {
    uint64_t size;
    int32_t threads, level;
} skipped;

static size_t aligned(size_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void add_bytes(ranks_message *m, const void *bytes, size_t size)
{
    if (m->size + size > m->capacity) {
        const size_t capacity = 2 * (m->size + size) + 4096;
        unsigned char *larger = m->failed ? NULL : realloc(m->data, capacity);
        m->failed = !larger;
        if (m->failed)
            return;
        m->data = larger;
        m->capacity = capacity;
    }
    memcpy(m->data + m->size, bytes, size);
    m->size += size;
}

/* A text that is null is a byte 0, another one a byte 1 and the text with its end. */
static size_t size_of_text(const char *text)
{
    return text ? strlen(text) + 2 : 1;
}

static void add_record(ranks_message *m, uint32_t kind, const void *structure, size_t structure_size,
                       const double *numbers, size_t count, const char *const *texts, uint32_t text_count)
{
    static const unsigned char zeros[ALIGNMENT] = {0};
    head h = {.kind = kind,
              .texts = text_count,
              .size = sizeof h + aligned(structure_size) + count * sizeof *numbers,
              .numbers = count};
    for (uint32_t i = 0; i < text_count; i++)
        h.size += size_of_text(texts[i]);
    const size_t padding = aligned(h.size) - h.size;
    h.size += padding;
    add_bytes(m, &h, sizeof h);
    add_bytes(m, structure, structure_size);
    add_bytes(m, zeros, aligned(structure_size) - structure_size);
    if (count)
        add_bytes(m, numbers, count * sizeof *numbers);
    for (uint32_t i = 0; i < text_count; i++) {
        add_bytes(m, texts[i] ? "\1" : "", 1);
        if (texts[i])
            add_bytes(m, texts[i], strlen(texts[i]) + 1);
    }
    add_bytes(m, zeros, padding);
}

void ranks_message_add_timing(ranks_message *m, const assay_timing *t)
{
    const char *const texts[TEXTS] = {t->algorithm, t->implementation, t->workload,        t->limit_name, t->note,
                                      t->replay,    t->quality_label,  t->counters_reason, NULL};
    add_record(m, TIMING, t, sizeof *t, t->seconds, t->repetitions, texts, TEXTS);
}

void ranks_message_add_skipped(ranks_message *m, const bench_item *item, const char *reason)
{
    const skipped s = {.size = item->size, .threads = item->threads, .level = (int32_t)item->level};
    const char *const texts[TEXTS] = {item->algorithm, item->implementation, item->workload->name, reason};
    add_record(m, SKIPPED, &s, sizeof s, NULL, 0, texts, TEXTS);
}

/* Finds the texts between @p text and @p end. */
static bool find_texts(const char *text, const char *end, const char *texts[TEXTS])
{
    for (int i = 0; i < TEXTS; i++) {
        if (text >= end)
            return false;
        texts[i] = *text ? text + 1 : NULL;
        const char *last = *text ? memchr(text + 1, '\0', (size_t)(end - text - 1)) : text;
        if (!last)
            return false;
        text = last + 1;
    }
    return true;
}

static bool deliver_timing(const unsigned char *structure, const double *numbers, uint64_t count,
                           const char *const texts[TEXTS], const bench_sink *sink)
{
    assay_timing t;
    memcpy(&t, structure, sizeof t);
    t.algorithm = texts[0];
    t.implementation = texts[1];
    t.workload = texts[2];
    t.limit_name = texts[3];
    t.note = texts[4];
    t.replay = texts[5];
    t.quality_label = texts[6];
    t.counters_reason = texts[7];
    t.seconds = numbers;
    if (!t.algorithm || !t.implementation || !t.workload || t.repetitions != count)
        return false;
    if (sink->timing)
        sink->timing(sink->self, &t);
    return true;
}

static bool deliver_skipped(const unsigned char *structure, const char *const texts[TEXTS], const bench_sink *sink)
{
    skipped s;
    memcpy(&s, structure, sizeof s);
    if (!texts[0] || !texts[1] || !texts[2] || !texts[3])
        return false;
    const bench_workload workload = {.name = texts[2]};
    const bench_item item = {.algorithm = texts[0],
                             .implementation = texts[1],
                             .workload = &workload,
                             .size = s.size,
                             .threads = s.threads,
                             .level = (assay_level)s.level};
    if (sink->skipped)
        sink->skipped(sink->self, &item, texts[3]);
    return true;
}

bool ranks_message_deliver(const unsigned char *data, size_t size, const bench_sink *sink)
{
    for (size_t at = 0; at < size;) {
        head h;
        const char *texts[TEXTS] = {NULL};
        if (size - at < sizeof h)
            return false;
        memcpy(&h, data + at, sizeof h);
        const size_t structure = aligned(h.kind == TIMING ? sizeof(assay_timing) : sizeof(skipped));
        if (h.texts != TEXTS || h.size > size - at || h.size % ALIGNMENT != 0 || h.numbers > h.size / sizeof(double) ||
            sizeof h + structure + h.numbers * sizeof(double) > h.size)
            return false;
        const unsigned char *start = data + at + sizeof h, *numbers = start + structure;
        const unsigned char *text = numbers + h.numbers * sizeof(double);
        if (!find_texts((const char *)text, (const char *)(data + at + h.size), texts))
            return false;
        const bool good = h.kind == TIMING
                              ? deliver_timing(start, (const double *)(const void *)numbers, h.numbers, texts, sink)
                              : h.kind == SKIPPED && deliver_skipped(start, texts, sink);
        if (!good)
            return false;
        at += h.size;
    }
    return true;
}
