#include "environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

enum { ID_LIMIT = 1024, IFNAME_LIMIT = 15 };

const char *const verb_names[VERBS] = {"ADD", "CHECK", "DEL", "GC", "STATUS", "VERSION"};
static const char *const variable_names[VARIABLES] = {
  "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH",
};
static const int required[VERBS] = {
  [ADD] = 1 << ID | 1 << NETNS | 1 << IFNAME,
  [CHECK] = 1 << ID | 1 << NETNS | 1 << IFNAME,
  [DEL] = 1 << ID | 1 << IFNAME,
};

const char *variable(const char *name)
{
  const char *value = getenv(name);
  return value == NULL ? "" : value;
}

static bool is_container_id(const char *id)
{
  static const char allowed[] = "_.-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return strlen(id) <= ID_LIMIT && id[strspn(id, allowed)] == 0 && strchr("_.-", *id) == NULL;
}

static bool is_interface_name(const char *name)
{
  static const char *const banned[] = {
    "/", ":", " ", "\t", "\n", "\v", "\f", "\r", "\xc2\x85", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002",
    "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u2028", "\u2029",
    "\u202f", "\u205f", "\u3000",
  };
  if (strlen(name) > IFNAME_LIMIT || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return false;
  for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
    if (strstr(name, banned[i]) != NULL) return false;
  return true;
}

int read_environment(const char *command, const char *variables[VARIABLES])
{
  int verb = 0, missing = 0;
  while (verb < VERBS && strcmp(command, verb_names[verb]) != 0) verb++;
  if (verb == VERBS)
    fail(BAD_ENVIRONMENT, "it may be ADD, CHECK, DEL, GC, STATUS or VERSION",
      "CNI_COMMAND is unknown: ", command, NULL);
  for (int i = 0; i < VARIABLES; i++) {
    variables[i] = variable(variable_names[i]);
    if (*variables[i] == 0) missing |= required[verb] & 1 << i;
  }
  if (missing != 0)
    fail(BAD_ENVIRONMENT, "the container runtime has to set them", "environment variables that ", command,
      " requires are missing or empty:", missing & 1 << ID ? " CNI_CONTAINERID" : "",
      missing & 1 << NETNS ? " CNI_NETNS" : "", missing & 1 << IFNAME ? " CNI_IFNAME" : "", NULL);
  if (required[verb] & 1 << ID && !is_container_id(variables[ID]))
    fail(BAD_ENVIRONMENT, "it may be a letter or digit and then up to 1023 letters, digits, '_', '.' and '-'",
      "CNI_CONTAINERID is invalid: ", variables[ID], NULL);
  if (required[verb] & 1 << IFNAME && !is_interface_name(variables[IFNAME]))
    fail(BAD_ENVIRONMENT, "it may be 1 to 15 bytes without '/', ':' and white space, and not '.' or '..'",
      "CNI_IFNAME is invalid: ", variables[IFNAME], NULL);
  return verb;
}
