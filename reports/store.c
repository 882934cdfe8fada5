/* Opening and closing the store: what is refused, how a database is made and migrated, and how SQLite's errors are
 * told.
 *
 * Nothing is written before a file has proved to be ours, whole, and of a version that we know. */
#include "reports/store_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MILLISECONDS = 10000 }; /* how long to wait for another process that is writing */

/* ---- Schema ------------------------------------------------------------------------------------------------------ */

/* Step k makes version k + 1 from version k. Once released, a step is never changed: add another one.
 *
 * A run that was sharded has a part for each shard, so that merged databases can be merged again; a run that was not
 * has the one part 1 of 1. Numbers that are missing (NaN) are NULL, 64-bit unsigned ones are stored as the signed ones
 * with the same bits, arrays are blobs of little-endian 8-byte words. */
static const char *const migrations[REPORT_STORE_VERSION] = {
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY, command TEXT NOT NULL, revision TEXT NOT NULL, compiler TEXT, flags TEXT, machine TEXT,"
    " system TEXT, level TEXT, depth TEXT, started TEXT, word_bits INTEGER NOT NULL, processors INTEGER NOT NULL,"
    " threads INTEGER NOT NULL, seed INTEGER NOT NULL, shards INTEGER NOT NULL CHECK (shards >= 1)) STRICT;"
    "CREATE TABLE part ("
    " run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, number INTEGER NOT NULL CHECK (number >= 1),"
    " seconds REAL, PRIMARY KEY (run_id, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE result ("
    " id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, algorithm TEXT NOT NULL,"
    " implementation TEXT NOT NULL, kind TEXT NOT NULL, check_name TEXT NOT NULL, workload TEXT, measured REAL,"
    " limit_value REAL, at_least INTEGER NOT NULL, unit TEXT, verdict TEXT NOT NULL, reason TEXT, seconds REAL,"
    " seed INTEGER NOT NULL, replay TEXT, statement TEXT, paper_value TEXT, provenance TEXT, spread_low REAL,"
    " spread_high REAL, seeds INTEGER NOT NULL, seeds_passed INTEGER NOT NULL) STRICT;"
    "CREATE INDEX result_of_run ON result (run_id, algorithm, implementation, check_name);"
    "CREATE TABLE series ("
    " id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, algorithm TEXT NOT NULL,"
    " implementation TEXT NOT NULL, chart TEXT NOT NULL, label TEXT, style TEXT NOT NULL, x_label TEXT, y_label TEXT,"
    " x_log INTEGER NOT NULL, y_log INTEGER NOT NULL, x BLOB NOT NULL, y BLOB NOT NULL) STRICT;"
    "CREATE INDEX series_of_run ON series (run_id);"
    "CREATE TABLE timing ("
    " id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, algorithm TEXT NOT NULL,"
    " implementation TEXT NOT NULL, is_peer INTEGER NOT NULL, is_reference INTEGER NOT NULL, workload TEXT NOT NULL,"
    " size INTEGER NOT NULL, threads INTEGER NOT NULL, seconds BLOB NOT NULL, bytes REAL, flops REAL, items REAL,"
    " working_set REAL, limit_seconds REAL, limit_name TEXT, note TEXT, cycles REAL, instructions REAL,"
    " branch_misses REAL, cache_misses REAL, counters_reason TEXT, replay TEXT) STRICT;"
    "CREATE INDEX timing_of_run ON timing (run_id);"
    "CREATE TABLE machine_limit ("
    " id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, name TEXT NOT NULL, level TEXT,"
    " place TEXT, threads INTEGER NOT NULL, per_second REAL, unit TEXT) STRICT;"
    "CREATE INDEX machine_limit_of_run ON machine_limit (run_id);"
    "CREATE TABLE sweep_shard ("
    " id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, algorithm TEXT NOT NULL,"
    " implementation TEXT NOT NULL, check_name TEXT NOT NULL, shard INTEGER NOT NULL, shards INTEGER NOT NULL,"
    " inputs INTEGER NOT NULL, hard INTEGER NOT NULL, not_correctly_rounded INTEGER NOT NULL,"
    " over_limit INTEGER NOT NULL, worst_ulp REAL, worst_input INTEGER NOT NULL, output_hash INTEGER NOT NULL,"
    " seconds REAL, histogram BLOB NOT NULL, binade_worst BLOB NOT NULL, binade_inputs BLOB NOT NULL) STRICT;"
    "CREATE INDEX sweep_shard_of_run ON sweep_shard (run_id);"
    "CREATE INDEX sweep_shard_by_name ON sweep_shard (algorithm, implementation, check_name, shards, shard);",

    "ALTER TABLE run ADD COLUMN data TEXT;"
    "ALTER TABLE result ADD COLUMN false_alarm REAL;"
    "ALTER TABLE series ADD COLUMN kind TEXT;"
    "ALTER TABLE series ADD COLUMN exponent REAL;"
    "ALTER TABLE series ADD COLUMN exponent_low REAL;"
    "ALTER TABLE series ADD COLUMN exponent_high REAL;"
    "ALTER TABLE series ADD COLUMN factor REAL;"
    "ALTER TABLE timing ADD COLUMN quality REAL;"
    "ALTER TABLE timing ADD COLUMN quality_label TEXT;"
    "CREATE TABLE operation_count ("
    " id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, algorithm TEXT NOT NULL,"
    " implementation TEXT NOT NULL, workload TEXT NOT NULL, method TEXT, counted TEXT NOT NULL, number REAL,"
    " allowed REAL) STRICT;"
    "CREATE INDEX operation_count_of_run ON operation_count (run_id);",
};

