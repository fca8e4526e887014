/*
 * The CNI plugin, which the container runtime executes for every pod. It checks what it was given, hands it to
 * the daemon over a Unix socket and prints the answer; docs/wire.md is the contract. It should live about as
 * long as an empty program: nothing is allocated (the pages of a static buffer that nobody touches cost nothing),
 * no stdio, no locale; one send, one poll, one receive.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "daemon.h"
#include "json.h"
#include "output.h"
#include "queue.h"
#include "wire.h"

enum { INPUT_LIMIT = 16 << 20, ID_LIMIT = 1024, IFNAME_LIMIT = 15 };

static const char version_answer[] = "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":"
  "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n";
static const char usage[] = "orbweaver is a CNI plugin: a container runtime executes it and sets CNI_COMMAND\n";

enum { ID, NETNS, IFNAME, ARGS, PATH, VARIABLES };
static const char *const variable_names[] = {"CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH"};
static const char *const request_keys[] = {"cid", "netns", "ifname", "args", "path"};

/* What each verb requires, how long at most it looks for a daemon that is not there, and how long it waits in all. */
enum { ADD, CHECK, DEL, GC, STATUS, VERSION, VERBS };
enum { ATTACHMENT = 1 << ID | 1 << IFNAME, NAMESPACE = 1 << NETNS };
static const struct { const char *name; int needs, look, wait; } verbs[] = {
  {"ADD", ATTACHMENT | NAMESPACE, HOUR, HOUR}, {"CHECK", ATTACHMENT | NAMESPACE, 5 * SECOND, 5 * SECOND},
  {"DEL", ATTACHMENT, 0, 10 * SECOND}, {"GC", 0, 0, 10 * SECOND}, {"STATUS", 0, 900, 900}, {"VERSION", 0, 0, 0}};

enum { CNI_VERSION, NETWORK, IPAM, MEMBERS };
static const char *const kept_members[] = {"cniVersion", "name", "ipam", "type", "args", "runtimeConfig",
  "prevResult", "cni.dev/valid-attachments", "cni.dev/attachments", NULL};
enum { SOCKET, SPIDERPOOL_SOCKET, QUEUE, CONNECT_TIMEOUT, ANSWER_TIMEOUT, SETTINGS };
static const char *const setting_names[] = {"socket", "ipam_unix_socket_path", "queue", "connect_timeout_seconds",
  "answer_timeout_seconds", NULL};

static int verb;
static const char *variables[VARIABLES];
static struct span members[MEMBERS], settings[SETTINGS]; /* `at` is NULL when there is none */
static char input[INPUT_LIMIT + 2]; /* ends with NUL */
static size_t input_size;
static struct frame request;
static struct question question;

/* ---- What we were given ---- */

