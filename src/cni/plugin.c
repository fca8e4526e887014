/* The CNI plugin, executed for every pod: it checks what it was given, asks the daemon over a Unix socket and
   prints the answer (docs/wire.md). It lives about as long as an empty program: no stdio, few pages. */
#define _GNU_SOURCE
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h> /* rename() */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { INPUT_LIMIT = 16 << 20, FRAME_LIMIT = 1 << 20, DEPTH_LIMIT = 1000, PATH_LIMIT = 107, ID_LIMIT = 1024 };
enum { SOCKET_LIMIT = 99, IFNAME_LIMIT = 15, SHOWN_LIMIT = 400, QUEUE_LIMIT = 4096, SECOND = 1000 /* ms */, HOUR = 3600000 };
static const char usage[] = "orbweaver is a CNI plugin: container runtimes execute it and set CNI_COMMAND\n";
static const char id_letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.-";
static const char versions[] = "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":"
  "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n";
/* The environment, and how it goes into the request: key and type of the value, in msgpack. */
enum { ID, NETNS, IFNAME, ARGS, PATH, COMMAND, TRACE, VARIABLES };
static const struct { const char *name, *head; } variables[VARIABLES] = {{"CNI_CONTAINERID", "\xa3" "cid\xc6"},
  {"CNI_NETNS", "\xa5netns\xc6"}, {"CNI_IFNAME", "\xa6ifname\xc6"}, {"CNI_ARGS", "\xa4" "args\xc6"},
  {"CNI_PATH", "\xa4path\xc6"}, {"CNI_COMMAND", "\xa4verb\xdb"}, {"TRACEPARENT", "\xa5trace\xc6"}};
/* What a verb requires, how long at most it looks for a daemon that is not there, how long it waits in all,
   and the error code when that was in vain: none where the deletion queue or the next GC makes up for it. */
enum { ADD, CHECK, DEL, GC, STATUS, VERSION, VERBS, NAMES = 1 << ID | 1 << IFNAME, ALL = NAMES | 1 << NETNS };
static const struct { const char *name; int required, look, wait; const char *in_vain; } verbs[VERBS] = {
  {"ADD", ALL, HOUR, HOUR, "11"},       {"CHECK", ALL, 5 * SECOND, 5 * SECOND, "11"},
  {"DEL", NAMES, 0, 10 * SECOND, NULL}, {"GC", 0, 0, 10 * SECOND, NULL},
  {"STATUS", 0, 900, 900, "50"},        {"VERSION", 0, 0, 0, NULL}};
/* The members of the configuration for the daemon, and from THEIR_SOCKET on those of its `ipam` for us. */
enum { CNI_VERSION, NAME, IPAM, THEIR_SOCKET = 9, SOCKET, QUEUE, LOOK, WAIT, MEMBERS };
static const char *const names[MEMBERS] = {"cniVersion", "name", "ipam", "type", "args", "runtimeConfig",
  "prevResult", "cni.dev/valid-attachments", "cni.dev/attachments", "ipam_unix_socket_path", "socket",
  "queue", "connect_timeout_seconds", "answer_timeout_seconds"};
static const char *paths[] = {[SOCKET] = "/run/orbweaver/cni.sock", [QUEUE] = "/var/lib/orbweaver/queue"};

static int verb, status, server, times[] = {[LOOK] = 15 * SECOND, [WAIT] = 60 * SECOND};
static int64_t start_ns;
static char input[INPUT_LIMIT + 2], version[] = "1.1.0", nowhere[1];
static const char *values[VARIABLES], *role = nowhere;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct span { char *at, *end; } body, members[MEMBERS] = {[NAME] = {nowhere, nowhere}};
static unsigned char frame[4 + FRAME_LIMIT], *at = frame + 4, *budget, reply[FRAME_LIMIT + 1];

/* Nobody delegates to these: the configuration is their own, and goes as a whole. */
static inline bool is_chained(void) { return strstr(role, "coordinator") || strstr(role, "ifacer"); }
static inline int least(int a, int b) { return a < b ? a : b; }
static inline char *skip_space(char *p) { return p + strspn(p, " \t\r\n"); }
static inline bool write_all(int fd, const void *p, size_t n) { return !n || write(fd, p, n) == (ssize_t)n; }
/* One big runtime takes what strerror() says of ENOENT for success. */
static inline const char *reason(int error) { return error == ENOENT ? "Nothing is there" : strerror(error); }
static inline void store(void *to, size_t size) { memcpy(to, &(uint32_t){htobe32((uint32_t)size)}, 4); }

/* The clock that goes on while the machine sleeps, and that the daemon reads too. */
static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
static int time_left(int time) { return -least(0, (int)((now_ns() - start_ns) / 1000000) - time); }

