/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Capabilities of processes, what bpf(2) and perf_event_open(2) ask of them, and a user's share of memory. */
#define _GNU_SOURCE
#include "abi/attr.h"
#include "bpf.h"
#include "check.h"
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  kSetPcap = 8,
  kNetAdmin = 12,
  kSysAdmin = 21,
  kSysResource = 24,
  kPerfmon = 38,
  kBpf = 39,
  kLast = 40
};
enum { kProgNextId = 11, kVersion = 0x20080522 };
static const uint64_t all = (2ul << kLast) - 1;

struct sets {
  uint64_t effective, permitted, inheritable;
};
static int get(struct sets *sets) {
  uint32_t header[2] = {kVersion, 0}, words[6];
  if (syscall(SYS_capget, header, words) != 0)
    return -1;
  *sets = (struct sets){words[0] | (uint64_t)words[3] << 32, words[1] | (uint64_t)words[4] << 32,
                        words[2] | (uint64_t)words[5] << 32};
  return 0;
}
static int set(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  uint32_t header[2] = {kVersion, 0};
  uint32_t words[6] = {(uint32_t)effective,         (uint32_t)permitted,
                       (uint32_t)inheritable,       (uint32_t)(effective >> 32),
                       (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)};
  return (int)syscall(SYS_capset, header, words);
}
static uint64_t bit(int capability) { return 1ul << capability; }

static int load(uint32_t type) {
  struct bpf_insn insns[] = {{0xb7, 0, 0, 0, 0}, {KBPF_OP_EXIT, 0, 0, 0, 0}};
  return bpf_prog_load(type, "none", "GPL", insns, 2, NULL);
}
static int make_map(uint32_t entries) { return bpf_map_create(BPF_MAP_TYPE_ARRAY, "m", 4, 8, entries, NULL); }
static int open_probe(void) {
  struct {
    uint32_t type, size;
    uint64_t config, period, sample, format, flags;
    uint32_t wakeup, breakpoint;
    uint64_t config1, config2;
  } attr = {.type = 6, .size = sizeof(attr), .config1 = (uintptr_t)"_ZN9refkernel11sys_getppidEv"};
  return (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, 8ul);
}
static int next_program(void) {
  struct kbpf_attr_get_id attr = {0};
  return (int)syscall(SYS_bpf, kProgNextId, &attr, 8);
}

/* Runs test in a child, so that what it gives up is gone with it. */
static int in_child(int (*test)(void)) {
  int status = -1;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    int result = test();
    fflush(stdout);
    _exit(result);
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  return 0;
}

static int root_has_them_all_and_gives_some_up(void) {
  struct sets sets;
  CHECK(get(&sets) == 0 && sets.effective == all && sets.permitted == all && sets.inheritable == 0);
  CHECK(set(0, bit(kBpf), 0) == 0);
  CHECK(get(&sets) == 0 && sets.effective == 0 && sets.permitted == bit(kBpf));
  CHECK_FAILS(make_map(1), EPERM);
  CHECK(set(bit(kBpf), bit(kBpf), 0) == 0);
  CHECK(make_map(1) >= 0);
  CHECK_FAILS(set(all, all, 0), EPERM);
  CHECK_FAILS(set(bit(kBpf), 0, 0), EPERM);
  CHECK_FAILS(set(0, bit(kBpf), bit(kPerfmon)), EPERM);
  return 0;
}
static int programs_need_what_their_type_asks_for(void) {
  CHECK(set(bit(kBpf) | bit(kPerfmon), all, 0) == 0);
  CHECK(load(BPF_PROG_TYPE_KPROBE) >= 0 && open_probe() >= 0);
  CHECK_FAILS(load(6), EPERM); /* xdp */
  CHECK_FAILS(next_program(), EPERM);
  CHECK(set(bit(kBpf), all, 0) == 0);
  CHECK_FAILS(load(BPF_PROG_TYPE_KPROBE), EPERM);
  CHECK(load(BPF_PROG_TYPE_SOCKET_FILTER) >= 0);
  CHECK_FAILS(open_probe(), EACCES);
  CHECK(set(bit(kSysAdmin), all, 0) == 0);
  CHECK(load(BPF_PROG_TYPE_KPROBE) >= 0 && load(6) >= 0 && open_probe() >= 0 && next_program() == 0);
  return 0;
}
static int a_user_without_them_may_do_nothing(void) {
  struct sets sets;
  CHECK(setuid(1000) == 0);
  CHECK(get(&sets) == 0 && sets.effective == 0 && sets.permitted == 0);
  CHECK_FAILS(make_map(1), EPERM);
  CHECK_FAILS(load(BPF_PROG_TYPE_KPROBE), EPERM);
  CHECK_FAILS(open_probe(), EACCES);
  CHECK_FAILS(setuid(0), EPERM);
  return 0;
}
static int they_can_be_kept_over_a_change_of_users(void) {
  struct sets sets;
  CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && prctl(PR_GET_KEEPCAPS) == 1);
  CHECK(setuid(1000) == 0);
  CHECK(get(&sets) == 0 && sets.effective == 0 && sets.permitted == all);
  CHECK(set(bit(kBpf) | bit(kPerfmon), bit(kBpf) | bit(kPerfmon), 0) == 0);
  CHECK(load(BPF_PROG_TYPE_KPROBE) >= 0);
  return 0;
}
static int the_effective_user_decides_for_a_while(void) {
  struct sets sets;
  CHECK(syscall(SYS_setresuid, -1, 1000, -1) == 0);
  CHECK(get(&sets) == 0 && sets.effective == 0 && sets.permitted == all);
  CHECK_FAILS(make_map(1), EPERM);
  CHECK(syscall(SYS_setresuid, -1, 0, -1) == 0);
  CHECK(get(&sets) == 0 && sets.effective == all && make_map(1) >= 0);
  return 0;
}
static int bounds_ambient_ones_and_new_privileges(void) {
  CHECK(prctl(PR_CAPBSET_READ, kBpf) == 1 && prctl(PR_CAPBSET_DROP, kBpf) == 0);
  CHECK(prctl(PR_CAPBSET_READ, kBpf) == 0);
  CHECK_FAILS(prctl(PR_CAPBSET_READ, kLast + 1), EINVAL);
  CHECK_FAILS(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kPerfmon, 0, 0), EPERM);
  CHECK(set(all & ~bit(kSetPcap), all, bit(kPerfmon)) == 0);
  CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kPerfmon, 0, 0) == 0);
  CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, kPerfmon, 0, 0) == 1);
  CHECK(set(0, bit(kBpf), 0) == 0); /* no longer inheritable */
  CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, kPerfmon, 0, 0) == 0);
  CHECK_FAILS(prctl(PR_CAPBSET_DROP, kPerfmon), EPERM);
  CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  CHECK_FAILS(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
  return 0;
}
/* After execve: the sets of a user who kept one capability, of which exec leaves what is ambient. */
static int after_exec(const char *effective) {
  struct sets sets;
  CHECK(get(&sets) == 0 && sets.effective == strtoull(effective, NULL, 16));
  return 0;
}
static int execve_leaves_what_is_ambient(void) {
  char *arguments[] = {"capabilities", "8000000000", NULL};
  CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && setuid(1000) == 0);
  CHECK(set(all, all, bit(kBpf)) == 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kBpf, 0, 0) == 0);
  execv("/bin/capabilities", arguments);
  CHECK(0);
  return 1;
}
static int wrong_headers(void) {
  uint32_t header[2] = {1, 0}, words[6] = {0};
  CHECK_FAILS((int)syscall(SYS_capget, header, words), EINVAL);
  CHECK(header[0] == kVersion);
  header[1] = 30000;
  CHECK_FAILS((int)syscall(SYS_capget, header, words), ESRCH);
  CHECK_FAILS((int)syscall(SYS_capset, header, words), EPERM);
  CHECK_FAILS((int)syscall(SYS_capget, 8, words), EFAULT);
  return 0;
}