/* ---- Errors and statements --------------------------------------------------------------------------------------- */

assay_status store_check(const report_store *store, bool writing)
{
    if (!store)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "store is null");
    if (store->owner != getpid())
        return assay_fail(ASSAY_INVALID_ARGUMENT,
                          "store \"%s\" was opened by process %d and must not be used in its child %d", store->path,
                          (int)store->owner, (int)getpid());
    if (writing && !store->writable)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "store \"%s\" was opened for reading", store->path);
    return ASSAY_OK;
}

static assay_status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM: return ASSAY_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: return ASSAY_BAD_DATA; /* our own statements are right, so the schema is not ours */
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG: return ASSAY_INVALID_ARGUMENT;
    default: return ASSAY_IO;
    }
}

/* What a user can do about it. */
static const char *advice(int code, int system)
{
    const int kind = code & 0xff;
    const bool of_system = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN;
    if (kind == SQLITE_FULL || (of_system && (system == ENOSPC || system == EDQUOT || system == EFBIG)))
        return "; make room there and start again, or choose another file";
    if (kind == SQLITE_READONLY || kind == SQLITE_PERM || kind == SQLITE_CANTOPEN)
        return "; allow writing there or choose another file";
    if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED)
        return "; another process holds it, start again when that has ended";
    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? "; restore it or choose another file" : "";
}

assay_status store_fail(const report_store *store, const char *doing)
{
    const int code = sqlite3_extended_errcode(store->db), system = sqlite3_system_errno(store->db);
    const bool tell_system = system != 0 && status_of(code) == ASSAY_IO && (code & 0xff) != SQLITE_BUSY;
    return assay_fail(status_of(code), "cannot %s \"%s\": %s%s%s%s", doing, store->path, sqlite3_errmsg(store->db),
                      tell_system ? ": " : "", tell_system ? strerror(system) : "", advice(code, system));
}

assay_status store_execute(report_store *store, const char *doing, const char *sql)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ASSAY_OK : store_fail(store, doing);
}

assay_status store_prepare(report_store *store, const char *doing, const char *sql, sqlite3_stmt **statement)
{
    return sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) == SQLITE_OK ? ASSAY_OK : store_fail(store, doing);
}

assay_status store_prepare_built(report_store *store, const char *doing, sqlite3_str *built, sqlite3_stmt **statement)
{
    char *sql = sqlite3_str_finish(built);
    assay_status status =
        sql ? store_prepare(store, doing, sql, statement) : assay_fail(ASSAY_NO_MEMORY, "cannot make a statement");
    sqlite3_free(sql);
    return status;
}

assay_status store_step(report_store *store, const char *doing, sqlite3_stmt *statement, bool *row)
{
    const int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? ASSAY_OK : store_fail(store, doing);
}

/* ---- The file ---------------------------------------------------------------------------------------------------- */

assay_status store_make_parents(const char *path)
{
    char *folder = strdup(path);
    if (!folder)
        return assay_fail(ASSAY_NO_MEMORY, "cannot copy the path \"%s\"", path);
    assay_status status = ASSAY_OK;
    for (char *slash = strchr(folder + 1, '/'); status == ASSAY_OK && slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0777) != 0 && errno != EEXIST)
            status = assay_fail(ASSAY_IO, "cannot create folder \"%s\": %s", folder, strerror(errno));
        *slash = '/';
    }
    free(folder);
    return status;
}

