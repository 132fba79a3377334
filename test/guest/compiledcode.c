/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Compiled code of programs: small ones share pages, and come and go while others run. With "show" as its
 * argument: the functions and lines of each program that is loaded, by the names of /proc/kallsyms. */
#define _GNU_SOURCE
#include "abi/info.h"
#include "bpf.h"
#include "check.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  kTestRun = 10,
  kProgGetNextId = 11,
  kProgGetFdById = 13,
  kInfoByFd = 15,
  kMovR0 = 0xb7,
  kExit = 0x95,
  kPrograms = 200,
  kRounds = 100,
  kMostFunctions = 64,
  kMostLines = 256,
  kPage = 4096
};

static long bpf(int command, void *attr, unsigned size) { return syscall(280, command, attr, size); }

/* A program that returns that number, with as many instructions more. */
static int load(int number, int padding) {
  struct bpf_insn code[130];
  size_t count = 0;
  for (int i = 0; i < padding; i++)
    code[count++] = (struct bpf_insn){.code = kMovR0, .dst_reg = 1 + i % 5, .imm = 100000 + i};
  code[count++] = (struct bpf_insn){.code = kMovR0, .dst_reg = 0, .imm = number};
  code[count++] = (struct bpf_insn){.code = kExit};
  return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "small", "GPL", code, count, NULL);
}

static int run(int program, uint32_t *result) {
  static const uint8_t packet[64];
  struct kbpf_attr_prog_test_run attr = {
      .prog_fd = (uint32_t)program, .data_size_in = sizeof packet, .data_in = (uintptr_t)packet, .repeat = 1};
  long status = bpf(kTestRun, &attr, sizeof attr);
  *result = attr.retval;
  return (int)status;
}

static int get_info(int program, struct kbpf_prog_info *info) {
  struct kbpf_attr_info_by_fd attr = {
      .bpf_fd = (uint32_t)program, .info_len = sizeof *info, .info = (uintptr_t)info};
  return (int)bpf(kInfoByFd, &attr, sizeof attr);
}

static int small_programs_share_pages(void) {
  static int programs[kPrograms];
  static uint64_t pages[kPrograms];
  unsigned page_count = 0;
  for (int i = 0; i < kPrograms; i++) {
    CHECK((programs[i] = load(i, i % 40)) >= 0);
    uint64_t address = 0;
    struct kbpf_prog_info info = {.nr_jited_ksyms = 1, .jited_ksyms = (uintptr_t)&address};
    CHECK(get_info(programs[i], &info) == 0 && info.nr_jited_ksyms == 1 && info.jited_prog_len > 0 &&
          address % 64 == 0);
    unsigned known = 0;
    while (known < page_count && pages[known] != address / kPage)
      known++;
    if (known == page_count)
      pages[page_count++] = address / kPage;
  }
  printf("code of %d programs: %u pages\n", kPrograms, page_count);
  CHECK(page_count < kPrograms / 10);
  for (int i = 0; i < kPrograms; i++) {
    uint32_t result = 0;
    CHECK(run(programs[i], &result) == 0 && result == (uint32_t)i);
    CHECK(close(programs[i]) == 0);
  }
  return 0;
}

/* Each loads programs, runs them and closes them, so that room changes hands from hart to hart. */
static void *come_and_go(void *argument) {
  unsigned state = (unsigned)(uintptr_t)argument;
  int programs[8], numbers[8];
  for (int i = 0; i < 8; i++)
    programs[i] = -1;
  for (int round = 0; round < kRounds; round++) {
    int slot = rand_r(&state) % 8;
    uint32_t result = 0;
    if (programs[slot] >= 0) {
      if (run(programs[slot], &result) || result != (uint32_t)numbers[slot] || close(programs[slot]))
        return "a program did something else";
      programs[slot] = -1;
    } else {
      numbers[slot] = (int)(rand_r(&state) & 0xfffffff);
      programs[slot] = load(numbers[slot], rand_r(&state) % 120);
      if (programs[slot] < 0 || run(programs[slot], &result) || result != (uint32_t)numbers[slot])
        return "a program did not load, or did something else";
    }
  }
  for (int i = 0; i < 8; i++)
    if (programs[i] >= 0)
      close(programs[i]);
  return NULL;
}