static bool is_interface_name(const char *name)
{
  static const char *const banned[] = {"/", ":", " ", "\t", "\n", "\v", "\f", "\r", "\xc2\x85", "\u00a0",
    "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
    "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  for (size_t i = 0; i < sizeof banned / sizeof *banned; i++)
    if (strstr(name, banned[i]) != NULL) return false;
  return strlen(name) <= IFNAME_LIMIT && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static bool is_container_id(const char *id)
{
  static const char allowed[] = "_.-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return strlen(id) <= ID_LIMIT && id[strspn(id, allowed)] == 0 && strchr("_.-", *id) == NULL;
}

static const char *variable(const char *name)
{
  const char *value = getenv(name);
  return value == NULL ? "" : value;
}

static void read_environment(const char *command)
{
  while (verb < VERBS && strcmp(command, verbs[verb].name) != 0) verb++;
  if (verb == VERBS)
    fail(BAD_ENVIRONMENT, "it may be ADD, CHECK, DEL, GC, STATUS or VERSION", "CNI_COMMAND is unknown: ", command, NULL);
  int missing = 0;
  for (int i = 0; i < VARIABLES; i++) {
    variables[i] = variable(variable_names[i]);
    if (*variables[i] == 0) missing |= verbs[verb].needs & 1 << i;
  }
  if (missing != 0)
    fail(BAD_ENVIRONMENT, "the container runtime has to set them", "environment variables that ", command,
      " requires are missing or empty:", missing & 1 << ID ? " CNI_CONTAINERID" : "",
      missing & 1 << NETNS ? " CNI_NETNS" : "", missing & 1 << IFNAME ? " CNI_IFNAME" : "", NULL);
  if (verbs[verb].needs & 1 << ID && !is_container_id(variables[ID]))
    fail(BAD_ENVIRONMENT, "it may have letters, digits, '_', '.' and '-' after a letter or digit, at most 1024 bytes",
      "CNI_CONTAINERID is invalid: ", variables[ID], NULL);
  if (verbs[verb].needs & 1 << IFNAME && !is_interface_name(variables[IFNAME]))
    fail(BAD_ENVIRONMENT, "it may have 1 to 15 bytes without '/', ':' and white space, and not be '.' or '..'",
      "CNI_IFNAME is invalid: ", variables[IFNAME], NULL);
}

static void read_input(void)
{
  for (;;) {
    ssize_t n = read(STDIN_FILENO, input + input_size, INPUT_LIMIT + 1 - input_size);
    if (n == 0) return;
    if (n > 0) input_size += (size_t)n;
    else if (errno != EINTR && errno != EAGAIN)
      fail(IO_FAILED, reason(errno), "the network configuration cannot be read from stdin", NULL);
    else if (errno == EAGAIN) poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, -1);
    if (input_size > INPUT_LIMIT)
      fail(IO_FAILED, "the container runtime sends it", "the network configuration on stdin is larger than 16 MiB", NULL);
  }
}

/* Which name of the list this is in any case of its letters, or -1. */
static int find(struct span name, const char *const list[])
{
  for (int i = 0; list[i] != NULL; i++)
    if (strlen(list[i]) == name.size - 2 && strncasecmp(list[i], name.at + 1, name.size - 2) == 0) return i;
  return -1;
}

/* Copy what the daemon needs of the configuration; false when stdin is no JSON object. */
static bool put_configuration(void)
{
  const char *cursor = json_skip_space(input), *before = "{";
  if (strncmp(cursor, "null", 4) == 0) cursor += 4;
  else if (*cursor != '{') return false;
  else for (struct member m; json_next_member(&cursor, &m);) {
    int known = find(m.name, kept_members);
    if (known >= 0 && known < MEMBERS) members[known] = m.value;
    if (known < 0 && memchr(m.name.at, '\\', m.name.size) == NULL) continue;
    put(&request, before, 1);
    put(&request, m.name.at, m.name.size);
    put(&request, ":", 1);
    put(&request, m.value.at, m.value.size);
    before = ",";
  }
  put(&request, *before == '{' ? "{}" : "}", *before == '{' ? 2 : 1);
  return cursor != NULL && json_skip_space(cursor) == input + input_size;
}

static void put_request(const char *program)
{
  const char *slash = strrchr(program, '/');
  request.size = FRAME_LENGTH_SIZE;
  put(&request, "\x8b\xa1v\x01", 4);
  question.budget_at = put_head(&request, "budget", MSGPACK_UINT32, 0, 4);
  put_head(&request, "start", MSGPACK_UINT64, (uint64_t)question.start_ns, 8);
  put_text(&request, "role", MSGPACK_STR, slash == NULL ? program : slash + 1);
  put_text(&request, "verb", MSGPACK_STR, verbs[verb].name);
  for (int i = 0; i < VARIABLES; i++) put_text(&request, request_keys[i], MSGPACK_BIN, variables[i]);
  size_t size_at = put_head(&request, "conf", MSGPACK_BIN, 0, 4);
  if (!put_configuration())
    fail(NOT_DECODABLE, "it is cut short, malformed, or nested more than 1000 levels deep",
      "the network configuration on stdin is not one JSON object", NULL);
  store(&request, size_at, request.size - size_at - 4, 4);
  store(&request, 0, request.size - FRAME_LENGTH_SIZE, FRAME_LENGTH_SIZE);
}

/* ---- Settings ---- */

static void read_settings(void)
{
  struct span version = members[CNI_VERSION];
  static char supported[8];
  if (version.at != NULL && version.size == 7 && version.at[1] >= '0' && version.at[1] <= '9') {
    memcpy(supported, version.at, version.size);
    if (strstr(strchr(version_answer, '['), supported) != NULL) output_cni_version = supported;
  }
  const char *cursor = members[IPAM].at;
  if (cursor == NULL || *cursor != '{') return;
  for (struct member m; json_next_member(&cursor, &m);) {
    int known = find(m.name, setting_names);
    if (known < 0) continue;
    bool empty = *m.value.at == 'n' || strncmp(m.value.at, "\"\"", 2) == 0;
    settings[known] = empty ? (struct span){0} : m.value;
  }
}

/* DEL goes on with the default: what was added must be deletable, whatever somebody has written since. */
static void refuse_setting(int setting, const char *what)
{
  if (verb == DEL) return;
  fail(BAD_CONFIGURATION, what, "ipam.", setting_names[setting], " of the network configuration cannot be used", NULL);
}

static const char *path_setting(int setting, char *buffer, size_t room, const char *otherwise)
{
  struct span path = settings[setting];
  if (path.at == NULL) return otherwise;
  if (path.at[0] == '"' && path.at[1] == '/' && path.size - 2 < room && memchr(path.at, '\\', path.size) == NULL) {
    buffer[path.size - 2] = 0;
    return memcpy(buffer, path.at + 1, path.size - 2);
  }
  refuse_setting(setting, "it must be an absolute path without escapes; that of a socket has at most 107 bytes");
  return otherwise;
}

static int time_setting(int setting, int otherwise)
{
  const char *p = settings[setting].at, *end = p + settings[setting].size;
  int ms = 0, unit = SECOND;
  if (p == NULL) return otherwise;
  for (; *p >= '0' && *p <= '9' && ms <= HOUR; p++) ms = ms * 10 + (*p - '0') * SECOND;
  if (*p == '.') for (p++; *p >= '0' && *p <= '9'; p++) ms += (*p - '0') * (unit /= 10);
  if (p == end && ms <= HOUR) return ms;
  refuse_setting(setting, "it must be a number of seconds from 0 to 3600, such as 15 or 0.5");
  return otherwise;
}

/* ---- The way through ---- */

/* The daemon could not take this deletion: keep it where it will look. */
static void queue_deletion(const char *directory)
{
  char boot[BOOT_ID_SIZE];
  struct span network = members[NETWORK].at != NULL && *members[NETWORK].at == '"' ? members[NETWORK] : (struct span){"\"\"", 2};
  hash128 key = hash_more(hash_start(), network.at + 1, network.size - 2);
  key = hash_more(hash_more(key, "", 1), variables[ID], strlen(variables[ID]) + 1);
  key = hash_more(key, variables[IFNAME], strlen(variables[IFNAME]));
  int error = read_boot_id(boot);
  if (error == 0) {
    request.bytes[FRAME_LENGTH_SIZE]++; /* one more member in the map */
    put_head(&request, "boot", MSGPACK_STR, sizeof boot, 4);
    put(&request, boot, sizeof boot);
    error = request.overflow ? EFBIG : queue_write(directory, key, request.bytes + FRAME_LENGTH_SIZE, request.size - FRAME_LENGTH_SIZE);
  }
  if (error != 0)
    fail(IO_FAILED, reason(error), "the orbweaver daemon does not answer and the deletion cannot be kept in ", directory, NULL);
}

/* Print the answer. It counts only when it is printed and whoever asked for it is still there. */
static int deliver(const struct answer *answer, pid_t parent)
{
  if (!print(answer->body.at, answer->body.size) || getppid() != parent) return 1;
  return acknowledge() || verb != ADD ? answer->status : 1;
}

/* Whoever closed a standard descriptor must not find our socket in its place: it gets one that fails. */
static void fill_standard_descriptors(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) _exit(1);
}

