// SPDX-License-Identifier: MIT OR Apache-2.0
// Emulation of probed instructions against the machine itself: random instructions of every emulated form, on
// random registers, must leave the registers and the pc that the machine leaves. Runs under qemu-riscv64:
//   emulation_test [SEED COUNT]
//
// One instruction is executed in two traps: a breakpoint in the test enters the signal handler, which loads
// the whole register file and continues at the instruction; the field around it is all breakpoints, so
// wherever it goes, the second trap captures the result and the handler continues the test. In between sp, gp
// and tp are random: the handler has a stack of its own and uses no thread-local storage.
#include "kernel/probes/rv64_emulate.h"
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <ucontext.h>

namespace {

using namespace kbpf::probes;

constexpr size_t kRegisterBytes =
    32 * sizeof(uint64_t);         // pc and x1 to x31: kbpf_regs and __gregs begin alike
constexpr size_t kField = 4 << 20; // a jal reaches 1 MiB either way

enum class Phase { idle, enter, leave };
volatile Phase phase = Phase::idle;
kbpf_regs machine;
ucontext_t test_context;

void on_breakpoint(int, siginfo_t *, void *context) {
  ucontext_t &interrupted = *static_cast<ucontext_t *>(context);
  auto &registers = interrupted.uc_mcontext.__gregs;
  if (phase == Phase::enter) {
    test_context = interrupted;
    memcpy(registers, &machine, kRegisterBytes);
    phase = Phase::leave;
  } else if (phase == Phase::leave) {
    memcpy(&machine, registers, kRegisterBytes);
    memcpy(registers, test_context.uc_mcontext.__gregs, kRegisterBytes);
    registers[0] += 4; // behind the ebreak of execute()
    phase = Phase::idle;
  } else {
    abort();
  }
}

// Executes the instruction at machine.epc on the registers in machine.
void execute() {
  phase = Phase::enter;
  asm volatile(".option push\n.option norvc\nfence.i\nebreak\n.option pop" ::: "memory");
}

uint64_t random_state;
uint64_t next_random() { // xorshift64*
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * 0x2545f4914f6cdd1d;
}

// Half of the words are of any form, half compressed. Function fields of the register forms are made valid.
uint32_t random_instruction() {
  static constexpr uint32_t kOpcodes[] = {0x13, 0x1b, 0x33, 0x3b, 0x37, 0x17, 0x63, 0x6f, 0x67};
  uint32_t word = static_cast<uint32_t>(next_random());
  if (next_random() % 2)
    return (word & 3) == 3 ? word & 0xfffe : word & 0xffff;
  const uint32_t opcode = kOpcodes[next_random() % (sizeof(kOpcodes) / sizeof(kOpcodes[0]))];
  word = (word & ~0x7fu) | opcode;
  const bool shifts = (word >> 12 & 3) == 1;
  const uint32_t alternative = next_random() % 2 ? 0x40000000 : 0;
  if (opcode == 0x33 || opcode == 0x3b || (opcode == 0x1b && shifts))
    word = (word & 0x01ffffff) | alternative;
  else if (opcode == 0x13 && shifts)
    word = (word & 0x03ffffff) | alternative;
  return word;
}

uint64_t random_value() {
  static constexpr uint64_t kEdges[] = {
      0, 1, 2, 31, 32, 63, 0x7fffffff, 0x80000000, 0xffffffff, uint64_t(1) << 63, ~uint64_t(0)};
  return next_random() % 2 ? next_random() : kEdges[next_random() % (sizeof(kEdges) / sizeof(kEdges[0]))];
}

void report(uint32_t word, const kbpf_regs &before, const kbpf_regs &emulated) {
  printf("%08x: pc %+ld, the machine %+ld\n", word, static_cast<long>(emulated.epc - before.epc),
         static_cast<long>(machine.epc - before.epc));
  for (int i = 0; i < 31; i++)
    if (emulated.x[i] != machine.x[i])
      printf("  x%d: %#lx, the machine %#lx\n", i + 1, emulated.x[i], machine.x[i]);
}

} // namespace

int main(int argc, char **argv) {
  random_state = argc == 3 ? strtoull(argv[1], nullptr, 0) | 1 : 1;
  const uint64_t count = argc == 3 ? strtoull(argv[2], nullptr, 0) : 40000;

  stack_t stack = {malloc(65536), 0, 65536};
  sigaltstack(&stack, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = on_breakpoint;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGTRAP, &action, nullptr);

  void *field = mmap(nullptr, kField, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint16_t *halfwords = static_cast<uint16_t *>(field);
  for (size_t i = 0; i < kField / 2; i++)
    halfwords[i] = kCompressedBreakpoint;
  uint16_t *place = halfwords + kField / 4; // the middle
  const uint64_t place_address = reinterpret_cast<uint64_t>(place);

  uint64_t executed = 0, wrong = 0;
  while (executed < count) {
    const uint32_t word = random_instruction();
    const DecodedNative decoded = decode_native(word);
    const NativeInsn &insn = decoded.insn;
    if (decoded.refusal || insn.operation == Operation::out_of_line ||
        (insn.operation == Operation::jalr && !insn.rs1))
      continue;
    kbpf_regs before = {};
    before.epc = place_address;
    for (uint64_t &value : before.x)
      value = random_value();
    if (insn.operation == Operation::jalr)
      before.x[insn.rs1 - 1] = place_address + 4096 + next_random() % (kField / 4);
    kbpf_regs emulated = before;
    emulate(insn, emulated);
    if (emulated.epc == before.epc || emulated.epc == before.epc + 2 * (insn.length / 4))
      continue; // a jump to itself, or into itself: there is no breakpoint

    memcpy(place, &word, insn.length);
    machine = before;
    execute();
    place[0] = place[1] = kCompressedBreakpoint;
    executed++;
    if (memcmp(&machine, &emulated, kRegisterBytes) != 0 && wrong++ < 20)
      report(word, before, emulated);
  }
  printf("%lu instructions, %lu wrong\n", executed, wrong);
  return wrong != 0;
}
