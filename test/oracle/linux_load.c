/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Loads every program of a batch file (batch.h) into the running Linux and prints what its verifier says, one
 * line each: name TAB accepted|refused TAB errno TAB instructions processed TAB states TAB the log's last
 * words TAB max_states_per_insn,peak_states,mark_read
 * Maps are made once for each distinct definition. What takes longer than SECONDS is left out, with a line
 * that begins with #. */
#include "batch.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_MAPS 64
#define LOG_SIZE (1 << 18)

static long bpf(int cmd, union bpf_attr *attr) { return syscall(__NR_bpf, cmd, attr, sizeof *attr); }
static uint64_t address(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }

static int load_btf(const char *bytes, uint32_t size);

/* types: the program's BTF, or none. */
static int create_map(const struct batch_map *map, const char *contents, int types) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  int inner = -1, btf = -1;
  if (map->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->type == BPF_MAP_TYPE_HASH_OF_MAPS) {
    struct batch_map inner_map = {BPF_MAP_TYPE_ARRAY, 4, 48, 1, 0, 0, 0, 0, 0, 0, -1, -1};
    inner = create_map(&inner_map, 0, 0);
    attr.inner_map_fd = (uint32_t)inner;
  }
  if (map->btf_size || map->value_type) {
    if (map->btf_size)
      types = btf = load_btf(contents + map->init_size, map->btf_size);
    attr.btf_fd = (uint32_t)types;
    attr.btf_key_type_id = map->key_type;
    attr.btf_value_type_id = map->value_type;
  }
  attr.map_type = map->type;
  attr.key_size = map->key_size;
  attr.value_size = map->value_size;
  attr.max_entries = map->max_entries;
  attr.map_flags = map->map_flags;
  int fd = (int)bpf(BPF_MAP_CREATE, &attr);
  if (inner >= 0)
    close(inner);
  if (btf >= 0)
    close(btf);
  if (fd < 0 || map->init_size == 0)
    return fd;
  uint32_t key = 0;
  memset(&attr, 0, sizeof attr);
  attr.map_fd = (uint32_t)fd;
  attr.key = address(&key);
  attr.value = address(contents);
  bpf(BPF_MAP_UPDATE_ELEM, &attr);
  if (map->is_frozen) {
    memset(&attr, 0, sizeof attr);
    attr.map_fd = (uint32_t)fd;
    bpf(BPF_MAP_FREEZE, &attr);
  }
  return fd;
}

struct known_map {
  struct batch_map map;
  char contents[64];
  int fd;
};
static struct known_map known[256];
static int known_count;

/* is_kept: other programs may get the same one. An array of programs is for programs of the type of its first
 * user. */
static int find_map(const struct batch_map *map, const char *contents, int types, int *is_kept) {
  *is_kept = 0;
  if (map->init_size > sizeof known[0].contents || map->value_type || map->type == BPF_MAP_TYPE_PROG_ARRAY)
    return create_map(map, contents, types);
  *is_kept = 1;
  for (int i = 0; i < known_count; i++)
    if (!memcmp(&known[i].map, map, sizeof *map) && !memcmp(known[i].contents, contents, map->init_size))
      return known[i].fd;
  int fd = create_map(map, contents, types);
  *is_kept = known_count < 256;
  if (*is_kept) {
    known[known_count].map = *map;
    memcpy(known[known_count].contents, contents, map->init_size);
    known[known_count++].fd = fd;
  }
  return fd;
}

/* The last two lines before the statistics; tabs and line ends become spaces. */
static void print_end_of_log(char *log) {
  char *end = strstr(log, "\nprocessed ");
  for (char *next = end; next; next = strstr(next + 1, "\nprocessed "))
    end = next;
  if (!end)
    end = log + strlen(log);
  *end = 0;
  char *start = end;
  for (int lines = 0; start > log; start--)
    if (start[-1] == '\n' && ++lines == 2)
      break;
  if (end - start > 300)
    start = end - 300;
  for (char *c = start; *c; c++)
    putchar(*c == '\n' || *c == '\t' ? ' ' : *c);
}

static char log_buffer[LOG_SIZE];

static int load_btf(const char *bytes, uint32_t size) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.btf = address(bytes);
  attr.btf_size = size;
  attr.btf_log_level = 1;
  attr.btf_log_buf = address(log_buffer);
  attr.btf_log_size = LOG_SIZE;
  return (int)bpf(BPF_BTF_LOAD, &attr);
}

static char *kernel_types; /* /sys/kernel/btf/vmlinux */

