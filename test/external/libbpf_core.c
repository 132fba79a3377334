// SPDX-License-Identifier: MIT OR Apache-2.0
// Compares CO-RE as bpfcc applies it with libbpf's. libbpf relocates each program of an object against a
// kernel's types, and what it would hand to the kernel is set beside the same program of the object that
// bpfcc has relocated. No kernel is needed: libbpf calls bpf(2) through syscall(), and the one below says yes
// to all that a load asks for.
//   libbpf_core KERNEL INPUT OUTPUT   each program of INPUT is, relocated, the one in OUTPUT
//   libbpf_core KERNEL INPUT          libbpf refuses each program of INPUT
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  int command = va_arg(rest, int);
  va_end(rest);
  if (number == SYS_bpf && (command == BPF_PROG_LOAD || command == BPF_MAP_CREATE || command == BPF_BTF_LOAD))
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
  errno = EINVAL;
  return -1;
}

static char said[1 << 16]; // what libbpf had to say of the program at hand
static int keep(enum libbpf_print_level level, const char *format, va_list values) {
  size_t used = strlen(said);
  if (level == LIBBPF_WARN)
    vsnprintf(said + used, sizeof(said) - used, format, values);
  return 0;
}

static void print(const char *who, const struct bpf_program *program) {
  const struct bpf_insn *insns = bpf_program__insns(program);
  for (size_t i = 0; i < bpf_program__insn_cnt(program); ++i)
    printf("  %s %zu: %02x %d %d %d %#x\n", who, i, insns[i].code, insns[i].dst_reg, insns[i].src_reg,
           insns[i].off, (unsigned)insns[i].imm);
}

static bool same(const struct bpf_program *a, const struct bpf_program *b) {
  size_t count = bpf_program__insn_cnt(a);
  return count == bpf_program__insn_cnt(b) &&
         !memcmp(bpf_program__insns(a), bpf_program__insns(b), count * sizeof(struct bpf_insn));
}

// Opens the object again and loads that one program of it: libbpf gives up an object at its first error.
static struct bpf_object *load(const char *kernel, const char *input, const char *name) {
  LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = kernel);
  struct bpf_object *object = bpf_object__open_file(input, &options);
  if (!object)
    return NULL;
  struct bpf_program *program;
  bpf_object__for_each_program(program, object)
      bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
  if (!bpf_object__load(object))
    return object;
  bpf_object__close(object);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 3 && count != 4)
    return 2;
  libbpf_set_print(keep);
  struct bpf_object *names = bpf_object__open(arguments[2]);
  struct bpf_object *output = count == 4 ? bpf_object__open(arguments[3]) : NULL;
  if (!names || (count == 4 && !output)) {
    printf("libbpf cannot open an object\n%s", said);
    return 1;
  }
  unsigned good = 0, bad = 0;
  struct bpf_program *each;
  bpf_object__for_each_program(each, names) {
    const char *name = bpf_program__name(each);
    said[0] = 0;
    struct bpf_object *object = load(arguments[1], arguments[2], name);
    const struct bpf_program *theirs = object ? bpf_object__find_program_by_name(object, name) : NULL;
    const struct bpf_program *ours = output ? bpf_object__find_program_by_name(output, name) : NULL;
    bool right = output ? theirs && ours && same(theirs, ours) : !theirs;
    right ? ++good : ++bad;
    if (right) {
      printf("%s: %s\n", name, output ? "equal" : "refused");
    } else {
      printf("%s: %s\n%s", name,
             !theirs  ? "libbpf refuses it"
             : output ? "differs"
                      : "libbpf accepts it",
             said);
      if (theirs)
        print("libbpf", theirs);
      if (ours)
        print("bpfcc ", ours);
    }
    bpf_object__close(object);
  }
  bpf_object__close(names);
  bpf_object__close(output);
  printf("%u right, %u wrong\n", good, bad);
  return bad || !good;
}
