/* Says of each document on stdin (32 bit little endian size, bytes) whether the scanner takes it: '1' or '0'.
   With an argument, the documents are frames and the question is whether they are answers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/cni/json.h"
#include "../../src/cni/wire.h"

static char verdict_on_json(const char *bytes, size_t size)
{
  char *text = malloc(size + 1); /* not one byte more, so that a sanitizer sees every step beyond */
  if (text == NULL) abort();
  memcpy(text, bytes, size);
  text[size] = 0;
  const char *cursor = json_skip_space(text);
  struct member member = {{0}};
  size_t sum = 0;
  if (*cursor != '{') cursor = NULL;
  else while (json_next_member(&cursor, &member)) sum += member.name.size + member.value.size;
  bool good = cursor != NULL && json_skip_space(cursor) == text + size && sum <= size;
  free(text);
  return good ? '1' : '0';
}

static char verdict_on_answer(const char *bytes, size_t size)
{
  static struct frame frame;
  struct answer answer;
  if (size < FRAME_LENGTH_SIZE) return '0';
  memcpy(frame.bytes, bytes, size);
  store(&frame, 0, size - FRAME_LENGTH_SIZE, FRAME_LENGTH_SIZE);
  return read_answer(&frame, &answer) ? '1' : '0';
}

int main(int argc, char **argv)
{
  static char document[1 << 20];
  uint32_t size;
  (void)argv;
  while (fread(&size, sizeof size, 1, stdin) == 1) {
    if (size > sizeof document || fread(document, 1, size, stdin) != size) return 2;
    putchar(argc > 1 ? verdict_on_answer(document, size) : verdict_on_json(document, size));
  }
  return 0;
}