/* Bytes behind the record of a type, by its kind. */
static uint32_t parts_size(uint32_t kind, uint32_t vlen) {
  switch (kind) {
  case 1:  /* INT */
  case 14: /* VAR */
  case 17: /* DECL_TAG */
    return 4;
  case 3:  /* ARRAY */
  case 4:  /* STRUCT */
  case 5:  /* UNION */
  case 15: /* DATASEC */
  case 19: /* ENUM64 */
    return 12 * (kind == 3 ? 1 : vlen);
  case 6:  /* ENUM */
  case 13: /* FUNC_PROTO */
    return 8 * vlen;
  default:
    return 0;
  }
}

/* The id of what a program is attached to; 0: there is no such thing. */
static uint32_t find_target(const char *name) {
  struct {
    uint16_t magic;
    uint8_t version, flags;
    uint32_t hdr_len, type_off, type_len, str_off, str_len;
  } header;
  const uint32_t wanted = strncmp(name, "btf_trace_", 10) ? 12 /* FUNC */ : 8 /* TYPEDEF */;
  if (!kernel_types) {
    int file = open("/sys/kernel/btf/vmlinux", O_RDONLY);
    const size_t most = 64 << 20;
    size_t size = 0;
    ssize_t got;
    if (file < 0 || !(kernel_types = malloc(most)))
      return 0;
    while ((got = read(file, kernel_types + size, most - size)) > 0)
      size += (size_t)got;
    close(file);
  }
  memcpy(&header, kernel_types, sizeof header);
  const char *at = kernel_types + header.hdr_len + header.type_off, *end = at + header.type_len;
  const char *strings = kernel_types + header.hdr_len + header.str_off;
  for (uint32_t id = 1; at < end; id++) {
    uint32_t record[3];
    memcpy(record, at, sizeof record);
    const uint32_t kind = record[1] >> 24 & 31;
    if (kind == wanted && !strcmp(strings + record[0], name))
      return id;
    at += sizeof record + parts_size(kind, record[1] & 0xffff);
  }
  return 0;
}

/* CAP_SYS_ADMIN would stand for CAP_PERFMON. */
static void may_see_addresses(int may) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  const uint32_t admin = 1u << CAP_SYS_ADMIN, perfmon = 1u << (CAP_PERFMON - 32);
  if (syscall(SYS_capget, &header, sets))
    exit(1);
  sets[0].effective = may ? sets[0].permitted : sets[0].effective & ~admin;
  sets[1].effective = may ? sets[1].permitted : sets[1].effective & ~perfmon;
  if (syscall(SYS_capset, &header, sets))
    exit(1);
}

static int load(const struct batch_program *program, const char *insns, const int *fds, int btf,
                uint32_t level) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  if (btf > 0) {
    attr.prog_btf_fd = (uint32_t)btf;
    attr.func_info = address(insns + 8 * program->insn_count + program->btf_size);
    attr.func_info_cnt = program->function_count;
    attr.func_info_rec_size = 8;
  }
  attr.expected_attach_type = program->attach_type;
  if (program->attach_to[0])
    attr.attach_btf_id = find_target(program->attach_to);
  attr.prog_type = program->prog_type;
  attr.prog_flags = program->prog_flags & ~BATCH_WITHOUT_PERFMON;
  attr.insns = address(insns);
  attr.insn_cnt = program->insn_count;
  attr.license = address(program->is_gpl ? "GPL" : "none");
  attr.fd_array = address(fds);
  attr.log_level = level;
  attr.log_buf = address(log_buffer);
  attr.log_size = LOG_SIZE;
  log_buffer[0] = 0;
  if (!(program->prog_flags & BATCH_WITHOUT_PERFMON))
    return (int)bpf(BPF_PROG_LOAD, &attr);
  may_see_addresses(0);
  const int fd = (int)bpf(BPF_PROG_LOAD, &attr), error = errno;
  may_see_addresses(1);
  errno = error;
  return fd;
}

/* Kernel functions that this project calls by numbers of its own, and Linux by the ids of its types. */
static const struct {
  int32_t number;
  const char *name;
} kernel_functions[] = {
#define KBPF_HELPER(number, name, ...) {number, "bpf_" #name},
#include "../../runtime/abi/kfuncs.def"
#undef KBPF_HELPER
#define KBPF_KERNEL_FUNCTION(number, name, ...) {number, "bpf_" #name},
#include "../../runtime/abi/linux_kfuncs.def"
};

static void call_by_type(const struct batch_program *program, char *insns) {
  struct bpf_insn *insn = (struct bpf_insn *)insns;
  for (uint32_t i = 0; i < program->insn_count; i++)
    for (size_t f = 0; insn[i].code == 0x85 && insn[i].src_reg == 0 &&
                       f < sizeof kernel_functions / sizeof *kernel_functions;
         f++)
      if (insn[i].imm == kernel_functions[f].number) {
        const uint32_t id = find_target(kernel_functions[f].name);
        if (id) { /* this project's kernel has none, and takes the number */
          insn[i].src_reg = 2;
          insn[i].imm = (int32_t)id;
        }
        break;
      }
}

