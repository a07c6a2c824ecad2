// Loaded with LD_PRELOAD into a box: counts its flushes of the disk into the file named by SYNC_COUNT, and delays each
// by SYNC_US microseconds, as a slow card would. A tool of tests and benchmarks; no part of the product.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long data_syncs, full_syncs;

static void note(void) {
    const char *delay = getenv("SYNC_US"), *path = getenv("SYNC_COUNT");
    if (delay) usleep((useconds_t)atoi(delay));
    if (!path) return;
    char text[64];
    int length = snprintf(text, sizeof text, "%ld %ld\n", atomic_load(&data_syncs), atomic_load(&full_syncs));
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    if (file < 0) return;
    if (pwrite(file, text, (size_t)length, 0) < 0) { /* the count is behind by one */ }
    close(file);
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(fd);
    atomic_fetch_add(&data_syncs, 1);
    note();
    return result;
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(fd);
    atomic_fetch_add(&full_syncs, 1);
    note();
    return result;
}
