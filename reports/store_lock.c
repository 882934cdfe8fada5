/* Which runs are being written: a run that never came to its end was interrupted only if nobody is at work on it.
 *
 * A process holds its run by a lock on one byte of a file beside the database, at the run's number; byte 0 is held
 * while a run is chosen or entered. Locks of fcntl() are those that SQLite uses: they belong to the process (a child
 * has none of them), end with it however it dies, and work over network file systems. The database itself cannot be
 * locked like this: closing one of our descriptors of it would end SQLite's locks. */
#include "reports/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct flock byte_lock(short type, int64_t first, int64_t length)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)first, .l_len = (off_t)length};
}

static char *lock_path(const report_store *store)
{
    return sqlite3_mprintf("%s-lock", store->path);
}

/* Waits for byte 0. False if there are no locks here (some network file systems have none): then as before there were
 * any, each process believes to be alone. */
static bool lock_choice(int file)
{
    struct flock lock = byte_lock(F_WRLCK, 0, 1);
    int result;
    while ((result = fcntl(file, F_SETLKW, &lock)) != 0 && errno == EINTR)
        continue;
    return result == 0;
}

/* True if @p file is still what is found at @p path: the last one to leave removes it. */
static bool is_still_there(int file, const char *path)
{
    struct stat ours, found;
    return fstat(file, &ours) == 0 && stat(path, &found) == 0 && ours.st_dev == found.st_dev &&
           ours.st_ino == found.st_ino;
}

assay_status report_store_choose_begin(report_store *store)
{
    assay_status status = store_check(store, true);
    if (status != ASSAY_OK)
        return status;
    char *path = lock_path(store);
    if (!path)
        return assay_fail(ASSAY_NO_MEMORY, "cannot copy the path \"%s\"", store->path);
    if (store->lock >= 0 && is_still_there(store->lock, path)) {
        lock_choice(store->lock);
        sqlite3_free(path);
        return ASSAY_OK;
    }
    for (bool ready = false; status == ASSAY_OK && !ready;) {
        const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0) {
            status =
                assay_fail(ASSAY_IO, "cannot open \"%s\", by which runs are told apart: %s", path, strerror(errno));
            break;
        }
        ready = !lock_choice(file) || is_still_there(file, path);
        const int useless = ready ? store->lock : file;
        if (ready)
            store->lock = file;
        if (useless >= 0)
            close(useless);
    }
    sqlite3_free(path);
    return status;
}

void report_store_choose_end(report_store *store)
{
    struct flock none = byte_lock(F_UNLCK, 0, 1);
    if (store && store->lock >= 0)
        fcntl(store->lock, F_SETLK, &none);
}

bool report_store_is_held(const report_store *store, int64_t run_id)
{
    struct flock lock = byte_lock(F_WRLCK, run_id, 1);
    return store && store->lock >= 0 && run_id > 0 && fcntl(store->lock, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

assay_status report_store_hold(report_store *store, int64_t run_id)
{
    assay_status status = store_check(store, true);
    if (status == ASSAY_OK && (run_id <= 0 || store->lock < 0))
        status = assay_fail(ASSAY_INVALID_ARGUMENT, "run_id is %lld and choosing was%s begun", (long long)run_id,
                            store->lock < 0 ? " not" : "");
    if (status != ASSAY_OK)
        return status;
    struct flock lock = byte_lock(F_WRLCK, run_id, 1);
    if (fcntl(store->lock, F_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES))
        return assay_fail(ASSAY_IO, "run %lld of \"%s\" is being written by another process", (long long)run_id,
                          store->path);
    return ASSAY_OK;
}

/* Whoever can lock all of the file is alone with it and removes it; who waited for it meanwhile sees that it is gone.
 */
void store_unlock(report_store *store)
{
    struct flock all = byte_lock(F_WRLCK, 0, 0);
    if (store->lock < 0)
        return;
    char *path = lock_path(store);
    if (path && fcntl(store->lock, F_SETLK, &all) == 0 && is_still_there(store->lock, path))
        unlink(path);
    sqlite3_free(path);
    close(store->lock);
    store->lock = -1;
}
