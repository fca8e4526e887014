/* The frames of docs/wire.md: the request grows in one buffer, the answer is received into another. */
#ifndef ORBWEAVER_WIRE_H
#define ORBWEAVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

enum { FRAME_LENGTH_SIZE = 4, FRAME_LIMIT = 1 << 20 };
enum { MSGPACK_STR = 0xdb, MSGPACK_BIN = 0xc6, MSGPACK_UINT32 = 0xce, MSGPACK_UINT64 = 0xcf };

struct frame {
  size_t size;
  bool overflow; /* more was put in than a frame may hold, and left out */
  unsigned char bytes[FRAME_LENGTH_SIZE + FRAME_LIMIT + 1];
};

struct answer {
  int status;
  struct span body; /* ends with NUL */
};

void put(struct frame *frame, const void *data, size_t size);
void put_text(struct frame *frame, const char *key, int type, const char *text);

/* A key, and of its value the type and the number after it (`width` bytes). Returns where the number is. */
size_t put_head(struct frame *frame, const char *key, int type, uint64_t number, size_t width);
void store(struct frame *frame, size_t at, uint64_t number, size_t width);

/* How many bytes follow the length at the beginning. */
size_t announced_size(const struct frame *frame);

/* False when the frame is not an answer of a daemon. */
bool read_answer(struct frame *frame, struct answer *answer);

#endif
