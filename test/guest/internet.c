/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Sockets of AF_INET on the machine itself: TCP and UDP between the processes of 127.0.0.0/8, ports, names, and what
 * fails as on Linux. */
#define _GNU_SOURCE
#include "check.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in place(const char *host, int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}
#define ADDRESS(of) (const struct sockaddr *)&(of), sizeof(of)

static int bound(int type, const char *host, int port) {
  const struct sockaddr_in address = place(host, port);
  int fd = socket(AF_INET, type, 0);
  if (fd >= 0 && bind(fd, ADDRESS(address)) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}
static struct sockaddr_in name_of(int fd, int (*get)(int, struct sockaddr *, socklen_t *)) {
  struct sockaddr_in address = {0};
  socklen_t size = sizeof(address);
  if (get(fd, (struct sockaddr *)&address, &size) != 0 || size != sizeof(address))
    address.sin_family = 0;
  return address;
}
static int own_name(int fd, struct sockaddr *to, socklen_t *size) { return getsockname(fd, to, size); }
static int peer_name(int fd, struct sockaddr *to, socklen_t *size) { return getpeername(fd, to, size); }
static int is(struct sockaddr_in address, const char *host, int port) {
  const struct sockaddr_in wanted = place(host, port);
  return address.sin_family == AF_INET && address.sin_addr.s_addr == wanted.sin_addr.s_addr &&
         address.sin_port == wanted.sin_port;
}

static int a_stream_is_carried_both_ways(void) {
  int listener = bound(SOCK_STREAM, "0.0.0.0", 8080), status = -1;
  CHECK(listener >= 0 && listen(listener, 4) == 0);
  pid_t child = fork();
  if (!child) {
    const struct sockaddr_in to = place("127.0.0.1", 8080);
    char text[64] = {0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (connect(fd, ADDRESS(to)) || !is(name_of(fd, peer_name), "127.0.0.1", 8080) || write(fd, "question", 8) != 8 ||
        shutdown(fd, SHUT_WR))
      _exit(1);
    size_t got = 0;
    for (ssize_t count; (count = read(fd, text + got, sizeof(text) - got)) > 0;)
      got += (size_t)count;
    _exit(got == 12 && !memcmp(text, "answer: quest", 12) ? 0 : 2);
  }
  struct sockaddr_in from;
  socklen_t size = sizeof(from);
  int fd = accept4(listener, (struct sockaddr *)&from, &size, SOCK_CLOEXEC);
  CHECK(fd >= 0 && size == sizeof(from) && from.sin_family == AF_INET && ntohl(from.sin_addr.s_addr) == INADDR_LOOPBACK &&
        ntohs(from.sin_port) >= 32768);
  CHECK(is(name_of(fd, own_name), "127.0.0.1", 8080) && is(name_of(listener, own_name), "0.0.0.0", 8080));
  char text[64] = "answer: ";
  size_t got = 8;
  for (ssize_t count; (count = read(fd, text + got, sizeof(text) - got)) > 0;)
    got += (size_t)count;
  CHECK(got == 16 && write(fd, text, 12) == 12 && close(fd) == 0);
  CHECK(waitpid(child, &status, 0) == child && status == 0 && close(listener) == 0);
  return 0;
}

static int ports_are_one_sockets(void) {
  int one = bound(SOCK_STREAM, "127.0.0.1", 9000), same_port = bound(SOCK_DGRAM, "127.0.0.1", 9000);
  CHECK(one >= 0 && same_port >= 0); /* TCP's and UDP's are apart */
  CHECK_FAILS(bound(SOCK_STREAM, "127.0.0.1", 9000), EADDRINUSE);
  CHECK_FAILS(bound(SOCK_STREAM, "0.0.0.0", 9000), EADDRINUSE);
  int other_host = bound(SOCK_STREAM, "127.0.0.2", 9000);
  CHECK(other_host >= 0);
  CHECK_FAILS(bound(SOCK_STREAM, "10.0.0.1", 9000), EADDRNOTAVAIL);
  int free_port = bound(SOCK_STREAM, "127.0.0.1", 0), another = bound(SOCK_STREAM, "127.0.0.1", 0);
  CHECK(free_port >= 0 && another >= 0 && ntohs(name_of(free_port, own_name).sin_port) >= 32768 &&
        name_of(free_port, own_name).sin_port != name_of(another, own_name).sin_port);
  CHECK(close(one) == 0 && (one = bound(SOCK_STREAM, "127.0.0.1", 9000)) >= 0);
  CHECK(close(one) == 0 && close(same_port) == 0 && close(other_host) == 0 && close(free_port) == 0 && close(another) == 0);
  return 0;
}

static int what_linux_refuses(void) {
  const struct sockaddr_in nobody = place("127.0.0.1", 7), elsewhere = place("192.0.2.1", 80);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  char byte;
  CHECK(fd >= 0);
  CHECK_FAILS(connect(fd, ADDRESS(nobody)), ECONNREFUSED);
  CHECK_FAILS(connect(fd, ADDRESS(elsewhere)), ENETUNREACH);
  CHECK_FAILS(read(fd, &byte, 1), ENOTCONN);
  CHECK_FAILS(send(fd, "x", 1, MSG_NOSIGNAL), ENOTCONN);
  CHECK_FAILS(bind(fd, (const struct sockaddr *)&nobody, 8), EINVAL);
  struct sockaddr_in other = nobody;
  other.sin_family = AF_UNIX;
  CHECK_FAILS(bind(fd, ADDRESS(other)), EAFNOSUPPORT);
  CHECK_FAILS(getpeername(fd, (struct sockaddr *)&other, &(socklen_t){sizeof(other)}), ENOTCONN);
  CHECK_FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
  CHECK_FAILS(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
  CHECK_FAILS(socket(AF_INET6, SOCK_STREAM, 0), EAFNOSUPPORT);
  CHECK_FAILS(socketpair(AF_INET, SOCK_STREAM, 0, (int[2]){0}), EOPNOTSUPP);
  CHECK(close(fd) == 0);
  return 0;
}

static int datagrams_are_answered(void) {
  int server = bound(SOCK_DGRAM, "0.0.0.0", 5353), client = socket(AF_INET, SOCK_DGRAM, 0), other = bound(SOCK_DGRAM, "127.0.0.1", 0);
  const struct sockaddr_in to = place("127.0.0.1", 5353);
  struct sockaddr_in from;
  socklen_t size = sizeof(from);
  char text[16];
  CHECK(server >= 0 && client >= 0 && other >= 0 && sendto(client, "ask", 3, 0, ADDRESS(to)) == 3);
  CHECK(recvfrom(server, text, sizeof(text), 0, (struct sockaddr *)&from, &size) == 3 && size == sizeof(from) &&
        from.sin_port == name_of(client, own_name).sin_port && ntohl(from.sin_addr.s_addr) == INADDR_LOOPBACK);
  CHECK(sendto(server, "told", 4, 0, ADDRESS(from)) == 4);
  CHECK(recvfrom(client, text, sizeof(text), 0, (struct sockaddr *)&from, &size) == 4 && is(from, "127.0.0.1", 5353));
  /* Who is connected hears of nobody else, and that nobody is there. */
  CHECK(connect(client, ADDRESS(to)) == 0 && is(name_of(client, peer_name), "127.0.0.1", 5353));
  const struct sockaddr_in client_name = place("127.0.0.1", ntohs(name_of(client, own_name).sin_port));
  CHECK(send(client, "more", 4, 0) == 4 && recv(server, text, sizeof(text), 0) == 4);
  CHECK(sendto(other, "no", 2, 0, ADDRESS(client_name)) == 2);
  CHECK_FAILS(recv(client, text, sizeof(text), MSG_DONTWAIT), EAGAIN);
  CHECK(close(server) == 0);
  CHECK_FAILS(send(client, "x", 1, 0), ECONNREFUSED);
  CHECK(sendto(other, "lost", 4, 0, ADDRESS(to)) == 4);
  CHECK(close(client) == 0 && close(other) == 0);
  return 0;
}

static int readiness_and_options(void) {
  int listener = bound(SOCK_STREAM, "127.0.0.1", 8081), client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const struct sockaddr_in to = place("127.0.0.1", 8081);
  CHECK(listener >= 0 && listen(listener, 1) == 0);
  struct pollfd ready = {.fd = listener, .events = POLLIN};
  CHECK(poll(&ready, 1, 0) == 0 && connect(client, ADDRESS(to)) == 0 && poll(&ready, 1, 1000) == 1 && ready.revents == POLLIN);
  int fd = accept(listener, NULL, NULL), value = 0;
  socklen_t size = sizeof(value);
  char byte;
  CHECK_FAILS(read(client, &byte, 1), EAGAIN);
  ready = (struct pollfd){.fd = client, .events = POLLIN | POLLOUT};
  CHECK(fd >= 0 && poll(&ready, 1, 0) == 1 && ready.revents == POLLOUT);
  CHECK(write(fd, "x", 1) == 1 && poll(&ready, 1, 1000) == 1 && (ready.revents & POLLIN) && read(client, &byte, 1) == 1);
  CHECK(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0 &&
        getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, &size) == 0 && value == 1);
  CHECK(setsockopt(client, IPPROTO_IP, IP_TOS, &(int){8}, sizeof(int)) == 0);
  CHECK_FAILS(setsockopt(client, IPPROTO_TCP, 999, &value, sizeof(value)), ENOPROTOOPT);
  CHECK(getsockopt(client, SOL_SOCKET, SO_DOMAIN, &value, &size) == 0 && value == AF_INET);
  CHECK(getsockopt(client, SOL_SOCKET, SO_PROTOCOL, &value, &size) == 0 && value == IPPROTO_TCP);
  CHECK(getsockopt(client, SOL_SOCKET, SO_ERROR, &value, &size) == 0 && value == 0);
  CHECK(close(fd) == 0 && read(client, &byte, 1) == 0);
  signal(SIGPIPE, SIG_IGN);
  CHECK_FAILS(write(client, "x", 1), EPIPE);
  CHECK(close(client) == 0 && close(listener) == 0);
  return 0;
}

static int files_do_not_travel(void) {
  int server = bound(SOCK_DGRAM, "127.0.0.1", 5354), client = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in to = place("127.0.0.1", 5354);
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &(struct iovec){"x", 1}, .msg_iovlen = 1,
                           .msg_control = control, .msg_controllen = sizeof(control)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memset(CMSG_DATA(header), 0, sizeof(int));
  CHECK_FAILS(sendmsg(client, &message, 0), EINVAL);
  CHECK(close(server) == 0 && close(client) == 0);
  return 0;
}

/* By their names in /proc, as shells write <(command). */
static int pipes_are_opened_by_name(void) {
  int ends[2];
  char name[64], byte = 0;
  CHECK(pipe(ends) == 0);
  snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[1]);
  int writer = open(name, O_WRONLY);
  CHECK(writer >= 0 && close(ends[1]) == 0 && write(writer, "a", 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'a');
  snprintf(name, sizeof(name), "/proc/self/fd/%d", ends[0]);
  int reader = open(name, O_RDONLY);
  CHECK(reader >= 0 && close(ends[0]) == 0 && write(writer, "b", 1) == 1 && read(reader, &byte, 1) == 1 && byte == 'b');
  CHECK(close(writer) == 0 && read(reader, &byte, 1) == 0 && close(reader) == 0);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"a stream is carried both ways", a_stream_is_carried_both_ways},
      {"ports are one socket's", ports_are_one_sockets},
      {"what Linux refuses", what_linux_refuses},
      {"datagrams are answered", datagrams_are_answered},
      {"readiness and options", readiness_and_options},
      {"files do not travel", files_do_not_travel},
      {"pipes are opened by name", pipes_are_opened_by_name},
  };
  return RUN_CASES("internet", cases);
}
