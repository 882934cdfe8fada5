/* Saving an index to a file and loading it from one that nobody vouches for. */
#include "reference/discrete/hnsw_recall_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The header; all of it counts for its CRC, with 0 in that field. Sections follow, a CRC after each: levels (bytes),
 * lists of level 0, lists of the levels above (by element, then level), vectors without padding, labels. */
typedef struct header {
    char magic[8];
    uint32_t byte_order, dimension, m, ef_construction, metric, mode, extend, keep, round, entry;
    int32_t top;
    uint32_t crc;
    uint64_t count, seed, minstd, upper_lists;
} header;

static const char magic[8] = "ASHNSW1";
static const uint32_t byte_order = 0x01020304, swapped_order = 0x04030201;

enum { SECTIONS = 5 };
static const char *const section_names[SECTIONS] = {"levels", "lists of level 0", "lists of the upper levels",
                                                    "vectors", "labels"};

/* ---- CRC-32C (Castagnoli), eight bytes at a time --------------------------------------------------------------- */

static uint32_t crc_tables[8][256];

__attribute__((constructor)) static void make_crc_tables(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
        crc_tables[0][byte] = crc;
    }
    for (int table = 1; table < 8; table++) {
        for (int byte = 0; byte < 256; byte++) {
            const uint32_t crc = crc_tables[table - 1][byte];
            crc_tables[table][byte] = (crc >> 8) ^ crc_tables[0][crc & 255];
        }
    }
}

