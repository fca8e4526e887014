/* Shows each document on stdin (32 bit little endian size, bytes) to the scanner of the plugin and writes what it
   would send: a size and the bytes, or 0xffffffff when the document is no object. With an argument, the
   documents are answers, and it writes '0' or '1' for each: is it one? */
#define main plugin_main
#include "../../src/cni/plugin.c"
#undef main

static void scan(const char *bytes, uint32_t size)
{
  char *text = malloc((size_t)size + 1); /* not one byte more, so that a sanitizer sees every step beyond */
  if (text == NULL) abort();
  memcpy(text, bytes, size);
  text[size] = 0;
  at = frame + 4;
  uint32_t sent = UINT32_MAX;
  if (skip_space(object_end(skip_space(text), 0, THEIR_SOCKET)) == text + size) {
    put_text(at == frame + 4 ? "{}" : "}");
    frame[4] = '{';
    sent = (uint32_t)(at - frame - 4);
  }
  fwrite(&sent, sizeof sent, 1, stdout);
  if (sent != UINT32_MAX) fwrite(frame + 4, 1, sent, stdout);
  free(text);
}

static void judge(const char *bytes, uint32_t size)
{
  unsigned char *answer = malloc((size_t)size + 1);
  if (answer == NULL) abort();
  memcpy(answer, bytes, size);
  putchar(read_answer(answer, answer + size) ? '1' : '0');
  free(answer);
}

int main(int argc, char **argv)
{
  static char document[1 << 20];
  uint32_t size;
  (void)argv;
  while (fread(&size, sizeof size, 1, stdin) == 1) {
    if (size > sizeof document || fread(document, 1, size, stdin) != size) return 2;
    if (argc > 1) judge(document, size);
    else scan(document, size);
  }
  return 0;
}