/* What does not fit is left out. Only the configuration can be that large, and it is measured before. */
static inline ssize_t room(void) { return frame + FRAME_LIMIT - at; }
static inline void put(const void *data, size_t n) { if ((ssize_t)n <= room()) at = mempcpy(at, data, n); }
static inline void put_text(const char *text) { put(text, strlen(text)); }
static unsigned char *put_field(const char *head, const void *data, size_t size) {
  put_text(head);
  put(&(uint32_t){htobe32((uint32_t)size)}, 4);
  put(data, size);
  return at;
}

/* Print what is wrong with what, and exit. A person reads it, the same for every try, in a pod's events. */
static _Noreturn void fail(const char *code, const char *message, const char *subject, const char *details) {
  char shown[SHOWN_LIMIT + 1] = ""; /* valid in a JSON string, whatever the subject is */
  for (size_t n = 0; n < SHOWN_LIMIT && subject[n] != 0; n++)
    shown[n] = subject[n] < ' ' || subject[n] > '~' || strchr("\"\\", subject[n]) ? '?' : subject[n];
  const char *const document[] = {"{\"cniVersion\":\"", version, "\",\"code\":", code, ",\"msg\":\"", message,
    shown, "\",\"details\":\"", details, "\"}\n"};
  at = frame;
  for (size_t i = 0; i < sizeof document / sizeof *document; i++) put_text(document[i]);
  write_all(STDOUT_FILENO, frame, (size_t)(at - frame));
  _exit(1);
}

/* A scanner of JSON, right about structure. `..._end` is where what begins at `p` ends, or `nowhere` when
   nothing does: like the NUL that ends a text, `nowhere` begins nothing either. */
static char *string_end(char *p) {
  if (*p != '"') return nowhere;
  for (p++; *p != '"'; p++) {
    if (*p == '\\') p++;
    if ((unsigned char)*p < ' ') return nowhere;
  }
  return p + 1;
}

static char *name_end(char *p) {
  return *(p = skip_space(string_end(p))) == ':' ? skip_space(p + 1) : nowhere;
}

/* Without recursion, since whoever wrote the text decides how deep it nests. */
static char *value_end(char *p) {
  static char closing[DEPTH_LIMIT - 1]; /* the bracket that each open level waits for */
  for (size_t depth = 0;;) {
    bool opened = *p == '{' || *p == '[';
    size_t run = strspn(p, "+-.0123456789Eaeflnrstu"); /* of what numbers, true, false and null consist */
    if (opened && depth == sizeof closing) return nowhere;
    if (opened) closing[depth++] = *p++ == '{' ? '}' : ']';
    else p = run > 0 ? p + run : string_end(p);
    for (; depth > 0 && *skip_space(p) == closing[depth - 1]; opened = false, depth--) p = skip_space(p) + 1;
    if (depth == 0) return p;
    p = skip_space(p);
    if (!opened && *p++ != ',') return nowhere;
    p = closing[depth - 1] == '}' ? name_end(skip_space(p)) : skip_space(p);
  }
}

/* Find members by name, in any case of its letters; the last one wins. Copy what the daemon gets. */
static char *object_end(char *p, int first, int last) {
  if (p == NULL || *p != '{') return nowhere;
  if (*skip_space(p + 1) == '}') return skip_space(p + 1) + 1;
  do {
    char *name = skip_space(p + 1), *value = name_end(name), *end = value_end(value);
    if (end == nowhere) return nowhere;
    size_t size = (size_t)(string_end(name) - name) - 2;
    int i = first;
    while (i < last && (strlen(names[i]) != size || strncasecmp(names[i], name + 1, size) != 0)) i++;
    if (i < last) members[i] = (struct span){value, end};
    bool is_sent = first == 0 && (is_chained() || i < last || memchr(name, '\\', size) != NULL);
    if (is_sent && end - name > room() - 64) fail("7", "more than 1 MiB is to be sent", "", "shorten it");
    if (is_sent) put_text(",");
    if (is_sent) put(name, (size_t)(end - name));
    p = skip_space(end);
  } while (*p == ',');
  return *p == '}' ? p + 1 : nowhere;
}

static void read_environment(void) {
  char missing[64] = "";
  for (int i = 0; i < VARIABLES; i++)
    if ((values[i] = getenv(variables[i].name)) == NULL) values[i] = "";
  if (*values[COMMAND] == 0) _exit(!write_all(STDERR_FILENO, usage, sizeof usage - 1));
  while (verb < VERBS && strcmp(values[COMMAND], verbs[verb].name) != 0) verb++;
  if (verb == VERBS) fail("4", "CNI_COMMAND is unknown: ", values[COMMAND], "see the CNI specification");
  for (int i = 0; i < VARIABLES; i++)
    if (verbs[verb].required & 1 << i && *values[i] == 0) strcat(strcat(missing, " "), variables[i].name);
  if (*missing != 0) fail("4", "environment variables are missing or empty:", missing, "a runtime sets them");
  const char *id = values[ID], *nic = values[IFNAME];
  if ((verbs[verb].required & NAMES) == 0) return;
  if (strchr("_.-", *id) || id[strspn(id, id_letters)] != 0 || strlen(id) > ID_LIMIT)
    fail("4", "CNI_CONTAINERID is no container id: ", id, "a letter or digit, then also _ . -; 1024 at most");
  if (strlen(nic) > IFNAME_LIMIT || nic[strcspn(nic, "/: \t\n\v\f\r")] || !strncmp("..", nic, strlen(nic)))
    fail("4", "CNI_IFNAME is no interface name: ", nic, "1 to 15 bytes without / : and white space");
}

