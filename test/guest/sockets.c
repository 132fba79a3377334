/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Sockets of AF_UNIX: the three kinds, names, connections, what is passed along, waiting, and what is refused. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t broken_pipes;
static void count_broken_pipe(int number) {
  (void)number;
  broken_pipes++;
}

static socklen_t address_of(struct sockaddr_un *address, const char *name, size_t size) {
  memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, name, size);
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}
static int listener(const char *name, size_t size, int type) {
  struct sockaddr_un address;
  socklen_t length = address_of(&address, name, size);
  int fd = socket(AF_UNIX, type, 0);
  return bind(fd, (struct sockaddr *)&address, length) || listen(fd, 2) ? -1 : fd;
}
static int connected(const char *name, size_t size, int type) {
  struct sockaddr_un address;
  socklen_t length = address_of(&address, name, size);
  int fd = socket(AF_UNIX, type, 0);
  return connect(fd, (struct sockaddr *)&address, length) ? -1 : fd;
}

static int pair_of_streams(void) {
  int fds[2];
  char buffer[32] = "";
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0 && fcntl(fds[0], F_GETFD) == FD_CLOEXEC);
  CHECK(write(fds[0], "one", 3) == 3 && write(fds[0], "two", 3) == 3);
  int waiting = 0;
  CHECK(ioctl(fds[1], FIONREAD, &waiting) == 0 && waiting == 6);
  CHECK(recv(fds[1], buffer, 4, MSG_PEEK) == 4 && !memcmp(buffer, "onet", 4));
  CHECK(read(fds[1], buffer, 4) == 4 && read(fds[1], buffer + 4, 20) == 2 && !memcmp(buffer, "onetwo", 6));
  CHECK_FAILS(recv(fds[1], buffer, 1, MSG_DONTWAIT), EAGAIN);
  CHECK(write(fds[1], "back", 4) == 4 && read(fds[0], buffer, 32) == 4);
  CHECK(shutdown(fds[0], SHUT_WR) == 0 && read(fds[1], buffer, 1) == 0);
  broken_pipes = 0;
  CHECK_FAILS(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
  CHECK(broken_pipes == 0);
  CHECK_FAILS(send(fds[0], "x", 1, 0), EPIPE);
  CHECK(broken_pipes == 1);
  CHECK_FAILS(write(fds[0], "x", 1), EPIPE);
  CHECK(broken_pipes == 2);
  CHECK(write(fds[1], "last", 4) == 4 && close(fds[1]) == 0);
  CHECK(read(fds[0], buffer, 32) == 4 && read(fds[0], buffer, 32) == 0); /* what was sent is not lost */
  close(fds[0]);
  struct stat info;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && fstat(fds[0], &info) == 0 && S_ISSOCK(info.st_mode));
  close(fds[0]), close(fds[1]);
  return 0;
}

static int borders_of_messages(void) {
  static const int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};
  for (int i = 0; i < 2; i++) {
    int fds[2];
    char buffer[8];
    CHECK(socketpair(AF_UNIX, types[i], 0, fds) == 0);
    CHECK(send(fds[0], "first one", 9, 0) == 9 && send(fds[0], "", 0, 0) == 0 && send(fds[0], "2", 1, 0) == 1);
    struct iovec piece = {buffer, 5};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    CHECK(recvmsg(fds[1], &message, 0) == 5 && (message.msg_flags & MSG_TRUNC) && !memcmp(buffer, "first", 5));
    CHECK(recv(fds[1], buffer, 8, 0) == 0);
    CHECK(recv(fds[1], buffer, 0, MSG_TRUNC) == 1);
    close(fds[0]), close(fds[1]);
  }
  return 0;
}

