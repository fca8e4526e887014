#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

enum { QUOTE_LIMIT = 400 };

const char *output_cni_version = "\"1.1.0\"";
static char document[16384];
static size_t document_size;

bool print(const char *text, size_t size)
{
  while (size > 0) {
    ssize_t n = write(STDOUT_FILENO, text, size);
    if (n > 0) text += n, size -= (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN)) return false;
    else if (errno == EAGAIN) poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
  }
  return true;
}

static void emit(const char *text)
{
  while (*text != 0 && document_size < sizeof document) document[document_size++] = *text++;
}

/* A byte that is not printable ASCII is shown as \xNN, so that the document is valid whatever is quoted. */
static void quote(const char *text)
{
  static const char hex[] = "0123456789abcdef";
  for (size_t n = 0; text[n] != 0; n++) {
    unsigned char c = (unsigned char)text[n];
    if (n == QUOTE_LIMIT) {
      emit("...");
      return;
    }
    if (c < ' ' || c > '~') emit((char[]){'\\', '\\', 'x', hex[c >> 4], hex[c & 15], 0});
    else emit(c == '"' || c == '\\' ? (char[]){'\\', text[n], 0} : (char[]){text[n], 0});
  }
}

void fail(const char *code, const char *details, ...)
{
  va_list parts;
  va_start(parts, details);
  emit("{\"cniVersion\":"), emit(output_cni_version), emit(",\"code\":"), emit(code), emit(",\"msg\":\"");
  for (const char *part; (part = va_arg(parts, const char *)) != NULL;) quote(part);
  emit("\",\"details\":\""), quote(details), emit("\"}\n");
  va_end(parts);
  print(document, document_size);
  _exit(1);
}

const char *reason(int error)
{
  static const struct { int error; const char *text; } reasons[] = {
    {ENOENT, "it does not exist"},
    
    {ENOTDIR, "its path leads through a file"}, {EACCES, "permission denied"}, {EPERM, "permission denied"},
    {ECONNREFUSED, "nobody listens on it"}, {EAGAIN, "too many clients are waiting for it"},
    {ECONNRESET, "it closed the connection before it had answered"}, {EBADF, "it is closed"},
    {EMFILE, "too many open files"}, {ENFILE, "too many open files"}, {EIO, "input/output error"},
    {EISDIR, "it is a directory"}, {ENAMETOOLONG, "its path is too long"},
    {E2BIG, "it holds 4096 deletions already"}, {EFBIG, "this one is too large"},
    {ENOSPC, "the disk is full"}, {EDQUOT, "the disk quota is used up"},
    {EROFS, "the file system is read-only"},
  };
  static char other[] = "errno 000";
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].error == error) return reasons[i].text;
  for (char *digit = other + sizeof other - 2; error > 0; error /= 10) *digit-- = (char)('0' + error % 10);
  return other;
}