static char *read_input(void) {
  ssize_t size = 0, n = 0;
  while ((n = read(STDIN_FILENO, input + size, (size_t)(INPUT_LIMIT + 1 - size))) > 0) size += n;
  if (n < 0) fail("5", "the network configuration cannot be read", "", reason(errno));
  if (size > INPUT_LIMIT) fail("5", "the network configuration has more than 16 MiB", "", "shorten it");
  return input + size;
}

static void put_request(const char *program) {
  role = strrchr(program, '/') == NULL ? program : strrchr(program, '/') + 1;
  budget = put_field("\x8c\xa1v\x01\xa6" "budget\xce", "", 0) - 4; /* a map of 12; v is 1 */
  put_text("\xa5start\xcf");
  put(&(uint64_t){htobe64((uint64_t)start_ns)}, 8);
  put_field("\xa4role\xdb", role, strlen(role));
  for (int i = 0; i < VARIABLES; i++) put_field(variables[i].head, values[i], strlen(values[i]));
  unsigned char *conf = put_field("\xa4" "conf\xc6", "", 0);
  char *input_end = read_input(), *p = skip_space(input);
  p = strncmp(p, "null", 4) == 0 ? p + 4 : object_end(p, 0, THEIR_SOCKET);
  if (skip_space(p) != input_end) fail("6", "stdin is not one JSON object", "", "cut, malformed or too deep");
  put_text(at == conf ? "{}" : "}");
  *conf = '{';
  store(conf - 4, (size_t)(at - conf));
  store(frame, (size_t)(at - frame - 4));
  struct span v = members[CNI_VERSION];
  if (v.end - v.at == 7 && memmem(versions, sizeof versions, v.at, 7) != NULL) memcpy(version, v.at + 1, 5);
}

/* A setting that cannot be used is an error, but what was added must be deletable, whatever it says since. */
static void read_settings(void) {
  object_end(is_chained() ? skip_space(input) : members[IPAM].at, THEIR_SOCKET, MEMBERS);
  for (int i = THEIR_SOCKET; i < MEMBERS; i++) {
    char *value = members[i].at, *end = members[i].end, *number_end;
    if (value == NULL || *value == 'n' || strncmp(value, "\"\"", 2) == 0) continue;
    if (*value == '"') end[-1] = 0;
    double seconds = strtod(value, &number_end);
    bool is_time = number_end == end && seconds >= 0 && seconds <= 3600;
    size_t size = i == QUEUE ? PATH_LIMIT : SOCKET_LIMIT;
    bool is_path = strncmp(value, "\"/", 2) == 0 && strlen(value + 1) <= size && !strchr(value, '\\');
    if (i >= LOOK && is_time) times[i] = (int)(seconds * SECOND);
    else if (i < LOOK && is_path) paths[i == THEIR_SOCKET ? SOCKET : i] = value + 1;
    else if (verb != DEL) fail("7", is_chained() ? "an unusable " : "an unusable ipam.", names[i],
      "a path is absolute, without escapes, of 99 bytes at most (the queue 107); a time is from 0 to 3600 seconds");
  }
  strcat(strcpy(address.sun_path, paths[SOCKET]), is_chained() ? ".chained" : "");
}

/* [v, status, body], with a byte for each of the first two and a str or bin for the body; more may follow. */
static bool read_answer(unsigned char *p, unsigned char *end) {
  if (end - p < 4 || p[0] < 0x93 || p[0] > 0x9f || p[1] != 1 || p[2] > 1) return false;
  int kind = p[3] - (p[3] < 0xd9 ? 0xc4 : 0xd9), width = kind >= 0 && kind <= 2 ? 1 << kind : 0;
  ssize_t size = width == 0 ? p[3] & 31 : 0;
  if (width == 0 && p[3] >> 5 != 5) return false;
  for (status = p[2], p += 4; width > 0 && p < end; width--) size = size << 8 | *p++;
  if (width > 0 || size > end - p) return false;
  p[size] = 0;
  body = (struct span){(char *)p, (char *)p + size};
  return size > 0 ? *body.at == '{' && value_end(body.at) == body.end : status == 0 && verb != ADD;
}

