/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Every function of the kernel's BTF, by groups: a program at its entry and one at its return, all of a group
 * at once, while processes come and go and files are read. Says how many functions there were and how many
 * have programs that ran; fails where one cannot be traced for another reason than its arguments and its
 * first instruction. */
#define _GNU_SOURCE
#include "abi/attr.h"
#include "abi/btf.h"
#include "abi/info.h"
#include "bpf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kProgLoad = 5, kInfo = 15, kRawTracepointOpen = 17, kEnableStats = 32 };
enum { kGroup = 200, kKinds = 2 };

static int bpf(int command, void *attr, size_t size) { return (int)syscall(SYS_bpf, command, attr, size); }

static int load(uint32_t attach_type, uint32_t function) {
  static const struct bpf_insn nothing[] = {{0xb7, 0, 0, 0, 0}, {KBPF_OP_EXIT, 0, 0, 0, 0}};
  struct kbpf_attr_prog_load attr = {.prog_type = 26,
                                     .insns = (uintptr_t)nothing,
                                     .insn_cnt = 2,
                                     .license = (uintptr_t)"GPL",
                                     .expected_attach_type = attach_type,
                                     .attach_btf_id = function};
  return bpf(kProgLoad, &attr, sizeof(attr));
}
static int attach(int program) {
  struct kbpf_attr_raw_tracepoint attr = {.prog_fd = (uint32_t)program};
  return bpf(kRawTracepointOpen, &attr, sizeof(attr));
}
static uint64_t runs_of(int program) {
  struct kbpf_prog_info info = {0};
  struct kbpf_attr_info_by_fd attr = {(uint32_t)program, sizeof(info), (uintptr_t)&info};
  return bpf(kInfo, &attr, sizeof(attr)) ? 0 : info.run_cnt;
}

static void work(void) {
  char bytes[256];
  for (int i = 0; i < 4; i++) {
    if (fork() == 0) {
      int fd = open("/proc/self/maps", O_RDONLY), pipes[2];
      if (pipe(pipes) == 0 && read(fd, bytes, sizeof(bytes)) > 0 && write(pipes[1], bytes, 16) == 16 &&
          read(pipes[0], bytes, 16) == 16)
        _exit(mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
      _exit(1);
    }
  }
  for (int status; wait(&status) > 0;)
    if (status != 0)
      printf("a process failed: %x\n", status), exit(1);
}

/* Bytes behind a type's record, by its kind. */
static size_t extra_of(uint32_t kind, uint32_t count) {
  switch (kind) {
  case KBPF_BTF_KIND_INT:
  case KBPF_BTF_KIND_VAR:
  case KBPF_BTF_KIND_DECL_TAG:
    return 4;
  case KBPF_BTF_KIND_ARRAY:
    return sizeof(struct kbpf_btf_array);
  case KBPF_BTF_KIND_STRUCT:
  case KBPF_BTF_KIND_UNION:
  case KBPF_BTF_KIND_ENUM64:
  case KBPF_BTF_KIND_DATASEC:
    return count * 12;
  case KBPF_BTF_KIND_ENUM:
  case KBPF_BTF_KIND_FUNC_PROTO:
    return count * 8;
  default:
    return 0;
  }
}

static int links[kGroup * kKinds], programs[kGroup * kKinds], used;
static unsigned functions, attached, ran, failed;

static void add(uint32_t id, const char *name) {
  functions++;
  for (uint32_t attach_type = KBPF_TRACE_FENTRY; attach_type <= KBPF_TRACE_FEXIT; attach_type++) {
    programs[used] = load(attach_type, id);
    links[used] = programs[used] < 0 ? -1 : attach(programs[used]);
    if (links[used] >= 0) {
      attached++;
      used++;
      continue;
    }
    /* Too many words of arguments, or an instruction that no probe can replace; and what the runtime calls.
     */
    if (errno != EINVAL && (errno != EPERM || strncmp(name, "kbpf_port_", 10))) {
      printf("%s: %s of %u: errno %d\n", name, programs[used] < 0 ? "load" : "attach", attach_type, errno);
      failed++;
    }
    if (programs[used] >= 0)
      close(programs[used]);
  }
}
static void finish_group(void) {
  work();
  for (int i = 0; i < used; i++) {
    ran += runs_of(programs[i]) != 0;
    close(links[i]);
    close(programs[i]);
  }
  used = 0;
}

int main(void) {
  struct stat status;
  int file = open("/sys/kernel/btf/vmlinux", O_RDONLY);
  if (file < 0 || fstat(file, &status))
    return perror("vmlinux"), 1;
  char *bytes = malloc((size_t)status.st_size);
  for (ssize_t have = 0, got; have < status.st_size; have += got)
    if (!bytes || (got = read(file, bytes + have, (size_t)(status.st_size - have))) <= 0)
      return perror("vmlinux"), 1;
  struct kbpf_attr_enable_stats stats = {0};
  if (bpf(kEnableStats, &stats, sizeof(stats)) < 0)
    return perror("statistics"), 1;
  const struct kbpf_btf_header *header = (const void *)bytes;
  const char *types = bytes + header->hdr_len + header->type_off, *end = types + header->type_len;
  const char *strings = bytes + header->hdr_len + header->str_off;
  uint32_t id = 1;
  for (const char *at = types; at < end; id++) {
    struct kbpf_btf_type type;
    memcpy(&type, at, sizeof(type));
    const uint32_t kind = type.info >> 24 & 0x1f;
    if (kind == KBPF_BTF_KIND_FUNC)
      add(id, strings + type.name_off);
    if (used > (kGroup - 1) * kKinds)
      finish_group();
    at += sizeof(type) + extra_of(kind, type.info & 0xffff);
  }
  finish_group();
  work();
  printf("functions %u, programs attached %u, of those ran %u, failed %u\n", functions, attached, ran,
         failed);
  printf("%s\n",
         failed == 0 && functions > 800 && attached > functions * 19 / 10 && ran > 200 ? "ok" : "not ok");
  return failed != 0;
}
