#include "wire.h"

#include <string.h>

void put(struct frame *frame, const void *data, size_t size)
{
  if (size > FRAME_LENGTH_SIZE + FRAME_LIMIT - frame->size) frame->overflow = true;
  else memcpy(frame->bytes + frame->size, data, size), frame->size += size;
}

void store(struct frame *frame, size_t at, uint64_t number, size_t width)
{
  for (; width > 0; number >>= 8) frame->bytes[at + --width] = (unsigned char)number;
}

static uint64_t load(const unsigned char *from, size_t width)
{
  uint64_t number = 0;
  for (size_t i = 0; i < width; i++) number = number << 8 | from[i];
  return number;
}

size_t put_head(struct frame *frame, const char *key, int type, uint64_t number, size_t width)
{
  unsigned char key_head = (unsigned char)(0xa0 | strlen(key)), head = (unsigned char)type;
  put(frame, &key_head, 1);
  put(frame, key, strlen(key));
  put(frame, &head, 1);
  put(frame, &number, width);
  store(frame, frame->size - width, number, width);
  return frame->size - width;
}

void put_text(struct frame *frame, const char *key, int type, const char *text)
{
  size_t size = strlen(text);
  put_head(frame, key, type, size, 4);
  put(frame, text, size);
}

size_t announced_size(const struct frame *frame)
{
  return (size_t)load(frame->bytes, FRAME_LENGTH_SIZE);
}

static bool is_json_object(struct span text)
{
  const char *p = json_skip_space(text.at);
  if (*p != '{' || (p = json_value_end(p)) == NULL) return false;
  return json_skip_space(p) == text.at + text.size;
}

bool read_answer(struct frame *frame, struct answer *answer)
{
  unsigned char *p = frame->bytes + FRAME_LENGTH_SIZE, *end = p + announced_size(frame);
  /* An array of three or more, since a later daemon may say more; 1; the status; the type of the body. */
  if (end - p < 4 || p[0] < 0x93 || p[0] > 0x9f || p[1] != 1 || p[2] > 1) return false;
  answer->status = p[2];
  unsigned type = p[3];
  size_t width = 0, size = type & 0x1f;
  if (type >= 0xc4 && type <= 0xc6) width = (size_t)1 << (type - 0xc4); /* bin 8, 16, 32 */
  else if (type >= 0xd9 && type <= 0xdb) width = (size_t)1 << (type - 0xd9); /* str 8, 16, 32 */
  else if (type < 0xa0 || type > 0xbf) return false; /* fixstr */
  p += 4;
  if (width > (size_t)(end - p)) return false;
  if (width > 0) size = (size_t)load(p, width);
  p += width;
  if (size > (size_t)(end - p)) return false;
  p[size] = 0;
  answer->body = (struct span){(const char *)p, size};
  return size == 0 || is_json_object(answer->body);
}
