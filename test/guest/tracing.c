/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Helpers and maps for tracing, with the programs of test/lit/boot/Inputs/tracing.c (/tracing.o) on getppid.
 */
#define _GNU_SOURCE
#include "bpf_object.h"
#include "check.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char function[] = "refkernel::sys_getppid";
static struct bpf_object *object;

static int map(const char *name) { return bpf_object__find_map_fd_by_name(object, name); }
static uint64_t seen(uint32_t index) {
  uint64_t value = ~0ull;
  bpf_map_lookup_elem(map("seen"), &index, &value);
  return value;
}
static int set(uint32_t index, uint64_t value) {
  return bpf_map_update_elem(map("seen"), &index, &value, BPF_ANY);
}

/* One call of the probed function with a program on it. */
static int run(const char *name, const char *kind) {
  char target[64];
  snprintf(target, sizeof(target), "%s$%s", kind, function);
  struct bpf_program *program = bpf_object__find_program_by_name(object, name);
  struct bpf_link *link = program ? bpf_program__attach_target_string(program, target) : NULL;
  CHECK(link);
  syscall(SYS_getppid);
  CHECK(bpf_link__destroy(link) == 0);
  return 0;
}

/* The symbol that /proc/kallsyms has at or before address. */
static void name_of(uint64_t address, char *name, size_t size) {
  char line[1024], symbol[900];
  unsigned long long at, best = 0;
  FILE *symbols = fopen("/proc/kallsyms", "r");
  name[0] = 0;
  while (symbols && fgets(line, sizeof(line), symbols))
    if (sscanf(line, "%llx %*c %899s", &at, symbol) == 2 && at <= address && at >= best) {
      best = at;
      snprintf(name, size, "%s", symbol);
    }
  if (symbols)
    fclose(symbols);
}
static int is_in(uint64_t address, const char *part) {
  char name[900];
  name_of(address, name, sizeof(name));
  if (strstr(name, part))
    return 1;
  printf("%llx is in %s\n", (unsigned long long)address, name);
  return 0;
}

static int the_kernel_stack_leads_to_the_system_call(void) {
  uint64_t addresses[32];
  CHECK(run("take_stacks", "kprobe") == 0);
  uint32_t number = (uint32_t)seen(0);
  CHECK((int64_t)seen(0) >= 0 && bpf_map_lookup_elem(map("stacks"), &number, addresses) == 0);
  CHECK(addresses[0] == seen(6) && is_in(addresses[0], "sys_getppid"));
  CHECK(is_in(addresses[1], "syscall") && addresses[2] && is_in(addresses[2], "user_trap"));
  CHECK(seen(2) == 32 && seen(3) == addresses[0] && seen(4) == addresses[1]);
  CHECK(seen(5) == seen(6));
  return 0;
}

__attribute__((noinline)) static int the_user_stack_begins_here(void) {
  uint64_t addresses[32];
  CHECK(run("take_stacks", "kprobe") == 0);
  uint32_t number = (uint32_t)seen(1);
  CHECK((int64_t)seen(1) >= 0 && bpf_map_lookup_elem(map("stacks"), &number, addresses) == 0);
  CHECK(addresses[0] && addresses[0] < 1ull << 38 && addresses[1] && addresses[1] < 1ull << 38);
  return 0;
}

static int a_return_is_seen_in_its_caller(void) {
  CHECK(run("take_return_stack", "kretprobe@exit") == 0);
  CHECK(is_in(seen(0), "sys_getppid"));
  CHECK((int64_t)seen(1) >= 16 && is_in(seen(2), "syscall") && is_in(seen(3), "user_trap"));
  return 0;
}

