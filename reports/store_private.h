/* What the files of the store share: the handle, its errors, and the description of the records' columns. */
#ifndef ASSAY_REPORTS_STORE_PRIVATE_H
#define ASSAY_REPORTS_STORE_PRIVATE_H

#include "reports/store.h"

#include <sqlite3.h>
#include <sys/types.h>

/* ---- Records as rows (store_fields.c) ---------------------------------------------------------------------------- */

/** How a member of a record is stored. */
typedef enum store_type {
    STORE_TEXT,        /**< const char *; null is NULL */
    STORE_REAL,        /**< double; NaN is NULL, -0 becomes 0 (SQLite's doing) */
    STORE_INT,         /**< int */
    STORE_U32,         /**< uint32_t */
    STORE_U64,         /**< uint64_t, as the signed integer with the same bits */
    STORE_KIND,        /**< assay_kind, as its name; likewise the next three */
    STORE_VERDICT,     /**< assay_verdict */
    STORE_STYLE,       /**< assay_series_style */
    STORE_SERIES_KIND, /**< assay_series_kind; NULL is "points" */
    STORE_WORDS,       /**< array of 8-byte numbers within the record, as a blob of little-endian words */
    STORE_REALS        /**< const double * and size_t count, likewise, so that every bit comes back */
} store_type;

/** One member of a record and its column. */
typedef struct store_field {
    const char *column;
    store_type type;
    size_t offset; /**< of the member */
    size_t extent; /**< STORE_WORDS: number of words; STORE_REALS: offset of the count */
    bool required; /**< STORE_TEXT: must not be null */
    int since;     /**< the version of the schema that has it first; 0: the first. In older files it is NULL */
    const char
        *fold; /**< null: part of what makes two records the same; else which value a merge keeps: "min", "max" */
} store_field;

/** The tables of records. */
typedef enum store_kind {
    STORE_RESULT,
    STORE_SERIES,
    STORE_COUNT,
    STORE_TIMING,
    STORE_LIMIT,
    STORE_SHARD,
    STORE_TABLES
} store_kind;

/** A table and the record that one of its rows holds. */
typedef struct store_table {
    const char *name;
    const store_field *fields;
    size_t count;
    int since; /**< the version of the schema that has it first; 0: the first */
} store_table;

extern const store_table store_tables[STORE_TABLES];
extern const store_table store_run_table; /**< assay_run but for its shard */

/** Appends ", a, b, c": the columns of a table, each after @p prefix, as a file of @p version has them: NULL where it
 *  has none. */
void store_append_columns(sqlite3_str *sql, const store_table *table, const char *prefix, int version);

/** Binds the members of @p record to the parameters from @p first on. */
assay_status store_bind(sqlite3_stmt *statement, int first, const store_table *table, const void *record);

/** Fills the members of @p record from the columns from @p first on, of which the first is the row's number; strings
 * live until the next step, arrays until store_release(). On failure nothing is to be released. */
assay_status store_read(sqlite3_stmt *statement, int first, const store_table *table, void *record);

/** Reads every record: ASSAY_BAD_DATA if one is malformed or belongs to no run (store_check.c). */
assay_status store_check_records(report_store *store);

/** Frees the arrays that store_read() allocated. */
void store_release(const store_table *table, void *record);

/* ---- The handle (store.c) ---------------------------------------------------------------------------------------- */

struct report_store {
    sqlite3 *db;
    char *path;
    char *uri;   /**< by which another connection can attach the file for reading */
    pid_t owner; /**< the process that opened it */
    int lock;    /**< the file beside it by which runs are held (store_lock.c); -1: not opened */
    bool writable;
    bool grouped, group_failed; /**< between report_store_group_begin() and its end */
    int version;                /**< of the file's schema: ours, unless it is an older file opened for reading */
    sqlite3_stmt *insert[STORE_TABLES]; /**< prepared when first needed */
};

/** Creates the folders on the way to @p path. */
assay_status store_make_parents(const char *path);

/** Refuses a store that is null, of another process, or read-only when @p writing. */
assay_status store_check(const report_store *store, bool writing);

/** The failure of SQLite's last call: `cannot DOING "PATH": reason`, with the status that the reason calls for. */
assay_status store_fail(const report_store *store, const char *doing);

/** ASSAY_BAD_DATA unless the schema is that of @p version, made by the first so many of @p migrations, and nothing that
 *  acts by itself (store_schema.c). */
assay_status store_check_schema(report_store *store, const char *const *migrations, int64_t version);

/** Runs statements without results. */
assay_status store_execute(report_store *store, const char *doing, const char *sql);

/** Prepares; *statement is null on failure. */
assay_status store_prepare(report_store *store, const char *doing, const char *sql, sqlite3_stmt **statement);

/** Prepares what was built, and frees it. */
assay_status store_prepare_built(report_store *store, const char *doing, sqlite3_str *built, sqlite3_stmt **statement);

/** Steps; *row says whether there is one. */
assay_status store_step(report_store *store, const char *doing, sqlite3_stmt *statement, bool *row);

/* ---- Which runs are being written (store_lock.c) ----------------------------------------------------------------- */

/** Lets go of all runs. */
void store_unlock(report_store *store);

#endif
