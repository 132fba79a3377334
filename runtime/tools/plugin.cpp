// SPDX-License-Identifier: MIT OR Apache-2.0
// Part of a static riscv64 program that has no C++ library: C's library only.
#include "tools/plugin.h"
#include "core/image/elf_view.h"
#include "core/isa/disassemble.h"
#include "core/verifier/verifier.h"
#include "tools/structure.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace kbpf {
namespace {

enum ExitCode { kDone = 0, kRefused = 1, kUsage = 2 };
constexpr size_t kMaxBytes = KBPF_MAX_OBJECT_SIZE;

const char *tool_name;

[[noreturn]] __attribute__((format(printf, 2, 3))) void fail(ExitCode code, const char *format, ...) {
  fprintf(stderr, "%s: ", tool_name);
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  exit(code);
}

struct Bytes {
  std::byte *data = nullptr;
  size_t size = 0;
};

Bytes allocate(size_t size) {
  void *memory = calloc(size ? size : 1, 1);
  if (!memory)
    fail(kRefused, "out of memory");
  return {static_cast<std::byte *>(memory), size};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Pairs of digits; white space may stand between bytes.
Bytes parse_hex(const char *text, size_t length, const char *what) {
  Bytes bytes = allocate(length / 2);
  size_t count = 0;
  for (size_t i = 0; i < length;) {
    if (strchr(" \t\r\n", text[i])) { // also the final zero, which strchr finds in any string
      i++;
      continue;
    }
    int high = hex_digit(text[i]), low = i + 1 < length ? hex_digit(text[i + 1]) : -1;
    if (high < 0 || low < 0)
      fail(kUsage, "%s: no hexadecimal byte at character %zu", what, i + 1);
    bytes.data[count++] = static_cast<std::byte>(high << 4 | low);
    i += 2;
  }
  bytes.size = count;
  return bytes;
}

Bytes read_standard_input() {
  size_t capacity = 1 << 16, used = 0;
  char *text = static_cast<char *>(malloc(capacity));
  while (text) {
    used += fread(text + used, 1, capacity - used, stdin);
    if (used < capacity)
      break;
    if (capacity > 8 * kMaxBytes)
      fail(kRefused, "the program is too long");
    text = static_cast<char *>(realloc(text, capacity *= 2));
  }
  if (!text)
    fail(kRefused, "out of memory");
  return parse_hex(text, used, "standard input");
}

struct Options {
  const char *memory = "";
  const char *program = nullptr; // standard input
  bool elf = false;
  bool verify = true;
  bool debug = false;
  long time_limit = 10; // seconds of processor time
};

void print_usage(FILE *out) {
  fprintf(out,
          "usage: %s [MEMORY] [--program HEX] [--elf] [--no-verify] [--time-limit SECONDS] [--debug]\n"
          "Runs a BPF program and prints r0. Bytes are hexadecimal, with or without blanks.\n"
          "  MEMORY          what r1 points to; r2 is its length\n"
          "  --program HEX   the program; otherwise it is read from standard input\n"
          "  --elf           the program is an ELF object: its first section of code is run\n"
          "  --no-verify     check the program's form only\n"
          "  --time-limit SECONDS   of processor time, 10 where it is not given; 0: none\n"
          "  --debug         print the program to standard error\n",
          tool_name);
}

Options parse_options(int argc, char **argv) {
  Options options;
  bool has_memory = false;
  for (int i = 1; i < argc; i++) {
    const char *arg = argv[i];
    if (strcmp(arg, "--program") == 0 && i + 1 < argc)
      options.program = argv[++i];
    else if (strncmp(arg, "--program=", 10) == 0)
      options.program = arg + 10;
    else if (strcmp(arg, "--time-limit") == 0 && i + 1 < argc)
      options.time_limit = strtol(argv[++i], nullptr, 10);
    else if (strcmp(arg, "--elf") == 0)
      options.elf = true;
    else if (strcmp(arg, "--no-verify") == 0)
      options.verify = false;
    else if (strcmp(arg, "--debug") == 0)
      options.debug = true;
    else if (strcmp(arg, "--help") == 0) {
      print_usage(stdout);
      exit(kDone);
    } else if (arg[0] == '-') {
      print_usage(stderr);
      fail(kUsage, "unknown option or missing value: %s", arg);
    } else if (has_memory && arg[0] != 0) {
      fail(kUsage, "more than one argument for the memory: %s", arg);
    } else if (!has_memory) {
      options.memory = arg;
      has_memory = true;
    }
  }
  return options;
}

// The code in an object: its first section of instructions.
Bytes code_of_object(Bytes object) {
  char text[256];
  TextBuffer why(text, sizeof text);
  auto elf = elf::ElfView::open({object.data, object.size}, why);
  if (!elf)
    fail(kRefused, "not a BPF object: %s", text);
  for (uint32_t i = 0; i < elf->section_count(); i++) {
    elf::Section section = elf->section(i);
    if (section.header.sh_type == elf::kProgBits && section.header.sh_flags & elf::kExecInstr &&
        section.header.sh_size != 0)
      return {object.data + section.header.sh_offset, section.header.sh_size};
  }
  fail(kRefused, "the object has no code");
}

std::span<const Insn> to_insns(Bytes code) {
  if (code.size == 0 || code.size % sizeof(Insn) != 0)
    fail(kRefused, "%zu bytes are no whole number of instructions", code.size);
  Bytes copy = allocate(code.size); // aligned
  memcpy(copy.data, code.data, code.size);
  return {reinterpret_cast<const Insn *>(copy.data), code.size / sizeof(Insn)};
}

uint64_t ktime_get_ns(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000 + static_cast<uint64_t>(now.tv_nsec);
}
uint64_t get_prandom_u32(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  static uint64_t state = 1; // the same numbers each time, so that runs can be compared
  state = state * 6364136223846793005 + 1442695040888963407;
  return state >> 32;
}
uint64_t get_smp_processor_id(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return 0; }
uint64_t get_current_pid_tgid(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  uint64_t pid = static_cast<uint64_t>(getpid());
  return pid << 32 | pid;
}

// The helpers that need no kernel.
HelperFunction find_helper(uint32_t number) {
  switch (number) {
  case 5:
    return ktime_get_ns;
  case 7:
    return get_prandom_u32;
  case 8:
    return get_smp_processor_id;
  case 14:
    return get_current_pid_tgid;
  default:
    return nullptr;
  }
}
constexpr Environment kKnown{find_helper}; // no kernel functions: there is no kernel here

// For the engines: a number that is only known as the program runs may name nothing.
uint64_t unknown_helper(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) {
  fail(kRefused, "the program calls a helper that does not exist");
}
HelperFunction find_any_helper(uint32_t number) {
  HelperFunction helper = find_helper(number);
  return helper ? helper : unknown_helper;
}

// The packet is the memory, whatever the context is.
std::span<const std::byte> packet;
int64_t load_packet(uint64_t, uint32_t offset, uint32_t bytes) {
  if (offset > packet.size() || bytes > packet.size() - offset)
    return -1;
  int64_t value = 0;
  for (std::byte byte : packet.subspan(offset, bytes))
    value = value << 8 | static_cast<int64_t>(byte);
  return value;
}
constexpr Environment kEnvironment{.helper = find_any_helper, .load_packet = load_packet};

void print_program(std::span<const Insn> insns) {
  for (size_t i = 0; i < insns.size(); i++) {
    char text[128];
    TextBuffer line(text, sizeof text);
    disassemble(line, insns, i);
    fprintf(stderr, "%5zu: %s\n", i, text);
    if (insns[i].is_ld_imm64())
      i++;
  }
}

void on_signal(int signal) {
  const char *message = signal == SIGPROF ? ": the program runs too long\n" : ": the program faults\n";
  (void)!write(STDERR_FILENO, tool_name, strlen(tool_name)); // stdio is not safe in a handler
  (void)!write(STDERR_FILENO, message, strlen(message));
  _exit(kRefused);
}

void guard_against_the_program(long time_limit) {
  constexpr size_t kSize = 1 << 16;
  stack_t stack = {};
  stack.ss_sp = allocate(kSize).data; // the program may have used up the other one
  stack.ss_size = kSize;
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGPROF};
  for (int signal : signals)
    sigaction(signal, &action, nullptr);
  itimerval limit = {};
  limit.it_value.tv_sec = time_limit;
  setitimer(ITIMER_PROF, &limit, nullptr);
}

VerifiedProgram verified(std::span<const Insn> insns, const ProgTypeInfo &type, Arena &scratch,
                         Arena &result) {
  RawProgram raw{.insns = insns,
                 .maps = {},
                 .profile = &kKbpfProfile,
                 .type = &type,
                 .gpl_compatible = true,
                 .sleepable = false};
  Rejection rejection = {};
  VerifyStats stats;
  auto program = verify(raw, {}, scratch, result, rejection, stats);
  if (!program)
    fail(kRefused, "refused at instruction %u: %s", static_cast<unsigned>(rejection.insn),
         rejection.id ? rejection.message : to_text(program.error()));
  return *program;
}

const VerifiedProgram &unverified(std::span<const Insn> insns) {
  void *storage = allocate(sizeof(UnverifiedProgram)).data;
  const UnverifiedProgram &program = *new (storage) UnverifiedProgram(insns);
  if (auto fault = check_structure(program, insns, kKnown))
    fail(kRefused, "refused at instruction %zu: %.*s", fault->insn, static_cast<int>(fault->reason.size()),
         fault->reason.data());
  return program.program();
}

} // namespace