static long seconds; /* that a load may take; 0: any */

static void on_timer(int signal) { (void)signal; }

/* A signal makes Linux's verifier give up, with EAGAIN. */
static int load_in_time(const struct batch_program *program, const char *insns, const int *fds, int btf,
                        uint32_t level) {
  struct itimerval limit = {{0, 0}, {seconds, 0}}, none = {{0, 0}, {0, 0}};
  setitimer(ITIMER_PROF, &limit, 0);
  const int fd = load(program, insns, fds, btf, level), error = errno;
  setitimer(ITIMER_PROF, &none, 0);
  errno = error;
  return fd;
}

/* Closes btf, which is the program's, where that is above 0. */
static void judge(const struct batch_program *program, const char *insns, const int *fds, int btf,
                  uint32_t level) {
  int fd = load_in_time(program, insns, fds, btf, 4);
  int error = fd < 0 ? errno : 0;
  if (error == EAGAIN) {
    printf("# %.64s: takes too long\n", program->name);
    if (btf > 0)
      close(btf);
    return;
  }
  unsigned processed = 0, states = 0, per_insn = 0, peak = 0, mark_read = 0;
  char *stats = strstr(log_buffer, "processed ");
  for (char *next = stats; next; next = strstr(next + 1, "\nprocessed "))
    stats = next + (*next == '\n');
  if (stats)
    sscanf(
        stats,
        "processed %u insns (limit %*u) max_states_per_insn %u total_states %u peak_states %u mark_read %u",
        &processed, &per_insn, &states, &peak, &mark_read);
  printf("%.64s\t%s\t%d\t%u\t%u\t", program->name, fd < 0 ? "refused" : "accepted", error, processed, states);
  if (fd >= 0) {
    close(fd);
  } else if (processed > 20000) { /* writing such a log takes minutes */
    fputs("(many instructions)", stdout);
  } else {
    fd = load_in_time(program, insns, fds, btf, level ? 2 : 1);
    if (fd >= 0)
      close(fd);
    if (level)
      fputs(log_buffer, stdout);
    print_end_of_log(log_buffer);
  }
  if (btf > 0)
    close(btf);
  printf("\t%u,%u,%u\n", per_insn, peak, mark_read);
}

int main(int argc, char **argv) {
  if (argc < 2)
    return fprintf(stderr, "usage: linux-load BATCH [verbose|quiet [SECONDS]]\n"), 2;
  seconds = argc > 3 ? atol(argv[3]) : 0;
  signal(SIGPROF, on_timer);
  struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  int file = open(argv[1], O_RDONLY);
  struct stat info;
  if (file < 0 || fstat(file, &info))
    return perror(argv[1]), 1;
  char *at = mmap(0, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  struct batch_header *header = (struct batch_header *)at;
  if (at == MAP_FAILED || header->magic != BATCH_MAGIC)
    return fprintf(stderr, "%s: no batch file\n", argv[1]), 1;
  at += sizeof *header;
  for (uint32_t i = 0; i < header->count; i++) {
    struct batch_program program;
    memcpy(&program, at, sizeof program);
    at += sizeof program;
    int fds[MAX_MAPS], kept[MAX_MAPS] = {0}, btf = 0;
    const char *insns = at;
    for (uint32_t m = 0; m < program.map_count; m++) {
      struct batch_map map;
      memcpy(&map, insns, sizeof map);
      insns += sizeof map + map.init_size + map.btf_size;
    }
    if (program.btf_size && (btf = load_btf(insns + 8 * program.insn_count, program.btf_size)) < 0)
      printf("# %.64s: BTF: %s\n", program.name, strerror(errno));
    for (uint32_t m = 0; m < program.map_count && m < MAX_MAPS; m++) {
      struct batch_map map;
      memcpy(&map, at, sizeof map);
      fds[m] = find_map(&map, at + sizeof map, btf, &kept[m]);
      if (fds[m] < 0)
        printf("# %.64s: map %u: %s\n", program.name, m, strerror(errno));
      at += sizeof map + map.init_size + map.btf_size;
    }
    call_by_type(&program, at);
    judge(&program, at, fds, btf, argc > 2 && !strcmp(argv[2], "verbose"));
    for (uint32_t m = 0; m < program.map_count && m < MAX_MAPS; m++)
      if (!kept[m] && fds[m] >= 0)
        close(fds[m]);
    at += 8 * program.insn_count + program.btf_size + 8 * program.function_count;
  }
  puts("# end");
  return 0;
}
