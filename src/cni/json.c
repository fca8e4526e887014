#include "json.h"

#include <string.h>

const char *json_skip_space(const char *p)
{
  while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r') p++;
  return p;
}

/* The functions named ..._end return where the thing at `p` ends, or NULL when it is not one. The NUL that
   ends the text fits nowhere, so none of them runs past it. */
static const char *digits_end(const char *p)
{
  const char *start = p;
  while (*p >= '0' && *p <= '9') p++;
  return p == start ? NULL : p;
}

static const char *number_end(const char *p)
{
  if (*p == '-') p++;
  p = *p == '0' ? p + 1 : digits_end(p);
  if (p != NULL && *p == '.') p = digits_end(p + 1);
  if (p != NULL && (*p == 'e' || *p == 'E')) p = digits_end(p + (p[1] == '+' || p[1] == '-' ? 2 : 1));
  return p;
}

static const char *string_end(const char *p)
{
  if (*p++ != '"') return NULL;
  for (; *p != '"'; p++) {
    if ((unsigned char)*p < ' ') return NULL;
    if (*p != '\\') continue;
    p++;
    if (*p == 0 || strchr("\"\\/bfnrtu", *p) == NULL) return NULL;
    if (*p == 'u' && strspn(p + 1, "0123456789abcdefABCDEF") < 4) return NULL;
  }
  return p + 1;
}

static const char *scalar_end(const char *p)
{
  if (*p == '"') return string_end(p);
  if (strncmp(p, "true", 4) == 0 || strncmp(p, "null", 4) == 0) return p + 4;
  if (strncmp(p, "false", 5) == 0) return p + 5;
  return number_end(p);
}

static const char *name_end(const char *p)
{
  p = string_end(p);
  if (p == NULL) return NULL;
  p = json_skip_space(p);
  return *p == ':' ? p + 1 : NULL;
}

/* Without recursion, since whoever wrote the text decides how deep it nests. */
const char *json_value_end(const char *p)
{
  static char closing[JSON_DEPTH_LIMIT - 1]; /* the bracket that each open level waits for */
  for (size_t depth = 0;;) {
    p = json_skip_space(p);
    bool opened = *p == '{' || *p == '[';
    if (opened && depth == sizeof closing) return NULL;
    if (opened) {
      closing[depth++] = *p == '{' ? '}' : ']';
      p++;
    } else if ((p = scalar_end(p)) == NULL) return NULL;
    for (; depth > 0; depth--, opened = false) {
      p = json_skip_space(p);
      if (*p != closing[depth - 1]) break;
      p++;
    }
    if (depth == 0) return p;
    if (!opened && *p++ != ',') return NULL;
    if (closing[depth - 1] == '}' && (p = name_end(json_skip_space(p))) == NULL) return NULL;
  }
}

bool json_next_member(const char **cursor, struct member *member)
{
  const char *p = **cursor == '}' ? *cursor : json_skip_space(*cursor + 1);
  bool over = *p == '}' && **cursor != ',';
  *cursor = over ? p + 1 : NULL;
  if (over) return false;
  const char *value = name_end(p), *end = NULL;
  if (value != NULL) end = json_value_end(value = json_skip_space(value));
  if (end == NULL) return false;
  *member = (struct member){{p, (size_t)(string_end(p) - p)}, {value, (size_t)(end - value)}};
  end = json_skip_space(end);
  if (*end == ',' || *end == '}') *cursor = end;
  return *cursor != NULL;
}