static int inner_maps_are_used(void) {
  uint32_t key = 1, id = 0;
  uint64_t value = 0;
  int first = bpf_map_create(BPF_MAP_TYPE_HASH, "first", 4, 8, 8, NULL);
  int second = bpf_map_create(BPF_MAP_TYPE_HASH, "second", 4, 8, 8, NULL);
  int other = bpf_map_create(BPF_MAP_TYPE_HASH, "other", 8, 8, 8, NULL);
  CHECK(first >= 0 && second >= 0 && other >= 0);
  CHECK(run("count_in_inner_maps", "kprobe") == 0); /* nothing is in yet */
  CHECK(bpf_map_update_elem(map("array_of_maps"), &key, &first, BPF_ANY) == 0);
  CHECK(bpf_map_update_elem(map("hash_of_maps"), &key, &second, BPF_ANY) == 0);
  CHECK(bpf_map_update_elem(map("hash_of_maps"), &key, &other, BPF_ANY) == -EINVAL);
  CHECK(run("count_in_inner_maps", "kprobe") == 0 && run("count_in_inner_maps", "kprobe") == 0);
  CHECK(bpf_map_lookup_elem(first, &key, &value) == 0 && value == 2);
  CHECK(bpf_map_lookup_elem(second, &key, &value) == 0 && value == 1);
  CHECK(bpf_map_lookup_elem(map("array_of_maps"), &key, &id) == 0 && id);
  CHECK(close(first) == 0 && run("count_in_inner_maps", "kprobe") == 0);
  CHECK(bpf_map_delete_elem(map("array_of_maps"), &key) == 0);
  CHECK(bpf_map_delete_elem(map("hash_of_maps"), &key) == 0);
  CHECK(close(second) == 0 && close(other) == 0);
  return 0;
}

static int strings_are_read_and_made(void) {
  CHECK(run("use_strings", "kprobe") == 0);
  CHECK(seen(0) == 0);
  CHECK(seen(1) == 5 && (int64_t)seen(2) == -31 && seen(3) == 4 && seen(4) == 31);
  uint64_t text = seen(6);
  CHECK(seen(5) == 11 && memcmp(&text, "42:traci", 8) == 0);
  return 0;
}

static volatile sig_atomic_t to_process, to_thread;
static void on_signal(int signal) {
  to_process += signal == SIGUSR1;
  to_thread += signal == SIGSEGV;
}

static int programs_act_on_the_process(void) {
  volatile uint64_t target = 0;
  signal(SIGUSR1, on_signal); /* 10 */
  signal(SIGSEGV, on_signal); /* 11 */
  CHECK(set(8, (uint64_t)getpid()) == 0 && set(9, (uint64_t)(uintptr_t)&target) == 0 &&
        set(10, SIGUSR1) == 0);
  CHECK(run("act_on_process", "kprobe") == 0);
  CHECK(seen(0) == 0 && target == 0x1234 && (int64_t)seen(1) == -EFAULT);
  CHECK(seen(2) == 0 && seen(3) == 0 && to_process == 1 && to_thread == 1);
  CHECK((int64_t)seen(4) == -EINVAL);
  CHECK(seen(5) && seen(5) == seen(6) && seen(7) == 1);
  return 0;
}

static int programs_return_in_a_calls_place(void) {
  struct bpf_program *program = bpf_object__find_program_by_name(object, "return_at_once");
  CHECK(program && set(8, (uint64_t)getpid()) == 0);
  CHECK(!bpf_program__attach_target_string(program, "kprobe$refkernel::sys_getppid+0x4"));
  CHECK(!bpf_program__attach_target_string(program, "kprobe$refkernel::notify_pollers"));
  struct bpf_link *link = bpf_program__attach_target_string(program, "kprobe$refkernel::sys_getppid");
  CHECK(link);
  errno = 0;
  CHECK(syscall(SYS_getppid) == -1 && errno == 77);
  CHECK(bpf_link__destroy(link) == 0 && syscall(SYS_getppid) >= 0);
  return 0;
}

int main(void) {
  static const struct test_case cases[] = {
      {"the kernel's stack leads to the system call", the_kernel_stack_leads_to_the_system_call},
      {"the process's stack begins in the process", the_user_stack_begins_here},
      {"a return is seen in its caller", a_return_is_seen_in_its_caller},
      {"inner maps are used", inner_maps_are_used},
      {"strings are read and made", strings_are_read_and_made},
      {"programs write to the process and send signals", programs_act_on_the_process},
      {"programs return in a call's place", programs_return_in_a_calls_place},
  };
  object = bpf_object__open("/tracing.o");
  if (!object || bpf_object__load(object) < 0) {
    printf("%s\n", bpf_object__error());
    return 1;
  }
  return RUN_CASES("tracing", cases);
}