static int named_in_the_tree(void) {
  int server = listener("/tmp/s", 6, SOCK_STREAM);
  struct stat info;
  CHECK(server >= 0 && stat("/tmp/s", &info) == 0 && S_ISSOCK(info.st_mode));
  CHECK(listener("/tmp/s", 6, SOCK_STREAM) == -1 && errno == EADDRINUSE);
  CHECK_FAILS(open("/tmp/s", O_RDWR), ENXIO);
  int client = connected("/tmp/s", 6, SOCK_STREAM);
  CHECK(client >= 0 && write(client, "early", 5) == 5); /* before anybody accepts */
  struct sockaddr_un from;
  socklen_t size = sizeof(from);
  int accepted = accept4(server, (struct sockaddr *)&from, &size, SOCK_NONBLOCK);
  CHECK(accepted >= 0 && size == sizeof(sa_family_t) && from.sun_family == AF_UNIX);
  char buffer[8];
  CHECK(read(accepted, buffer, 8) == 5 && !memcmp(buffer, "early", 5));
  CHECK_FAILS(read(accepted, buffer, 8), EAGAIN);
  size = sizeof(from);
  CHECK(getpeername(client, (struct sockaddr *)&from, &size) == 0 && !strcmp(from.sun_path, "/tmp/s") &&
        size == offsetof(struct sockaddr_un, sun_path) + 7);
  struct ucred peer;
  size = sizeof(peer);
  CHECK(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid());
  int accepts = 0, type = 0;
  size = sizeof(int);
  CHECK(getsockopt(server, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && accepts == 1);
  CHECK(getsockopt(server, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM);
  close(accepted), close(client);
  client = connected("/tmp/s", 6, SOCK_STREAM);
  CHECK(client >= 0 && close(server) == 0 && read(client, buffer, 1) == 0); /* never accepted: it ends */
  close(client);
  CHECK(connected("/tmp/s", 6, SOCK_STREAM) == -1 && errno == ECONNREFUSED);
  CHECK(unlink("/tmp/s") == 0 && connected("/tmp/s", 6, SOCK_STREAM) == -1 && errno == ENOENT);
  return 0;
}

static int abstract_names(void) {
  int server = listener("\0hidden", 7, SOCK_SEQPACKET);
  CHECK(server >= 0 && listener("\0hidden", 7, SOCK_STREAM) == -1 && errno == EADDRINUSE);
  CHECK(connected("\0hidden", 7, SOCK_STREAM) == -1 && errno == EPROTOTYPE);
  int client = connected("\0hidden", 7, SOCK_SEQPACKET), accepted = accept(server, NULL, NULL);
  CHECK(client >= 0 && accepted >= 0 && close(server) == 0);
  char byte;
  CHECK(send(client, "x", 1, 0) == 1 && recv(accepted, &byte, 1, 0) == 1);
  close(client), close(accepted);
  CHECK(connected("\0hidden", 7, SOCK_SEQPACKET) == -1 && errno == ECONNREFUSED);
  int other = socket(AF_UNIX, SOCK_DGRAM, 0); /* bind without a name finds one */
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t size = sizeof(address);
  CHECK(bind(other, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
  CHECK(getsockname(other, (struct sockaddr *)&address, &size) == 0 && size == sizeof(sa_family_t) + 6 &&
        !address.sun_path[0]);
  close(other);
  return 0;
}

static int datagrams_to_names(void) {
  struct sockaddr_un here, there, from;
  socklen_t here_size = address_of(&here, "\0here", 5), there_size = address_of(&there, "\0there", 6),
            size = sizeof(from);
  int one = socket(AF_UNIX, SOCK_DGRAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0);
  CHECK_FAILS(send(one, "x", 1, 0), EDESTADDRREQ);
  CHECK_FAILS(sendto(one, "x", 1, 0, (struct sockaddr *)&there, there_size), ECONNREFUSED);
  CHECK(bind(one, (struct sockaddr *)&here, here_size) == 0 && bind(other, (struct sockaddr *)&there, there_size) == 0);
  char buffer[8];
  CHECK(sendto(one, "to", 2, 0, (struct sockaddr *)&there, there_size) == 2);
  CHECK(recvfrom(other, buffer, 8, 0, (struct sockaddr *)&from, &size) == 2 && size == here_size &&
        !memcmp(from.sun_path, "\0here", 5));
  CHECK(connect(other, (struct sockaddr *)&from, size) == 0 && send(other, "back", 4, 0) == 4);
  CHECK(recv(one, buffer, 8, 0) == 4);
  close(one);
  CHECK_FAILS(send(other, "x", 1, 0), ECONNREFUSED);
  close(other);
  return 0;
}

static ssize_t pass(int socket, int fd) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
  struct iovec piece = {"f", 1};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  return sendmsg(socket, &message, 0);
}

static int descriptors_are_passed(void) {
  int fds[2], file = memfd_create("passed", 0);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && write(file, "inside", 6) == 6);
  CHECK(pass(fds[0], file) == 1 && close(file) == 0 && write(fds[0], "more", 4) == 4);
  CHECK_FAILS(pass(fds[0], fds[1]), ENOTSUP); /* it might keep itself alive */
  CHECK_FAILS(pass(fds[0], 99), EBADF);
  char buffer[8];
  union {
    struct cmsghdr header;
    char bytes[64];
  } control;
  struct iovec piece = {buffer, 8};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  CHECK(recvmsg(fds[1], &message, MSG_CMSG_CLOEXEC) == 1); /* not joined with what follows */
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  CHECK(header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)));
  int got;
  memcpy(&got, CMSG_DATA(header), sizeof(got));
  CHECK(fcntl(got, F_GETFD) == FD_CLOEXEC && pread(got, buffer, 8, 0) == 6 && !memcmp(buffer, "inside", 6));
  CHECK(pass(fds[0], got) == 1 && close(got) == 0);
  CHECK(read(fds[1], buffer, 8) == 4);
  message.msg_controllen = 0;
  CHECK(recvmsg(fds[1], &message, 0) == 1 && (message.msg_flags & MSG_CTRUNC)); /* no room: the file is dropped */
  close(fds[0]), close(fds[1]);
  return 0;
}

