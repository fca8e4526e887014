#define _GNU_SOURCE
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h> /* renameat */
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HASH_DIGITS = 32, PID_DIGITS = 8 };

hash128 hash_start(void)
{
  return (hash128)UINT64_C(0x6c62272e07bb0142) << 64 | UINT64_C(0x62b821756295c58d);
}

hash128 hash_more(hash128 hash, const void *data, size_t size)
{
  const hash128 prime = (hash128)1 << 88 | 0x13b;
  for (const unsigned char *p = data; size > 0; size--) hash = (hash ^ *p++) * prime;
  return hash;
}

int read_boot_id(char *to)
{
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  ssize_t n = read(fd, to, BOOT_ID_SIZE);
  close(fd);
  return n == BOOT_ID_SIZE ? 0 : EIO;
}

static void hex(char *to, hash128 value, size_t digits)
{
  for (; digits > 0; value >>= 4) to[--digits] = "0123456789abcdef"[value & 15];
}

/* Open a directory, making what is missing on the way; a directory that was made is on the disk. */
static int open_directory(const char *path)
{
  int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (directory >= 0 && *(path += strspn(path, "/")) != 0) {
    char name[NAME_MAX + 1] = "";
    size_t size = strcspn(path, "/");
    int next = -1;
    if (size > NAME_MAX) errno = ENAMETOOLONG;
    else {
      memcpy(name, path, size);
      if (mkdirat(directory, name, 0700) == 0) fsync(directory);
      next = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    int error = errno;
    close(directory);
    errno = error;
    directory = next;
    path += size;
  }
  return directory;
}

/* With the bare system call: opendir() allocates. A name that starts with a dot is not in the queue yet. */
static bool is_full(int directory)
{
  struct entry { uint64_t inode, offset; uint16_t size; unsigned char type; char name[]; };
  _Alignas(struct entry) char entries[8192];
  size_t files = 0;
  for (long n; (n = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0;)
    for (long at = 0; at < n;) {
      const struct entry *entry = (const void *)(entries + at);
      if (entry->name[0] != '.') files++;
      at += entry->size;
    }
  return files >= QUEUE_LIMIT;
}

static int write_file(int directory, const char *name, const char *content, size_t size)
{
  int fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  int error = 0;
  if (fd < 0) return errno;
  while (size > 0 && error == 0) {
    ssize_t n = write(fd, content, size);
    if (n >= 0) content += n, size -= (size_t)n;
    else if (errno != EINTR) error = errno;
  }
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  return error;
}

int queue_write(const char *path, hash128 key, const void *content, size_t size)
{
  char name[] = "00000000000000000000000000000000.del";
  char temporary[] = ".00000000000000000000000000000000.00000000";
  hex(name, key, HASH_DIGITS);
  hex(temporary + 1, key, HASH_DIGITS);
  hex(temporary + 1 + HASH_DIGITS + 1, (hash128)getpid(), PID_DIGITS);
  signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error like a full disk */
  int directory = open_directory(path);
  if (directory < 0) return errno;
  if (faccessat(directory, name, F_OK, 0) != 0 && is_full(directory)) return E2BIG;
  int error = write_file(directory, temporary, content, size);
  if (error == 0 && renameat(directory, temporary, directory, name) != 0) error = errno;
  if (error != 0) unlinkat(directory, temporary, 0);
  else if (fsync(directory) != 0) error = errno;
  return error;
}
