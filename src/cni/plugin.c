/*
 * The CNI plugin, which the container runtime executes for every pod. It checks what it was given, hands it
 * to the daemon over a Unix socket and prints the answer; docs/wire.md is the contract. It should live about
 * as long as an empty program: nothing is allocated (the pages of a static buffer that nobody touches cost
 * nothing), no stdio, no locale; one send, one poll, one receive.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "environment.h"
#include "json.h"
#include "output.h"
#include "queue.h"
#include "settings.h"
#include "wire.h"

enum { INPUT_LIMIT = 16 << 20 };

static const char usage[] = "orbweaver is a CNI plugin: container runtimes execute it and set CNI_COMMAND\n";
static const char version_answer[] = "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":"
  "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n";

static const char *const request_keys[VARIABLES] = {"cid", "netns", "ifname", "args", "path"};

/* The first few are those that the plugin looks into itself. */
enum { CNI_VERSION, NETWORK, IPAM, MEMBERS };
static const char *const kept_members[] = {
  "cniVersion", "name", "ipam", "type", "args", "runtimeConfig", "prevResult",
  "cni.dev/valid-attachments", "cni.dev/attachments", NULL,
};

/* How long at most each verb looks for a daemon that is not there, and how long it waits in all. */
static const struct { int look, wait; } patience[VERBS] = {
  [ADD] = {HOUR, HOUR}, [CHECK] = {5 * SECOND, 5 * SECOND}, [DEL] = {0, 10 * SECOND}, [GC] = {0, 10 * SECOND},
  [STATUS] = {900, 900},
};

static int verb;
static const char *variables[VARIABLES];
static char input[INPUT_LIMIT + 2]; /* ends with NUL */
static size_t input_size;
static struct span members[MEMBERS]; /* `at` is NULL when there is none */
static struct frame request;
static struct question question;

/* Whoever closed a standard descriptor must not find our socket in its place: it gets one that fails. */
static void fill_standard_descriptors(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) _exit(1);
}

static void read_input(void)
{
  for (ssize_t n = 1; n != 0;) {
    n = read(STDIN_FILENO, input + input_size, INPUT_LIMIT + 1 - input_size);
    if (n > 0) input_size += (size_t)n;
    else if (n < 0 && errno == EAGAIN) poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, -1);
    else if (n < 0 && errno != EINTR)
      fail(IO_FAILED, reason(errno), "the network configuration cannot be read from stdin", NULL);
    if (input_size > INPUT_LIMIT)
      fail(IO_FAILED, "remove what is not needed", "the network configuration is larger than 16 MiB", NULL);
  }
}

