/* What a process does to the files of one folder, in order, so that a test can cut the power afterwards.
 *
 * Built as a shared library and loaded by LD_PRELOAD. Each call below is carried out and then noted in the log,
 * under one lock, so that the log's order is the order in which it happened; a file's sync is noted with what
 * was written before it began. From the log a test puts together what a disk must hold after a power cut: what
 * was written before the last finished sync of each file, and names as of the last sync of the folder. What a
 * process writes through a memory map is not seen: SQLite does that to `-shm` alone, which it makes anew.
 *
 *   FSYNC_SHIM_FOLDER  absolute path of the folder; all else is passed on unnoted
 *   FSYNC_SHIM_LOG     where the log is written, outside of it
 *
 * A record: one byte (C create, W write, T truncate, S sync of a file, D sync of the folder, U unlink, R rename, L link),
 * inode (8 bytes), offset or size (8), length of the data (4), the data. Little-endian as the machine is. The
 * data is the name for C and U, "old\0new" for R and L.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static size_t folder_length;
static int log_file = -1;

#define REAL(name, ...) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))(__VA_ARGS__)

__attribute__((constructor)) static void begin(void) {
    const char *log_path = getenv("FSYNC_SHIM_LOG");
    folder = getenv("FSYNC_SHIM_FOLDER");
    if (folder == NULL || log_path == NULL) {
        folder = NULL;
        return;
    }
    folder_length = strlen(folder);
    log_file = (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* System calls, not the functions below: the log is not noted itself. */
static void put(const void *data, size_t length) {
    const char *rest = data;
    while (length > 0) {
        long done = syscall(SYS_write, log_file, rest, length);
        if (done <= 0) abort();
        rest += done;
        length -= (size_t)done;
    }
}

static void note(char what, uint64_t inode, uint64_t place, const void *data, uint32_t length) {
    put(&what, 1);
    put(&inode, 8);
    put(&place, 8);
    put(&length, 4);
    put(data, length);
}

/* The name of a path in the folder; "" for the folder itself, NULL for anything else. */
static const char *inside(const char *path) {
    if (folder == NULL || strncmp(path, folder, folder_length) != 0) return NULL;
    if (path[folder_length] == '\0') return path + folder_length;
    return path[folder_length] == '/' ? path + folder_length + 1 : NULL;
}

static int is_ours(int descriptor, struct stat *found) {
    char link[64], path[4096];
    if (folder == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return inside(path) != NULL && fstat(descriptor, found) == 0;
}

static int opened(const char *path, int flags, mode_t mode) {
    const char *name = inside(path);
    struct stat found;
    pthread_mutex_lock(&lock);
    int is_new = name != NULL && (flags & O_CREAT) && stat(path, &found) != 0;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (descriptor >= 0 && is_new && fstat(descriptor, &found) == 0)
        note('C', found.st_ino, 0, name, (uint32_t)strlen(name));
    pthread_mutex_unlock(&lock);
    return descriptor;
}

#define OPEN(name)                                   \
    int name(const char *path, int flags, ...) {     \
        va_list rest;                                \
        va_start(rest, flags);                       \
        mode_t mode = va_arg(rest, mode_t);          \
        va_end(rest);                                \
        return opened(path, flags, mode);            \
    }
OPEN(open)
OPEN(open64)

#define PWRITE(name, offset_type)                                                                \
    ssize_t name(int descriptor, const void *data, size_t length, offset_type offset) {          \
        struct stat found;                                                                       \
        pthread_mutex_lock(&lock);                                                               \
        ssize_t done = REAL(name, descriptor, data, length, offset);                             \
        if (done > 0 && is_ours(descriptor, &found))                                             \
            note('W', found.st_ino, (uint64_t)offset, data, (uint32_t)done);                     \
        pthread_mutex_unlock(&lock);                                                             \
        return done;                                                                             \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int descriptor, const void *data, size_t length) {
    struct stat found;
    pthread_mutex_lock(&lock);
    ssize_t done = REAL(write, descriptor, data, length);
    if (done > 0 && is_ours(descriptor, &found))
        note('W', found.st_ino, (uint64_t)(lseek(descriptor, 0, SEEK_CUR) - done), data, (uint32_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

#define TRUNCATE(name, size_type)                                                                \
    int name(int descriptor, size_type size) {                                                   \
        struct stat found;                                                                       \
        pthread_mutex_lock(&lock);                                                               \
        int failed = REAL(name, descriptor, size);                                               \
        if (!failed && is_ours(descriptor, &found)) note('T', found.st_ino, (uint64_t)size, "", 0); \
        pthread_mutex_unlock(&lock);                                                             \
        return failed;                                                                           \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                                               \
    int name(int descriptor) {                                                                   \
        struct stat found;                                                                       \
        pthread_mutex_lock(&lock);                                                               \
        int failed = REAL(name, descriptor);                                                     \
        if (!failed && is_ours(descriptor, &found))                                              \
            note(S_ISDIR(found.st_mode) ? 'D' : 'S', found.st_ino, 0, "", 0);                    \
        pthread_mutex_unlock(&lock);                                                             \
        return failed;                                                                           \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path) {
    const char *name = inside(path);
    pthread_mutex_lock(&lock);
    int failed = REAL(unlink, path);
    if (!failed && name != NULL) note('U', 0, 0, name, (uint32_t)strlen(name));
    pthread_mutex_unlock(&lock);
    return failed;
}

#define TWO_NAMES(call, what)                                                                    \
    int call(const char *old, const char *new) {                                                 \
        const char *from = inside(old), *to = inside(new);                                       \
        char names[8192];                                                                        \
        pthread_mutex_lock(&lock);                                                               \
        int failed = REAL(call, old, new);                                                       \
        if (!failed && from != NULL && to != NULL) {                                             \
            int length = snprintf(names, sizeof names, "%s%c%s", from, 0, to);                   \
            note(what, 0, 0, names, (uint32_t)length);                                           \
        }                                                                                        \
        pthread_mutex_unlock(&lock);                                                             \
        return failed;                                                                           \
    }
TWO_NAMES(rename, 'R')
TWO_NAMES(link, 'L')
