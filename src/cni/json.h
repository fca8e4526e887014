/* A scanner for JSON (RFC 8259) in text that ends with NUL. It decodes nothing: it says where things are. */
#ifndef ORBWEAVER_JSON_H
#define ORBWEAVER_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_LIMIT = 1000 };

struct span {
  const char *at;
  size_t size;
};

struct member {
  struct span name, value; /* as they stand, the name with its quotes */
};

const char *json_skip_space(const char *p);

/* The end of the value at `p`, or NULL when it is malformed or too deep for a member of the outer object. */
const char *json_value_end(const char *p);

/* Step to the next member of the object whose '{' the cursor points at first. When there is none, the cursor
   is behind the object, or NULL if this is no object. */
bool json_next_member(const char **cursor, struct member *member);

#endif