/* Copy what the daemon needs of the configuration; false when stdin is no JSON object. */
static bool put_configuration(void)
{
  const char *cursor = json_skip_space(input), *before = "{";
  if (strncmp(cursor, "null", 4) == 0) cursor += 4;
  else if (*cursor != '{') return false;
  else for (struct member m; json_next_member(&cursor, &m);) {
    int known = find_name(m.name, kept_members);
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
  put(&request, "\x8b\xa1v\x01", 4); /* a map of 11; v is 1 */
  question.budget_at = put_head(&request, "budget", MSGPACK_UINT32, 0, 4);
  put_head(&request, "start", MSGPACK_UINT64, (uint64_t)question.start_ns, 8);
  put_text(&request, "role", MSGPACK_STR, slash == NULL ? program : slash + 1);
  put_text(&request, "verb", MSGPACK_STR, verb_names[verb]);
  for (int i = 0; i < VARIABLES; i++) put_text(&request, request_keys[i], MSGPACK_BIN, variables[i]);
  size_t size_at = put_head(&request, "conf", MSGPACK_BIN, 0, 4);
  if (!put_configuration())
    fail(NOT_DECODABLE, "it is cut short, malformed, or nested more than 1000 levels deep",
      "the network configuration on stdin is not one JSON object", NULL);
  store(&request, size_at, request.size - size_at - 4, 4);
  store(&request, 0, request.size - FRAME_LENGTH_SIZE, FRAME_LENGTH_SIZE);
}

/* Errors carry the version that the configuration asks for, if there is one like this. */
static void choose_version(struct span version)
{
  static char chosen[] = "\"1.1.0\"";
  if (version.at == NULL || version.size != sizeof chosen - 1 || strchr("01", version.at[1]) == NULL) return;
  memcpy(chosen, version.at, version.size);
  if (strstr(strchr(version_answer, '['), chosen) != NULL) output_cni_version = chosen;
}

/* The daemon could not take this deletion: keep it where the daemon will look. */
static void queue_deletion(const char *directory)
{
  char boot[BOOT_ID_SIZE];
  struct span name = members[NETWORK].at == NULL || *members[NETWORK].at != '"'
    ? (struct span){"\"\"", 2} : members[NETWORK];
  hash128 key = hash_more(hash_start(), name.at + 1, name.size - 2);
  key = hash_more(key, "", 1);
  key = hash_more(key, variables[ID], strlen(variables[ID]) + 1);
  key = hash_more(key, variables[IFNAME], strlen(variables[IFNAME]));
  int error = read_boot_id(boot);
  if (error == 0) {
    request.bytes[FRAME_LENGTH_SIZE]++; /* one more member in the map */
    put_head(&request, "boot", MSGPACK_STR, sizeof boot, 4);
    put(&request, boot, sizeof boot);
    error = request.overflow ? EFBIG
      : queue_write(directory, key, request.bytes + FRAME_LENGTH_SIZE, request.size - FRAME_LENGTH_SIZE);
  }
  if (error != 0)
    fail(IO_FAILED, reason(error), "the orbweaver daemon of this node does not answer, ",
      "and the deletion cannot be kept for it in ", directory, NULL);
}

/* Print the answer. It counts only when it is printed and whoever asked for it is still there. */
static int deliver(const struct answer *answer, pid_t parent)
{
  if (!print(answer->body.at, answer->body.size) || getppid() != parent) return 1;
  return acknowledge() || verb != ADD ? answer->status : 1;
}

static int least(int a, int b)
{
  return a < b ? a : b;
}

int main(int argc, char **argv)
{
  static struct settings settings;
  struct answer answer;
  int problem = 0;
  pid_t parent = getppid();
  question.start_ns = now_ns();
  signal(SIGPIPE, SIG_IGN);
  fill_standard_descriptors();
  const char *command = variable("CNI_COMMAND");
  if (*command == 0) return write(STDERR_FILENO, usage, sizeof usage - 1) < 0;
  verb = read_environment(command, variables);
  if (verb == VERSION) return !print(version_answer, sizeof version_answer - 1);

  read_input();
  put_request(argc > 0 ? argv[0] : "");
  choose_version(members[CNI_VERSION]);
  read_settings(&settings, members[IPAM], verb == DEL);
  if (request.overflow)
    fail(BAD_CONFIGURATION, "shorten its args, runtimeConfig, prevResult or list of attachments",
      "the network configuration has more for the daemon than 1 MiB", NULL);
  question.socket_path = settings.socket;
  question.look = least(patience[verb].look, settings.connect_timeout);
  question.wait = least(patience[verb].wait, settings.answer_timeout);

  enum outcome outcome = ask(&question, &request, &answer, &problem);
  if (outcome == ANSWERED && answer.body.size == 0 && (verb == ADD || answer.status != 0)) outcome = GARBLED;
  if (outcome == ANSWERED) return deliver(&answer, parent);
  if (verb == DEL) queue_deletion(settings.queue);
  if (verb == DEL || verb == GC) return 0;
  if (outcome == GARBLED)
    fail(NOT_DECODABLE, "it is another program, or a daemon whose release does not go with this plugin",
      "what listens at ", settings.socket, " does not answer as an orbweaver daemon", NULL);
  const char *code = verb == STATUS ? NOT_READY : TRY_LATER;
  if (outcome == SILENT)
    fail(code, "it is overloaded or stuck: look at its log",
      "the orbweaver daemon of this node does not answer in time at ", settings.socket, NULL);
  fail(code, "look whether its pod runs on this node",
    "the orbweaver daemon of this node cannot be reached at ", settings.socket, ": ", reason(problem), NULL);
}