uint32_t hnsw_crc(const void *data, size_t size)
{
    const unsigned char *at = data;
    uint32_t crc = UINT32_MAX;
    for (; size >= 8; size -= 8, at += 8) {
        const uint32_t low = crc ^ (at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
        crc = crc_tables[7][low & 255] ^ crc_tables[6][low >> 8 & 255] ^ crc_tables[5][low >> 16 & 255] ^
              crc_tables[4][low >> 24] ^ crc_tables[3][at[4]] ^ crc_tables[2][at[5]] ^ crc_tables[1][at[6]] ^
              crc_tables[0][at[7]];
    }
    for (; size > 0; size--, at++)
        crc = (crc >> 8) ^ crc_tables[0][(crc ^ *at) & 255];
    return ~crc;
}

/* ---- Shape ----------------------------------------------------------------------------------------------------- */

/* Where the sections of a file begin: offsets[SECTIONS] is its size. False if that does not fit in size_t. */
static bool lay_out(const header *h, size_t offsets[SECTIONS + 1])
{
    const size_t units[SECTIONS] = {1, hnsw_list_size(2 * (size_t)h->m), hnsw_list_size(h->m),
                                    h->dimension * sizeof(float), sizeof(uint64_t)};
    offsets[0] = sizeof *h;
    for (int i = 0; i < SECTIONS; i++) {
        size_t bytes;
        if (__builtin_mul_overflow(i == 2 ? h->upper_lists : h->count, units[i], &bytes) ||
            __builtin_add_overflow(offsets[i], bytes, &bytes) ||
            __builtin_add_overflow(bytes, sizeof(uint32_t), &offsets[i + 1]))
            return false;
    }
    return true;
}

/* ---- Saving ---------------------------------------------------------------------------------------------------- */

static header describe(const hnsw_recall_index *index)
{
    const hnsw_recall_options *o = &index->options;
    header h = {.byte_order = byte_order,
                .dimension = (uint32_t)index->dimension,
                .m = (uint32_t)o->m,
                .ef_construction = (uint32_t)o->ef_construction,
                .metric = (uint32_t)o->metric,
                .mode = (uint32_t)o->mode,
                .extend = o->extend_candidates,
                .keep = o->keep_pruned,
                .round = (uint32_t)o->round,
                .entry = index->entry,
                .top = index->top,
                .count = index->count,
                .seed = o->seed,
                .minstd = index->minstd};
    memcpy(h.magic, magic, sizeof h.magic);
    for (size_t id = 0; id < index->count; id++)
        h.upper_lists += index->levels[id];
    h.crc = hnsw_crc(&h, sizeof h);
    return h;
}

/* Writes a list without what lies in the rooms of links that are not there. */
static char *put_list(const hnsw_recall_index *index, uint32_t id, int level, char *to)
{
    hnsw_list *list = hnsw_list_of(index, id, level);
    const size_t cap = hnsw_cap(index, level);
    memcpy(to, list, sizeof *list);
    memcpy(to + sizeof *list, list->ids, list->count * sizeof *list->ids);
    memcpy(to + sizeof *list + cap * sizeof *list->ids, hnsw_distances_of(index, list, level),
           list->count * sizeof(float));
    return to + hnsw_list_size(cap);
}

static void fill(const hnsw_recall_index *index, const header *h, const size_t offsets[SECTIONS + 1], char *file)
{
    char *lists = file + offsets[1], *upper = file + offsets[2];
    memcpy(file, h, sizeof *h);
    memcpy(file + offsets[0], index->levels, index->count);
    for (uint32_t id = 0; id < index->count; id++) {
        lists = put_list(index, id, 0, lists);
        for (int level = 1; level <= index->levels[id]; level++)
            upper = put_list(index, id, level, upper);
        memcpy(file + offsets[3] + id * index->dimension * sizeof(float), hnsw_vector(index, id),
               index->dimension * sizeof(float));
    }
    memcpy(file + offsets[4], index->labels, index->count * sizeof *index->labels);
    for (int i = 0; i < SECTIONS; i++) {
        const size_t bytes = offsets[i + 1] - offsets[i] - sizeof(uint32_t);
        const uint32_t crc = hnsw_crc(file + offsets[i], bytes);
        memcpy(file + offsets[i] + bytes, &crc, sizeof crc);
    }
}

static assay_status write_file(const char *path, const char *data, size_t size)
{
    char *part = NULL;
    if (asprintf(&part, "%s.part.%ld", path, (long)getpid()) < 0)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a file name");
    FILE *file = fopen(part, "wb");
    bool good = file && fwrite(data, 1, size, file) == size;
    if (file)
        good = fclose(file) == 0 && good;
    good = good && rename(part, path) == 0;
    const assay_status status = good ? ASSAY_OK : assay_fail(ASSAY_IO, "cannot write %s: %s", path, strerror(errno));
    if (!good && file)
        unlink(part);
    free(part);
    return status;
}

assay_status hnsw_recall_save(const hnsw_recall_index *index, const char *path)
{
    if (!index || !path)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", index ? "path" : "index");
    const header h = describe(index);
    size_t offsets[SECTIONS + 1];
    char *file = lay_out(&h, offsets) ? calloc(offsets[SECTIONS], 1) : NULL;
    if (!file)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for a file of %zu elements", index->count);
    fill(index, &h, offsets, file);
    const assay_status status = write_file(path, file, offsets[SECTIONS]);
    free(file);
    return status;
}

/* ---- Loading --------------------------------------------------------------------------------------------------- */

static assay_status check_numbers(const char *path, const header *h)
{
    const struct {
        const char *name;
        int64_t value, least, most;
    } numbers[] = {
        {"dimension", h->dimension, 1, HNSW_RECALL_DIMENSIONS},
        {"m", h->m, HNSW_RECALL_M_LEAST, HNSW_RECALL_M_MOST},
        {"ef_construction", h->ef_construction, h->m, HNSW_RECALL_EF_MOST},
        {"metric", h->metric, HNSW_RECALL_L2, HNSW_RECALL_COSINE},
        {"mode", h->mode, HNSW_RECALL_LIBRARY, HNSW_RECALL_MALKOV},
        {"extend_candidates", h->extend, 0, h->mode},
        {"keep_pruned", h->keep, 0, h->mode},
        {"round", h->round, 1, HNSW_RECALL_ROUND_MOST},
        {"count", (int64_t)h->count, 0, HNSW_RECALL_CAPACITY},
        {"state of the levels", (int64_t)h->minstd, 1, 2147483646},
        {"highest level", h->top, h->count > 0 ? 0 : -1, h->count > 0 ? HNSW_RECALL_LEVELS - 1 : -1},
        {"number of upper lists", (int64_t)h->upper_lists, 0,
         h->count <= HNSW_RECALL_CAPACITY ? (int64_t)h->count * (HNSW_RECALL_LEVELS - 1) : 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most)
            return assay_fail(ASSAY_BAD_DATA, "%s: the header's %s is %lld, must be %lld to %lld", path,
                              numbers[i].name, (long long)numbers[i].value, (long long)numbers[i].least,
                              (long long)numbers[i].most);
    }
    return ASSAY_OK;
}

static assay_status check_header(const char *path, const header *h)
{
    if (memcmp(h->magic, magic, sizeof h->magic) != 0)
        return assay_fail(ASSAY_BAD_DATA, "%s is no index: it does not begin with ASHNSW1", path);
    if (h->byte_order == swapped_order)
        return assay_fail(ASSAY_BAD_DATA, "%s was written on a machine of the other byte order", path);
    header plain = *h;
    plain.crc = 0;
    if (hnsw_crc(&plain, sizeof plain) != h->crc)
        return assay_fail(ASSAY_BAD_DATA, "%s: the header is damaged (CRC)", path);
    if (h->byte_order != byte_order)
        return assay_fail(ASSAY_BAD_DATA, "%s: the byte order mark is 0x%08x", path, h->byte_order);
    return check_numbers(path, h);
}

static assay_status check_sections(const char *path, const char *file, const header *h,
                                   const size_t offsets[SECTIONS + 1])
{
    for (int i = 0; i < SECTIONS; i++) {
        const size_t bytes = offsets[i + 1] - offsets[i] - sizeof(uint32_t);
        uint32_t crc;
        memcpy(&crc, file + offsets[i] + bytes, sizeof crc);
        if (hnsw_crc(file + offsets[i], bytes) != crc)
            return assay_fail(ASSAY_BAD_DATA, "%s: the %s are damaged (CRC)", path, section_names[i]);
    }
    uint64_t upper_lists = 0;
    for (size_t id = 0; id < h->count; id++) {
        const uint8_t level = (uint8_t)file[offsets[0] + id];
        if (level > h->top)
            return assay_fail(ASSAY_BAD_DATA, "%s: element %zu is on level %u, must be at most %d", path, id, level,
                              h->top);
        upper_lists += level;
    }
    if (upper_lists != h->upper_lists)
        return assay_fail(ASSAY_BAD_DATA, "%s: the levels ask for another number of lists than the header", path);
    return ASSAY_OK;
}

static const char *take_list(hnsw_recall_index *index, uint32_t id, int level, const char *from)
{
    const size_t size = hnsw_list_size(hnsw_cap(index, level));
    memcpy(hnsw_list_of(index, id, level), from, size);
    return from + size;
}

/* The vectors are stored as they are, normalised ones too: hnsw_place() must not do it again. */
static assay_status place_all(hnsw_recall_index *index, const header *h, const size_t offsets[SECTIONS + 1],
                              const char *file)
{
    const hnsw_recall_options options = index->options;
    assay_status status = ASSAY_OK;
    float *vector = malloc(index->dimension * sizeof *vector);
    index->forced = malloc(index->capacity * sizeof *index->forced);
    if (!vector || !index->forced)
        status = assay_fail(ASSAY_NO_MEMORY, "no memory for %zu levels", index->capacity);
    if (options.metric == HNSW_RECALL_COSINE)
        index->options.metric = HNSW_RECALL_IP;
    for (size_t id = 0; status == ASSAY_OK && id < h->count; id++) {
        uint64_t label;
        memcpy(&label, file + offsets[4] + id * sizeof label, sizeof label);
        memcpy(vector, file + offsets[3] + id * index->dimension * sizeof *vector, index->dimension * sizeof *vector);
        index->forced[id] = (uint8_t)file[offsets[0] + id];
        status = hnsw_within(vector, index->dimension)
                     ? hnsw_place(index, vector, label)
                     : assay_fail(ASSAY_BAD_DATA, "the vector of element %zu is not finite, or too large", id);
    }
    free(vector);
    free(index->forced);
    index->forced = NULL;
    index->options = options;
    index->minstd = h->minstd;
    return status;
}

static assay_status rebuild(const header *h, const size_t offsets[SECTIONS + 1], const char *file, size_t capacity,
                            hnsw_recall_index **index)
{
    const hnsw_recall_options options = {.metric = (hnsw_recall_metric)h->metric,
                                         .m = h->m,
                                         .ef_construction = h->ef_construction,
                                         .seed = h->seed,
                                         .mode = (hnsw_recall_mode)h->mode,
                                         .extend_candidates = h->extend,
                                         .keep_pruned = h->keep,
                                         .round = h->round};
    assay_status status = hnsw_make(h->dimension, capacity, &options, index);
    if (status != ASSAY_OK)
        return status;
    status = place_all(*index, h, offsets, file);
    if (status != ASSAY_OK)
        return status;
    (*index)->entry = h->entry;
    (*index)->top = h->top;
    const char *lists = file + offsets[1], *upper = file + offsets[2];
    for (uint32_t id = 0; id < h->count; id++) {
        lists = take_list(*index, id, 0, lists);
        for (int level = 1; level <= (*index)->levels[id]; level++)
            upper = take_list(*index, id, level, upper);
    }
    status = hnsw_recall_check(*index);
    const hnsw_batch batch = {.labels = (*index)->labels, .n = h->count};
    return status == ASSAY_OK ? hnsw_enter_labels(*index, &batch) : status;
}

static bool read_exactly(int file, char *to, size_t size)
{
    while (size > 0) {
        const ssize_t more = read(file, to, size);
        if (more == 0 || (more < 0 && errno != EINTR))
            return false;
        to += more > 0 ? more : 0;
        size -= more > 0 ? (size_t)more : 0;
    }
    return true;
}

/* The header first: memory for the rest is only taken if the file has the size that its header demands. */
static assay_status read_open(const char *path, int file, header *h, size_t offsets[SECTIONS + 1], char **data)
{
    struct stat facts;
    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
        return assay_fail(ASSAY_IO, "cannot open %s: it is no regular file", path);
    const size_t size = (size_t)facts.st_size;
    if (size < sizeof *h)
        return assay_fail(ASSAY_BAD_DATA, "%s has %zu bytes, fewer than a header", path, size);
    if (!read_exactly(file, (char *)h, sizeof *h))
        return assay_fail(ASSAY_IO, "cannot read %s", path);
    const assay_status status = check_header(path, h);
    if (status != ASSAY_OK)
        return status;
    const bool fits = lay_out(h, offsets);
    if (!fits || size != offsets[SECTIONS])
        return assay_fail(ASSAY_BAD_DATA, "%s has %zu bytes, which is %s for its header", path, size,
                          fits && size > offsets[SECTIONS] ? "too long" : "too short");
    *data = malloc(size);
    if (!*data)
        return assay_fail(ASSAY_NO_MEMORY, "no memory for the %zu bytes of %s", size, path);
    memcpy(*data, h, sizeof *h);
    return read_exactly(file, *data + sizeof *h, size - sizeof *h) ? check_sections(path, *data, h, offsets)
                                                                   : assay_fail(ASSAY_IO, "cannot read %s", path);
}

static assay_status read_file(const char *path, header *h, size_t offsets[SECTIONS + 1], char **data)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return assay_fail(ASSAY_IO, "cannot open %s: %s", path, strerror(errno));
    const assay_status status = read_open(path, file, h, offsets, data);
    close(file);
    return status;
}

assay_status hnsw_recall_load(const char *path, size_t capacity, hnsw_recall_index **index)
{
    if (!path || !index)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", path ? "index" : "path");
    if (capacity > HNSW_RECALL_CAPACITY)
        return assay_fail(ASSAY_OUT_OF_RANGE, "capacity is %zu, must be at most %d", capacity, HNSW_RECALL_CAPACITY);
    char *file = NULL;
    size_t offsets[SECTIONS + 1];
    header h;
    hnsw_recall_index *loaded = NULL;
    assay_status status = read_file(path, &h, offsets, &file);
    if (status == ASSAY_OK && capacity > 0 && capacity < h.count)
        status = assay_fail(ASSAY_OUT_OF_RANGE, "capacity is %zu, must be 0 or at least the file's %llu elements",
                            capacity, (unsigned long long)h.count);
    if (status == ASSAY_OK) {
        status = rebuild(&h, offsets, file, capacity ? capacity : h.count ? h.count : 1, &loaded);
        if (status != ASSAY_OK)
            status = assay_fail(status, "%s: %s", path, assay_error());
    }
    free(file);
    if (status == ASSAY_OK)
        *index = loaded;
    else
        hnsw_recall_release(loaded);
    return status;
}