static int least(int a, int b) { return a < b ? a : b; }

int main(int argc, char **argv)
{
  static char socket_path[108], queue_path[PATH_MAX];
  struct answer answer;
  int problem = 0;
  pid_t parent = getppid();
  question.start_ns = now_ns();
  signal(SIGPIPE, SIG_IGN);
  fill_standard_descriptors();
  const char *command = variable("CNI_COMMAND");
  if (*command == 0) return write(STDERR_FILENO, usage, sizeof usage - 1) < 0;
  read_environment(command);
  if (verb == VERSION) return !print(version_answer, sizeof version_answer - 1);
  read_input();
  put_request(argc > 0 ? argv[0] : "");
  read_settings();
  if (request.overflow)
    fail(BAD_CONFIGURATION, "shorten its args, runtimeConfig, prevResult or attachments",
      "the network configuration has more than 1 MiB for the orbweaver daemon", NULL);
  question.socket_path = path_setting(SPIDERPOOL_SOCKET, socket_path, sizeof socket_path, "/run/orbweaver/cni.sock");
  question.socket_path = path_setting(SOCKET, socket_path, sizeof socket_path, question.socket_path);
  question.look = least(verbs[verb].look, time_setting(CONNECT_TIMEOUT, 15 * SECOND));
  question.wait = least(verbs[verb].wait, time_setting(ANSWER_TIMEOUT, 60 * SECOND));
  const char *queue = path_setting(QUEUE, queue_path, sizeof queue_path, "/var/lib/orbweaver/queue");
  enum outcome outcome = ask(&question, &request, &answer, &problem);
  if (outcome == ANSWERED && answer.body.size == 0 && (verb == ADD || answer.status != 0)) outcome = GARBLED;
  if (outcome == ANSWERED) return deliver(&answer, parent);
  if (verb == DEL) queue_deletion(queue);
  if (verb == DEL || verb == GC) return 0;
  const char *code = outcome == GARBLED ? NOT_DECODABLE : verb == STATUS ? NOT_READY : TRY_LATER;
  if (outcome == ABSENT)
    fail(code, "check that its pod runs on this node", "the orbweaver daemon of this node cannot be reached at ",
      question.socket_path, ": ", reason(problem), NULL);
  if (outcome == SILENT)
    fail(code, "it is overloaded or stuck; its log says more", "the orbweaver daemon of this node did not answer in time at ",
      question.socket_path, NULL);
  fail(code, "another program, or a daemon of a release that does not go with this plugin", "what listens at ",
    question.socket_path, " did not answer as an orbweaver daemon does", NULL);
}