int plugin_main(int argc, char **argv, const Engine &engine) {
  tool_name = engine.name;
  Options options = parse_options(argc, argv);
  Bytes memory = parse_hex(options.memory, strlen(options.memory), "memory");
  Bytes code = options.program ? parse_hex(options.program, strlen(options.program), "--program")
                               : read_standard_input();
  std::span<const Insn> insns = to_insns(options.elf ? code_of_object(code) : code);
  if (options.debug)
    print_program(insns);

  BlockSource heap{[](void *, size_t size) { return malloc(size); },
                   [](void *, void *block, size_t) { free(block); }, nullptr};
  constexpr size_t kBudget = 256 << 20;
  Arena scratch(heap, kBudget), result(heap, kBudget);
  const ProgTypeInfo &type = kKbpfProfile.prog_types[0];
  VerifiedProgram program = options.verify ? verified(insns, type, scratch, result) : unverified(insns);
  if (options.verify && memory.size < type.context->size) { // what the verifier lets it read is there
    Bytes context = allocate(type.context->size);
    memcpy(context.data, memory.data, memory.size);
    memory = context;
  }
  packet = {memory.data, memory.size};
  guard_against_the_program(options.time_limit);
  auto r0 = engine.run(program, kEnvironment,
                       memory.size ? std::span(memory.data, memory.size) : std::span<std::byte>());
  if (!r0)
    fail(kRefused, "%s", to_text(r0.error()));
  printf("%llx\n", static_cast<unsigned long long>(*r0));
  return kDone;
}

} // namespace kbpf