/* Ask once; 0, or why there is no answer. The kernel keeps the deadline: EAGAIN when it is over. */
static int exchange(int left) {
  struct timeval timeout = {left / SECOND, left % SECOND * 1000};
  uint32_t size;
  store(budget, (size_t)left);
  if ((server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0) return errno;
  setsockopt(server, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (connect(server, (const void *)&address, sizeof address) != 0) return errno;
  errno = ECONNRESET; /* which stays when only a part of something goes or comes */
  if (!write_all(server, frame, (size_t)(at - frame))) return errno;
  if (recv(server, &size, 4, MSG_WAITALL) != 4) return errno;
  if ((size = be32toh(size)) == 0 || size > FRAME_LIMIT) return EPROTO;
  if (recv(server, reply, size, MSG_WAITALL) != (ssize_t)size) return errno;
  return read_answer(reply, reply + size) ? 0 : EPROTO;
}

/* Ask until there is an answer or the time is up. While it is connected, it does not look for a daemon. */
static int ask(void) {
  int look = least(times[LOOK], verbs[verb].look), wait = least(times[WAIT], verbs[verb].wait), error = EAGAIN;
  for (int pause = 20, left; (left = time_left(wait)) > 0; pause = least(pause * 3 / 2, 250)) {
    if ((error = exchange(left)) == EAGAIN || error == 0 || error == EPROTO) break;
    close(server);
    look += left - time_left(wait);
    if ((left = time_left(least(look, wait))) == 0) break;
    usleep((unsigned)least(pause / 2 + (int)(now_ns() % pause), left) * 1000);
  }
  return error == EAGAIN ? ETIMEDOUT : error;
}

/* The daemon could not take this deletion: keep it where it will look. A later one takes the same place. */
static bool keep_deletion(void) {
  int files = 0, fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
  char boot[36], path[PATH_LIMIT + 1] = "", name[] = "0123456789abcdef.del", temporary[] = ".XXXXXX";
  if (fd < 0 || read(fd, boot, sizeof boot) != sizeof boot) return false;
  put_field("\xa4" "boot\xdb", boot, sizeof boot);
  frame[4]++; /* one more member in the map */
  *members[NAME].end = 0;
  const char *const key[] = {members[NAME].at, values[ID], values[IFNAME], role};
  uint64_t hash = 0xcbf29ce484222325, prime = 0x100000001b3; /* FNV-1a */
  for (int i = 0; i < 3 + is_chained(); i++)
    for (size_t n = 0, end = strlen(key[i]); n <= end; n++) hash = (hash ^ (unsigned char)key[i][n]) * prime;
  for (int i = 15; i >= 0; i--, hash >>= 4) name[i] = "0123456789abcdef"[hash & 15];
  for (size_t n = 1; n <= strlen(paths[QUEUE]); n++)
    if (paths[QUEUE][n] == '/' || paths[QUEUE][n] == 0) mkdir(memcpy(path, paths[QUEUE], n), 0700);
  if (chdir(path) != 0) return false;
  DIR *dir = opendir(".");
  for (struct dirent *e; dir && (e = readdir(dir));) files += *e->d_name != '.' && strcmp(e->d_name, name);
  if (files >= QUEUE_LIMIT) return errno = EDQUOT, false;
  signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error like a full disk */
  int file = mkstemp(temporary), here = open(".", O_RDONLY);
  bool kept = write_all(file, frame + 4, (size_t)(at - frame - 4)) && fsync(file) == 0
    && rename(temporary, name) == 0 && fsync(here) == 0;
  if (!kept && file >= 0) unlink(temporary);
  return kept;
}

int main(int argc, char **argv) {
  pid_t parent = getppid();
  start_ns = now_ns();
  signal(SIGPIPE, SIG_IGN);
  /* Whoever closed a standard descriptor must not find our socket in its place: it gets one that fails. */
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_PATH) != fd) return 1;
  read_environment();
  if (verb == VERSION) return !write_all(STDOUT_FILENO, versions, sizeof versions - 1);
  put_request(argc > 0 ? argv[0] : "");
  read_settings();
  int error = ask();
  if (error == 0) { /* which counts only when it is printed and whoever asked for it is still there */
    if (!write_all(STDOUT_FILENO, body.at, (size_t)(body.end - body.at)) || getppid() != parent) return 1;
    return write_all(server, "\0\0\0", 4) || verb != ADD || is_chained() ? status : 1;
  }
  if (verb == DEL && !keep_deletion()) fail("5", "cannot queue a deletion in ", paths[QUEUE], reason(errno));
  if (verbs[verb].in_vain == NULL) return 0;
  fail(error == EPROTO ? "6" : verbs[verb].in_vain, "no orbweaver answers at ", address.sun_path, reason(error));
}