/* Size of the file at @p path with @p suffix appended; 0 if there is none. */
static off_t size_of(const char *path, const char *suffix)
{
    struct stat file;
    char *name = sqlite3_mprintf("%s%s", path, suffix);
    const bool exists = name && stat(name, &file) == 0;
    sqlite3_free(name);
    return exists ? file.st_size : 0;
}

static uint64_t big_endian(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

enum { HEADER = 100 };

/* The bytes that a database must have by its header (www.sqlite.org/fileformat.html, 1.3). */
static uint64_t size_by_header(const unsigned char *header)
{
    const uint64_t page = big_endian(header + 16, 2), count = big_endian(header + 28, 4);
    return count * (page == 1 ? 65536 : page);
}

static assay_status read_header(const char *path, unsigned char *header, size_t *got)
{
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return assay_fail(ASSAY_IO, "cannot open \"%s\": %s", path, strerror(errno));
    *got = fread(header, 1, HEADER, stream);
    fclose(stream);
    return ASSAY_OK;
}

/* Looks at the file without SQLite, which would take an empty file for a new database, drop a log that belongs to it,
 * and read what is missing of the last page as zeros. With a log or a journal beside it, the file may be anything that
 * these will put right. */
static assay_status inspect_file(const char *path, bool must_exist)
{
    static const char magic[16] = "SQLite format 3";
    unsigned char header[HEADER] = {0};
    size_t got = 0;
    struct stat file;
    const bool at_rest = size_of(path, "-wal") == 0 && size_of(path, "-journal") == 0;
    if (stat(path, &file) != 0)
        return errno == ENOENT && !must_exist ? ASSAY_OK
                                              : assay_fail(ASSAY_IO, "cannot open \"%s\": %s", path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return assay_fail(ASSAY_IO, "cannot open \"%s\": it is no regular file", path);
    if (file.st_size == 0)
        return must_exist || size_of(path, "-wal") > 0 ? assay_fail(ASSAY_BAD_DATA, "database \"%s\" is empty", path)
                                                       : ASSAY_OK;
    assay_status status = read_header(path, header, &got);
    if (status == ASSAY_OK && memcmp(header, magic, sizeof magic) != 0)
        return assay_fail(ASSAY_BAD_DATA, "\"%s\" is no SQLite database; it was left as it is, choose another file",
                          path);
    if (status == ASSAY_OK && at_rest && (got < HEADER || (uint64_t)file.st_size < size_by_header(header)))
        return assay_fail(ASSAY_BAD_DATA,
                          "database \"%s\" is truncated: it has %lld bytes; restore it or choose another file", path,
                          (long long)file.st_size);
    return status;
}

/* Another process may be at work between our looks at the file and at its log, so bad news is not believed at once. */
static assay_status inspect_file_patiently(const char *path, bool must_exist)
{
    assay_status status = inspect_file(path, must_exist);
    for (int again = 0; again < 3 && status == ASSAY_BAD_DATA; again++) {
        sqlite3_sleep(5);
        status = inspect_file(path, must_exist);
    }
    return status;
}

/* A URI, because that is how a file is opened as immutable or attached for reading; so ?, # and % must be escaped. "./"
 * keeps names like ":memory:" from meaning something. */
static char *make_uri(const char *path, const char *mode)
{
    sqlite3_str *uri = sqlite3_str_new(NULL);
    sqlite3_str_appendall(uri, path[0] == '/' ? "file:" : "file:./");
    for (const char *c = path; *c; c++) {
        if (strchr("?#%", *c))
            sqlite3_str_appendf(uri, "%%%02X", (unsigned char)*c);
        else
            sqlite3_str_appendchar(uri, 1, *c);
    }
    sqlite3_str_appendf(uri, "?%s", mode);
    return sqlite3_str_finish(uri);
}

static assay_status connect_database(report_store *store, const char *mode)
{
    const int flags = store->writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    sqlite3_free(store->uri);
    store->uri = make_uri(store->path, mode);
    if (!store->uri)
        return assay_fail(ASSAY_NO_MEMORY, "cannot make the URI of \"%s\"", store->path);
    sqlite3_close(store->db);
    if (sqlite3_open_v2(store->uri, &store->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return store->db ? store_fail(store, "open")
                         : assay_fail(ASSAY_NO_MEMORY, "cannot open \"%s\": no memory", store->path);
    if (store->writable && sqlite3_db_readonly(store->db, "main") == 1)
        return assay_fail(ASSAY_IO, "cannot write \"%s\": it is read-only; allow writing or choose another file",
                          store->path);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, BUSY_MILLISECONDS);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* Until the file has proved to be ours, closing must not move another program's log into it. */
    if (size_of(store->path, "-wal") > 0)
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return ASSAY_OK;
}

/* ---- What a database must be ------------------------------------------------------------------------------------- */

/* What identifies a database, read by one statement: another process may be making the database just now. */
typedef struct identity {
    int64_t application, version, objects;
} identity;

static assay_status read_identity(report_store *store, identity *found)
{
    static const char sql[] = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
                              " FROM pragma_application_id, pragma_user_version";
    sqlite3_stmt *statement;
    bool row = false;
    assay_status status = store_prepare(store, "open", sql, &statement);
    if (status == ASSAY_OK)
        status = store_step(store, "open", statement, &row);
    if (status == ASSAY_OK && row)
        *found = (identity){.application = sqlite3_column_int64(statement, 0),
                            .version = sqlite3_column_int64(statement, 1),
                            .objects = sqlite3_column_int64(statement, 2)};
    sqlite3_finalize(statement);
    return status;
}

/* Version of a database that is ours, 0 of one that holds nothing yet. */
static assay_status identify(report_store *store, int64_t *version)
{
    identity found = {0};
    assay_status status = read_identity(store, &found);
    if (status != ASSAY_OK)
        return status;
    const bool fresh = found.application == 0 && found.version == 0 && found.objects == 0;
    if (!fresh && found.application != REPORT_STORE_APPLICATION)
        return assay_fail(
            ASSAY_BAD_DATA,
            "\"%s\" is a database of another program (application id 0x%08x, not 0x%08x); choose another file",
            store->path, (unsigned)found.application, (unsigned)REPORT_STORE_APPLICATION);
    if (!fresh && found.version < 1)
        return assay_fail(ASSAY_BAD_DATA, "database \"%s\" has the impossible version %lld", store->path,
                          (long long)found.version);
    if (found.version > REPORT_STORE_VERSION)
        return assay_fail(ASSAY_UNSUPPORTED,
                          "database \"%s\" is of version %lld; this program knows versions up to %d: use a newer one",
                          store->path, (long long)found.version, REPORT_STORE_VERSION);
    *version = found.version;
    return ASSAY_OK;
}

/* Reads every page, so that damage is found before anything is added to it. */
static assay_status check_integrity(report_store *store)
{
    sqlite3_stmt *statement;
    bool row = false;
    assay_status status = store_prepare(store, "check", "PRAGMA quick_check(1)", &statement);
    if (status == ASSAY_OK)
        status = store_step(store, "check", statement, &row);
    if (status == ASSAY_OK) {
        const char *verdict = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        if (!verdict || strcmp(verdict, "ok") != 0)
            status = assay_fail(ASSAY_BAD_DATA, "database \"%s\" is corrupt: %s; restore it or choose another file",
                                store->path, verdict ? verdict : "unreadable");
    }
    sqlite3_finalize(statement);
    return status;
}

/* Brings the schema to our version, all or nothing. The database is identified again because another process may have
 * been faster while we waited for the lock. */
static assay_status migrate(report_store *store)
{
    assay_status status = store_execute(store, "write", "BEGIN IMMEDIATE");
    if (status != ASSAY_OK)
        return status;
    int64_t found = 0;
    status = identify(store, &found);
    for (int64_t version = found; status == ASSAY_OK && version < REPORT_STORE_VERSION; version++)
        status = store_execute(store, "migrate", migrations[version]);
    if (status == ASSAY_OK && found < REPORT_STORE_VERSION) {
        char pragmas[96];
        snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d",
                 REPORT_STORE_APPLICATION, REPORT_STORE_VERSION);
        status = store_execute(store, "write", pragmas);
    }
    if (status == ASSAY_OK)
        status = store_execute(store, "write", "COMMIT");
    if (status != ASSAY_OK)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* The write-ahead log lets readers and a writer at the database at once. Changing to it needs the file alone, for which
 * SQLite does not always wait by itself. A file system without shared memory keeps the rollback journal, which is as
 * safe. NORMAL: a commit survives the death of the process; a power cut may cost the last ones, never the database. */
static assay_status use_write_ahead_log(report_store *store)
{
    assay_status status = ASSAY_OK;
    for (int waited = 0; waited <= BUSY_MILLISECONDS; waited += 10) {
        status = store_execute(store, "write",
                               "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
        if (status == ASSAY_OK || (sqlite3_errcode(store->db) & 0xff) != SQLITE_BUSY)
            break;
        sqlite3_sleep(10);
    }
    return status;
}

static assay_status prepare_for_writing(report_store *store, int64_t version)
{
    assay_status status = version < REPORT_STORE_VERSION ? migrate(store) : ASSAY_OK;
    if (status == ASSAY_OK)
        status = use_write_ahead_log(store);
    return status;
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

/* Looks at a database at one moment, whoever else may be changing it; *code is SQLite's of identifying it. */
static assay_status look_at(report_store *store, int64_t *version, int *code)
{
    assay_status status = store_execute(store, "open", "BEGIN");
    if (status == ASSAY_OK)
        status = identify(store, version);
    *code = sqlite3_errcode(store->db) & 0xff;
    if (status == ASSAY_OK && *version > 0)
        status = store_check_schema(store, migrations, *version);
    if (status == ASSAY_OK && *version > 0)
        status = check_integrity(store);
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static assay_status examine(report_store *store, int64_t *version)
{
    int code = SQLITE_OK;
    assay_status status = look_at(store, version, &code);
    /* A database in a folder that may not be written has no place for the index of its log. It can be read all the same
     * if there is no log and no journal: nobody is writing then. */
    if (status == ASSAY_IO && !store->writable && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) &&
        size_of(store->path, "-wal") == 0 && size_of(store->path, "-journal") == 0) {
        status = connect_database(store, "immutable=1");
        if (status == ASSAY_OK)
            status = look_at(store, version, &code);
    }
    return status;
}

static assay_status open_store(const char *path, bool writable, report_store **store)
{
    int64_t version = 0;
    if (!path || !store)
        return assay_fail(ASSAY_INVALID_ARGUMENT, "%s is null", path ? "store" : "path");
    if (path[0] == '\0')
        return assay_fail(ASSAY_INVALID_ARGUMENT, "path is empty");
    report_store *opened = calloc(1, sizeof *opened);
    char *copy = strdup(path);
    if (!opened || !copy) {
        free(copy);
        free(opened);
        return assay_fail(ASSAY_NO_MEMORY, "cannot allocate a store");
    }
    *opened = (report_store){.path = copy, .owner = getpid(), .lock = -1, .writable = writable};
    assay_status status = writable ? store_make_parents(path) : ASSAY_OK;
    if (status == ASSAY_OK)
        status = inspect_file_patiently(path, !writable);
    if (status == ASSAY_OK)
        status = connect_database(opened, writable ? "mode=rwc" : "mode=ro");
    if (status == ASSAY_OK)
        status = examine(opened, &version);
    if (status == ASSAY_OK && writable)
        status = prepare_for_writing(opened, version);
    if (status == ASSAY_OK && !writable && version == 0)
        status = assay_fail(ASSAY_BAD_DATA, "database \"%s\" holds nothing yet", path);
    opened->version = writable ? REPORT_STORE_VERSION : (int)version;
    if (status == ASSAY_OK) {
        sqlite3_db_config(opened->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        *store = opened;
    } else {
        report_store_close(opened);
    }
    return status;
}

assay_status report_store_open(const char *path, report_store **store)
{
    return open_store(path, true, store);
}

assay_status report_store_open_read_only(const char *path, report_store **store)
{
    return open_store(path, false, store);
}

void report_store_close(report_store *store)
{
    if (!store)
        return;
    /* In a child the connection is left alone: closing it would pull the log from under the parent. */
    if (store->owner == getpid()) {
        for (size_t i = 0; i < STORE_TABLES; i++)
            sqlite3_finalize(store->insert[i]);
        sqlite3_close(store->db); /* what a group has not finished is rolled back */
        store_unlock(store);
    } else if (store->lock >= 0) {
        close(store->lock); /* the locks are the parent's and stay */
    }
    sqlite3_free(store->uri);
    free(store->path);
    free(store);
}
