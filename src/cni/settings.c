#include "settings.h"

#include <string.h>
#include <strings.h>

#include "daemon.h"
#include "output.h"

enum { SOCKET, SPIDERPOOL_SOCKET, QUEUE, CONNECT_TIMEOUT, ANSWER_TIMEOUT, NAMES };
static const char *const names[] = {
  "socket", "ipam_unix_socket_path", "queue", "connect_timeout_seconds", "answer_timeout_seconds", NULL,
};

int find_name(struct span name, const char *const list[])
{
  for (int i = 0; list[i] != NULL; i++)
    if (strlen(list[i]) == name.size - 2 && strncasecmp(list[i], name.at + 1, name.size - 2) == 0) return i;
  return -1;
}

static bool read_path(struct span value, char *path, size_t room)
{
  if (value.at[0] != '"' || value.at[1] != '/' || value.size - 2 >= room) return false;
  if (memchr(value.at, '\\', value.size) != NULL) return false;
  memcpy(path, value.at + 1, value.size - 2);
  path[value.size - 2] = 0;
  return true;
}

static bool read_seconds(struct span value, int *milliseconds)
{
  const char *p = value.at;
  int sum = 0, unit = SECOND;
  for (; *p >= '0' && *p <= '9' && sum <= HOUR; p++) sum = sum * 10 + (*p - '0') * SECOND;
  if (*p == '.')
    for (p++; *p >= '0' && *p <= '9'; p++) sum += (*p - '0') * (unit /= 10);
  if (p != value.at + value.size || sum > HOUR) return false;
  *milliseconds = sum;
  return true;
}

void read_settings(struct settings *settings, struct span ipam, bool lenient)
{
  static const char wrong_path[] = "it must be an absolute path without escapes; of a socket 107 bytes";
  static const char wrong_time[] = "it must be a number of seconds from 0 to 3600, such as 15 or 0.5";
  struct span values[NAMES] = {0};
  const char *cursor = ipam.at;
  if (cursor != NULL && *cursor == '{')
    for (struct member m; json_next_member(&cursor, &m);) {
      int known = find_name(m.name, names);
      bool empty = *m.value.at == 'n' || strncmp(m.value.at, "\"\"", 2) == 0;
      if (known >= 0) values[known] = empty ? (struct span){0} : m.value;
    }

  settings->connect_timeout = 15 * SECOND;
  settings->answer_timeout = 60 * SECOND;
  strcpy(settings->socket, "/run/orbweaver/cni.sock");
  strcpy(settings->queue, "/var/lib/orbweaver/queue");
  if (values[SOCKET].at != NULL) values[SPIDERPOOL_SOCKET].at = NULL;
  for (int i = 0; i < NAMES; i++) {
    if (values[i].at == NULL) continue;
    bool usable = i <= SPIDERPOOL_SOCKET ? read_path(values[i], settings->socket, sizeof settings->socket)
      : i == QUEUE                       ? read_path(values[i], settings->queue, sizeof settings->queue)
      : i == CONNECT_TIMEOUT             ? read_seconds(values[i], &settings->connect_timeout)
                                         : read_seconds(values[i], &settings->answer_timeout);
    if (!usable && !lenient)
      fail(BAD_CONFIGURATION, i <= QUEUE ? wrong_path : wrong_time, "ipam.", names[i],
        " of the network configuration cannot be used", NULL);
  }
}