static int credentials_are_told(void) {
  int fds[2], on = 1;
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0 &&
        setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
  pid_t child = fork();
  if (!child)
    _exit(send(fds[0], "c", 1, 0) != 1);
  char byte;
  union {
    struct cmsghdr header;
    char bytes[64];
  } control;
  struct iovec piece = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  CHECK(recvmsg(fds[1], &message, 0) == 1 && control.header.cmsg_type == SCM_CREDENTIALS);
  struct ucred sender;
  memcpy(&sender, CMSG_DATA(&control.header), sizeof(sender));
  CHECK(sender.pid == child && sender.uid == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  close(fds[0]), close(fds[1]);
  return 0;
}

static int readers_and_writers_wait(void) {
  int fds[2], status;
  static char block[65536];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  pid_t child = fork();
  if (!child) { /* sends far more than fits */
    close(fds[1]);
    for (int i = 0; i < 32; i++)
      if (write(fds[0], block, sizeof(block)) != (ssize_t)sizeof(block))
        _exit(1);
    _exit(0);
  }
  close(fds[0]);
  size_t total = 0;
  for (ssize_t got; (got = recv(fds[1], block, 50000, MSG_WAITALL)) > 0;)
    total += (size_t)got;
  CHECK(total == 32 * sizeof(block) && waitpid(child, &status, 0) == child && status == 0);
  close(fds[1]);
  return 0;
}

static int polled(void) {
  int fds[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
  struct pollfd watch = {fds[0], POLLIN | POLLOUT | POLLRDHUP, 0};
  CHECK(poll(&watch, 1, 0) == 1 && watch.revents == POLLOUT);
  static char block[16384];
  while (write(fds[0], block, sizeof(block)) > 0)
    ;
  CHECK(errno == EAGAIN && poll(&watch, 1, 0) == 0);
  int epoll = epoll_create1(0);
  struct epoll_event event = {EPOLLOUT | EPOLLET, {.fd = 7}};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event) == 0 && epoll_wait(epoll, &event, 1, 0) == 0);
  while (read(fds[1], block, sizeof(block)) > 0)
    ;
  CHECK(epoll_wait(epoll, &event, 1, 1000) == 1 && event.data.fd == 7);
  CHECK(write(fds[1], "x", 1) == 1 && poll(&watch, 1, 0) == 1 && watch.revents == (POLLIN | POLLOUT));
  close(fds[1]);
  CHECK(poll(&watch, 1, 0) == 1 && (watch.revents & (POLLHUP | POLLRDHUP)) == (POLLHUP | POLLRDHUP));
  close(epoll), close(fds[0]);
  int server = listener("\0polled", 7, SOCK_STREAM);
  watch = (struct pollfd){server, POLLIN, 0};
  CHECK(poll(&watch, 1, 0) == 0);
  int client = connected("\0polled", 7, SOCK_STREAM);
  CHECK(client >= 0 && poll(&watch, 1, 0) == 1 && watch.revents == POLLIN);
  close(client), close(server);
  return 0;
}