static int memory_is_limited_without_a_capability(void) {
  struct rlimit limit = {64 << 10, 64 << 10};
  CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
  CHECK(make_map(100000) >= 0); /* with CAP_SYS_RESOURCE there is no limit */
  CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && setuid(1000) == 0);
  CHECK(set(bit(kBpf) | bit(kPerfmon), bit(kBpf) | bit(kPerfmon), 0) == 0);
  CHECK(make_map(100000) == -ENOMEM);
  int maps[64], count = 0;
  while (count < 64 && (maps[count] = make_map(1000)) >= 0)
    count++;
  CHECK(count >= 4 && count < 9 && errno == ENOMEM);
  CHECK(close(maps[--count]) == 0);
  CHECK((maps[count++] = make_map(1000)) >= 0);
  limit.rlim_max = 128 << 10;
  CHECK_FAILS(setrlimit(RLIMIT_MEMLOCK, &limit), EPERM);
  limit = (struct rlimit){0, 64 << 10};
  CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
  CHECK(load(BPF_PROG_TYPE_KPROBE) == -ENOMEM);
  return 0;
}

#define IN_CHILD(test)                                                                                       \
  static int test##_child(void) { return in_child(test); }
IN_CHILD(root_has_them_all_and_gives_some_up)
IN_CHILD(programs_need_what_their_type_asks_for)
IN_CHILD(a_user_without_them_may_do_nothing)
IN_CHILD(they_can_be_kept_over_a_change_of_users)
IN_CHILD(the_effective_user_decides_for_a_while)
IN_CHILD(bounds_ambient_ones_and_new_privileges)
IN_CHILD(execve_leaves_what_is_ambient)
IN_CHILD(memory_is_limited_without_a_capability)

int main(int argc, char **argv) {
  static const struct test_case cases[] = {
      {"root has them all and gives some up", root_has_them_all_and_gives_some_up_child},
      {"programs need what their type asks for", programs_need_what_their_type_asks_for_child},
      {"a user without them may do nothing", a_user_without_them_may_do_nothing_child},
      {"they can be kept over a change of users", they_can_be_kept_over_a_change_of_users_child},
      {"the effective user decides for a while", the_effective_user_decides_for_a_while_child},
      {"bounds, ambient ones and new privileges", bounds_ambient_ones_and_new_privileges_child},
      {"execve leaves what is ambient", execve_leaves_what_is_ambient_child},
      {"wrong headers", wrong_headers},
      {"memory is limited without a capability", memory_is_limited_without_a_capability_child},
  };
  if (argc > 1)
    return after_exec(argv[1]);
  return RUN_CASES("capabilities", cases);
}
