/* The conversation with the daemon. */
#ifndef ORBWEAVER_DAEMON_H
#define ORBWEAVER_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

enum { SECOND = 1000, HOUR = 3600 * SECOND }; /* a time is in milliseconds unless its name says ns */

struct question {
  const char *socket_path; /* at most 107 bytes */
  int64_t start_ns;
  int look;         /* how long to look for a daemon that is not there */
  int wait;         /* how long to wait in all, from the start */
  size_t budget_at; /* where in the request the time that is left is to be written */
};

enum outcome { ANSWERED, ABSENT, SILENT, GARBLED };

int64_t now_ns(void);

/* Ask until there is an answer or the time is up. When nobody is there, `problem` is the last errno. */
enum outcome ask(const struct question *question, struct frame *request, struct answer *answer, int *problem);

/* Tell the daemon that its answer has arrived; false when it cannot be told. */
bool acknowledge(void);

#endif