static int programs_come_and_go_beside_others(void) {
  pthread_t threads[4];
  for (uintptr_t i = 0; i < 4; i++)
    CHECK(pthread_create(&threads[i], NULL, come_and_go, (void *)(i + 1)) == 0);
  for (int i = 0; i < 4; i++) {
    void *what = NULL;
    CHECK(pthread_join(threads[i], &what) == 0);
    if (what)
      printf("%s\n", (const char *)what);
    CHECK(!what);
  }
  return 0;
}

/* The symbol at that address. */
static const char *symbol_at(uint64_t address) {
  static char line[256], name[128];
  FILE *symbols = fopen("/proc/kallsyms", "r");
  name[0] = 0;
  while (symbols && fgets(line, sizeof line, symbols)) {
    unsigned long long at;
    char kind, found[128], module[32] = "";
    if (sscanf(line, "%llx %c %127s %31s", &at, &kind, found, module) >= 3 && at == address && kind == 't' &&
        !strcmp(module, "[bpf]"))
      strcpy(name, found);
  }
  if (symbols)
    fclose(symbols);
  return name;
}

static int show(int program) {
  static uint64_t addresses[kMostFunctions], line_addresses[kMostLines];
  static uint32_t lengths[kMostFunctions];
  static uint8_t tags[kMostFunctions][8];
  static struct {
    uint32_t insn_off, file, text, line_col;
  } lines[kMostLines];
  struct kbpf_prog_info info = {.nr_jited_ksyms = kMostFunctions,
                                .jited_ksyms = (uintptr_t)addresses,
                                .nr_jited_func_lens = kMostFunctions,
                                .jited_func_lens = (uintptr_t)lengths,
                                .nr_prog_tags = kMostFunctions,
                                .prog_tags = (uintptr_t)tags,
                                .nr_line_info = kMostLines,
                                .line_info_rec_size = sizeof lines[0],
                                .line_info = (uintptr_t)lines,
                                .nr_jited_line_info = kMostLines,
                                .jited_line_info_rec_size = 8,
                                .jited_line_info = (uintptr_t)line_addresses};
  CHECK(get_info(program, &info) == 0);
  CHECK(info.nr_jited_ksyms == info.nr_jited_func_lens && info.nr_prog_tags == info.nr_jited_ksyms);
  CHECK(info.nr_jited_line_info == info.nr_line_info && info.nr_jited_ksyms <= kMostFunctions);
  uint64_t total = 0;
  for (unsigned function = 0; function < info.nr_jited_ksyms; function++) {
    const uint64_t first = addresses[function], end = first + lengths[function];
    char tag[17];
    for (int i = 0; i < 8; i++)
      sprintf(tag + 2 * i, "%02x", tags[function][i]);
    const char *name = symbol_at(first);
    CHECK(!strncmp(name, "bpf_prog_", 9) && !strncmp(name + 9, tag, 16) && name[25] == '_');
    printf("function %s, lines", name + 26);
    unsigned last = 0, count = 0;
    for (unsigned i = 0; i < info.nr_line_info && i < kMostLines; i++)
      if (line_addresses[i] >= first && line_addresses[i] < end) {
        CHECK(count++ || line_addresses[i] == first);
        CHECK(!i || line_addresses[i] >= line_addresses[i - 1]);
        if (lines[i].line_col >> 10 != last)
          printf(" %u", last = lines[i].line_col >> 10);
      }
    printf("\n");
    total += lengths[function];
  }
  CHECK(total && total <= info.jited_prog_len);
  return 0;
}

static int functions_and_lines_of_what_is_loaded(void) {
  struct {
    uint32_t start_id, next_id, open_flags, pad;
  } attr = {0};
  while (bpf(kProgGetNextId, &attr, 12) == 0) {
    struct {
      uint32_t id, next_id, open_flags, pad;
    } open = {.id = attr.next_id};
    int program = (int)bpf(kProgGetFdById, &open, 12);
    CHECK(program >= 0 && show(program) == 0 && close(program) == 0);
    attr.start_id = attr.next_id;
  }
  CHECK(errno == ENOENT && attr.start_id);
  return 0;
}

int main(int count, char **arguments) {
  static const struct test_case cases[] = {
      {"small programs share pages", small_programs_share_pages},
      {"programs come and go beside others", programs_come_and_go_beside_others},
  };
  static const struct test_case shown[] = {{"functions and lines", functions_and_lines_of_what_is_loaded}};
  if (count > 1 && !strcmp(arguments[1], "show"))
    return RUN_CASES("compiledcode", shown);
  return RUN_CASES("compiledcode", cases);
}
