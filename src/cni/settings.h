/* What the plugin itself needs of the network configuration; it stands under `ipam`. */
#ifndef ORBWEAVER_SETTINGS_H
#define ORBWEAVER_SETTINGS_H

#include <limits.h>
#include <stdbool.h>

#include "json.h"

struct settings {
  int connect_timeout, answer_timeout; /* milliseconds */
  char socket[108];                    /* as much as a socket address holds */
  char queue[PATH_MAX];
};

/* Which name of the list (in any case of its ASCII letters) this JSON string is, or -1. */
int find_name(struct span name, const char *const list[]);

/* A setting that cannot be used is an error. If `lenient`, the default is taken instead. */
void read_settings(struct settings *settings, struct span ipam, bool lenient);

#endif
