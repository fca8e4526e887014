/* The deletion queue: what the daemon could not be told is kept for it in a directory. */
#ifndef ORBWEAVER_QUEUE_H
#define ORBWEAVER_QUEUE_H

#include <stddef.h>

enum { QUEUE_LIMIT = 4096, BOOT_ID_SIZE = 36 };

/* A 128-bit FNV-1a hash, to be taken over several pieces. */
__extension__ typedef unsigned __int128 hash128;
hash128 hash_start(void);
hash128 hash_more(hash128 hash, const void *data, size_t size);

/* The id of this life of the machine, BOOT_ID_SIZE characters; 0 or errno. */
int read_boot_id(char *to);

/* Keep the content in the directory under the key, durably; 0 or errno, with E2BIG for a full queue. */
int queue_write(const char *directory, hash128 key, const void *content, size_t size);

#endif