static int timeout_ends_waiting(void) {
  int fds[2];
  struct timeval soon = {0, 20000}, told;
  socklen_t size = sizeof(told);
  char byte;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 &&
        setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)) == 0);
  CHECK(getsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &told, &size) == 0 && told.tv_usec == 20000);
  CHECK_FAILS(read(fds[0], &byte, 1), EAGAIN);
  close(fds[0]), close(fds[1]);
  return 0;
}

static int full_backlog_waits(void) {
  struct sockaddr_un address;
  socklen_t length = address_of(&address, "\0full", 5);
  int server = listener("\0full", 5, SOCK_STREAM), clients[2];
  for (int i = 0; i < 2; i++)
    CHECK((clients[i] = connected("\0full", 5, SOCK_STREAM)) >= 0);
  int third = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  CHECK_FAILS(connect(third, (struct sockaddr *)&address, length), EAGAIN);
  int accepted = accept(server, NULL, NULL);
  CHECK(accepted >= 0 && connect(third, (struct sockaddr *)&address, length) == 0);
  CHECK_FAILS(connect(third, (struct sockaddr *)&address, length), EISCONN);
  close(third), close(accepted), close(clients[0]), close(clients[1]), close(server);
  return 0;
}

static int refused(void) {
  int fd = socket(AF_UNIX, SOCK_STREAM, 0), file = memfd_create("file", 0), fds[2];
  int *volatile nowhere = (int *)8; /* volatile: the compiler warns of an address that it can see */
  char byte = 0;
  CHECK_FAILS(socket(AF_INET6, SOCK_STREAM, 0), EAFNOSUPPORT);
  CHECK_FAILS(socket(AF_UNIX, 9, 0), ESOCKTNOSUPPORT);
  CHECK_FAILS(socket(AF_UNIX, SOCK_STREAM, 77), EPROTONOSUPPORT);
  CHECK_FAILS(listen(fd, 1), EINVAL);
  CHECK_FAILS(accept(fd, NULL, NULL), EINVAL);
  CHECK_FAILS(write(fd, "x", 1), ENOTCONN);
  CHECK_FAILS(send(file, "x", 1, 0), ENOTSOCK);
  CHECK_FAILS(send(-1, "x", 1, 0), EBADF);
  CHECK_FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
  CHECK_FAILS(bind(fd, (struct sockaddr *)8, 20), EFAULT);
  CHECK_FAILS(bind(fd, (struct sockaddr *)&byte, 1), EINVAL);
  CHECK_FAILS(socketpair(AF_UNIX, SOCK_DGRAM, 0, nowhere), EFAULT);
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
  static char huge[300000];
  CHECK_FAILS(send(fds[0], huge, sizeof(huge), 0), EMSGSIZE);
  CHECK_FAILS(recv(fds[1], (void *)8, 5, MSG_DONTWAIT), EAGAIN);
  CHECK(send(fds[0], "kept", 4, 0) == 4);
  CHECK_FAILS(recv(fds[1], (void *)8, 4, 0), EFAULT);
  close(fd), close(file), close(fds[0]), close(fds[1]);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"pair of streams", pair_of_streams},
      {"borders of messages", borders_of_messages},
      {"named in the tree", named_in_the_tree},
      {"abstract names", abstract_names},
      {"datagrams to names", datagrams_to_names},
      {"descriptors are passed", descriptors_are_passed},
      {"credentials are told", credentials_are_told},
      {"readers and writers wait", readers_and_writers_wait},
      {"polled", polled},
      {"a timeout ends waiting", timeout_ends_waiting},
      {"a full backlog waits", full_backlog_waits},
      {"what is refused", refused},
  };
  struct sigaction action = {.sa_handler = count_broken_pipe};
  sigaction(SIGPIPE, &action, NULL);
  return RUN_CASES("sockets", cases);
}
