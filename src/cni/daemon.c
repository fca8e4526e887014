#define _GNU_SOURCE
#include "daemon.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { SHORTEST_PAUSE = 20, LONGEST_PAUSE = 250 };

static int daemon_socket = -1;
static struct frame reply;

/* The clock that goes on while the machine sleeps, and that the daemon reads too. */
int64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int elapsed(const struct question *question)
{
  int64_t ms = (now_ns() - question->start_ns) / 1000000;
  return ms > HOUR ? HOUR : (int)ms;
}

static int time_left(const struct question *question)
{
  int left = question->wait - elapsed(question);
  return left < 0 ? 0 : left;
}

static bool wait_for(short events, const struct question *question)
{
  for (;;) {
    int left = time_left(question);
    int ready = poll(&(struct pollfd){.fd = daemon_socket, .events = events}, 1, left);
    if (ready > 0) return true;
    if (left == 0 || (ready < 0 && errno != EINTR)) return false;
  }
}

/* As long as the outcome is ABSENT, errno says why. */
static enum outcome lost(void)
{
  errno = ECONNRESET;
  return ABSENT;
}

static enum outcome send_request(const struct frame *request, const struct question *question)
{
  for (size_t sent = 0; sent < request->size;) {
    ssize_t n = send(daemon_socket, request->bytes + sent, request->size - sent, MSG_NOSIGNAL);
    if (n >= 0) sent += (size_t)n;
    else if (errno != EAGAIN && errno != EINTR) return lost();
    else if (!wait_for(POLLOUT, question)) return SILENT;
  }
  return ANSWERED;
}

static enum outcome receive_reply(const struct question *question)
{
  for (reply.size = 0; reply.size < FRAME_LENGTH_SIZE + announced_size(&reply);) {
    if (!wait_for(POLLIN, question)) return SILENT;
    ssize_t n = recv(daemon_socket, reply.bytes + reply.size, sizeof reply.bytes - 1 - reply.size, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return lost();
    if (n > 0) reply.size += (size_t)n;
    if (reply.size >= FRAME_LENGTH_SIZE && announced_size(&reply) > FRAME_LIMIT) return GARBLED;
  }
  return ANSWERED;
}

static enum outcome try_once(const struct question *question, struct frame *request, struct answer *answer)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path, question->socket_path, strlen(question->socket_path));
  daemon_socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (daemon_socket < 0) return ABSENT;
  if (connect(daemon_socket, (const void *)&address, sizeof address) != 0) return ABSENT;
  store(request, question->budget_at, (uint64_t)time_left(question), 4);
  enum outcome outcome = send_request(request, question);
  if (outcome == ANSWERED) outcome = receive_reply(question);
  if (outcome == ANSWERED && !read_answer(&reply, answer)) outcome = GARBLED;
  return outcome;
}

enum outcome ask(const struct question *question, struct frame *request, struct answer *answer, int *problem)
{
  int seen = 0;
  for (int pause = SHORTEST_PAUSE;; pause = pause * 3 / 2) {
    enum outcome outcome = try_once(question, request, answer);
    if (outcome != ABSENT) return outcome;
    *problem = errno;
    close(daemon_socket);
    /* A daemon that restarts while it works on our request gets the whole time to come back. */
    int moment = elapsed(question);
    if (*problem == ECONNRESET) seen = moment;
    int end = seen + question->look;
    if (end > question->wait) end = question->wait;
    if (moment >= end) return ABSENT;
    if (pause > LONGEST_PAUSE) pause = LONGEST_PAUSE;
    int jittered = pause * 3 / 4 + (int)(now_ns() % (pause / 2));
    poll(NULL, 0, jittered < end - moment ? jittered : end - moment);
    if (time_left(question) == 0) return ABSENT;
  }
}

bool acknowledge(void)
{
  static const char empty_frame[FRAME_LENGTH_SIZE];
  return send(daemon_socket, empty_frame, sizeof empty_frame, MSG_NOSIGNAL) == sizeof empty_frame;
}
