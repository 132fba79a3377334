// SPDX-License-Identifier: MIT OR Apache-2.0
#include "probes_guest.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/mman.h>

// Stands for the program's and the loader's code: the tests' programs are C++ functions.
namespace kbpf {

class ProgramLoader {
public:
  static void construct(void *memory, const Profile &profile, const ProgTypeInfo &type) {
    Program *program = new (memory) Program();
    program->profile_ = &profile;
    program->type_ = &type;
  }
  static void destruct(Program *program) { program->~Program(); }
};

namespace test {
struct FakeProgram {
  alignas(Program) std::byte program[sizeof(Program)]; // first: a Program * is a FakeProgram *
  Handler handler;
  bool *destroyed = nullptr;
};
} // namespace test

Program::Program() : Object(Kind::program), memory_(BlockSource{}, 0) {}

constinit std::atomic<uint32_t> StatsSwitch::users_{0};

uint64_t Program::run_slowly(void *context) const { // it has no machine code
  reinterpret_cast<const test::FakeProgram *>(this)->handler(context);
  return 0;
}

void Program::destroy() {
  test::FakeProgram *fake = reinterpret_cast<test::FakeProgram *>(this);
  if (fake->destroyed)
    *fake->destroyed = true;
  ProgramLoader::destruct(this);
  delete fake;
}

bool resume_program_fault(kbpf_regs &) { return false; }
Ref<Program> Program::of_callback(const LastingCallback &) { return {}; } // these have no callbacks

namespace test {
namespace {

Ref<Program> make(Handler handler, const Profile &profile, const ProgTypeInfo &type, bool *destroyed) {
  FakeProgram *fake = new FakeProgram;
  ProgramLoader::construct(fake->program, profile, type);
  fake->handler = std::move(handler);
  fake->destroyed = destroyed;
  return Ref<Program>::adopt(reinterpret_cast<Program *>(fake->program));
}

struct FunctionCode {
  const char *name;
  const char *demangled;
  std::vector<uint32_t> words; // two compressed instructions in one where there are any
};

const FunctionCode kCode[kFunctions] = {
    {"_Z3summ",
     "sum(unsigned long)",
     {
         0xff010113, //      addi sp, sp, -16
         0x00113423, //      sd ra, 8(sp)
         0x00a13023, //      sd a0, 0(sp)
         0x00050a63, //      beqz a0, 1f
         0xfff50513, //      addi a0, a0, -1
         0xfedff0ef, //      jal ra, sum
         0x00013583, //      ld a1, 0(sp)
         0x00b50533, //      add a0, a0, a1
         0x00813083, //  1:  ld ra, 8(sp)
         0x01010113, //      addi sp, sp, 16
         0x00008067, //      ret
     }},
    {"getter",
     "getter",
     {
         0x00053503, // ld a0, 0(a0)
         0x00008067, // ret
     }},
    {"short_getter",
     "short_getter",
     {
         0x80826108, // c.ld a0, 0(a0); c.jr ra
     }},
    {"tail",
     "tail",
     {
         0x00150513, // addi a0, a0, 1
         0xfc5ff06f, // j sum
     }},
    {"exchange",
     "exchange",
     {
         0x1005362f, // exchange: lr.d a2, (a0)
         0x00b61663, //           bne a2, a1, 1f
         0x18b536af, //           sc.d a3, a1, (a0)
         0xfe069ae3, //           bnez a3, exchange
         0x00008067, // 1:        ret
     }},
    {"_ZN5outer4callEv",
     "outer::call()",
     {
         0xff010113, // addi sp, sp, -16
         0x00113423, // sd ra, 8(sp)
         0x014000ef, // jal ra, inner
         0x06450513, // addi a0, a0, 100
         0x00813083, // ld ra, 8(sp)
         0x01010113, // addi sp, sp, 16
         0x00008067, // ret
     }},
    {"inner",
     "inner",
     {
         0x00151513, // slli a0, a0, 1
         0x00008067, // ret
     }},
};

size_t size_of(unsigned function) { return kCode[function].words.size() * 4; }

size_t offset_of(unsigned function) {
  size_t offset = 0;
  for (unsigned before = 0; before < function; before++)
    offset += size_of(before);
  return offset;
}

// The text lies at one place for the whole process, as a kernel's does.
uint8_t *text() {
  static uint8_t *const memory = [] {
    void *page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *bytes = static_cast<uint8_t *>(page);
    for (unsigned f = 0; f < kFunctions; f++)
      memcpy(bytes + offset_of(f), kCode[f].words.data(), size_of(f));
    return bytes;
  }();
  return memory;
}

uint16_t fetch(uint64_t pc) {
  return __atomic_load_n(reinterpret_cast<const uint16_t *>(pc), __ATOMIC_ACQUIRE);
}

int32_t field(uint32_t word, unsigned high, unsigned low) {
  return static_cast<int32_t>(word << (31 - high) >> (31 - high + low));
}

[[noreturn]] void stop(const char *what, uint64_t pc, uint32_t word) {
  fprintf(stderr, "guest: %s at %#lx: %08x\n", what, static_cast<unsigned long>(pc), word);
  abort();
}

} // namespace

Ref<Program> make_program(Handler handler, const Profile &profile, bool *destroyed) {
  return make(std::move(handler), profile, *profile.prog_type(2), destroyed);
}

Ref<Program> make_program_of_type(const ProgTypeInfo &type) {
  return make([](void *) {}, kKbpfProfile, type, nullptr);
}

uintptr_t address_of(Function function) { return reinterpret_cast<uintptr_t>(text()) + offset_of(function); }
std::string name_of(Function function) { return kCode[function].name; }
std::vector<uint8_t> text_bytes() { return {text(), text() + offset_of(kFunctions)}; }

uintptr_t copy_function(Function function, uintptr_t page, const std::string &name) {
  void *memory;
  do {
    memory = mmap(reinterpret_cast<void *>(page), 4096, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    page -= 4096;
  } while (memory == MAP_FAILED);
  memcpy(memory, kCode[function].words.data(), size_of(function));
  hostport::add_text(memory, size_of(function));
  hostport::add_symbol(name, name, reinterpret_cast<uintptr_t>(memory), size_of(function));
  return reinterpret_cast<uintptr_t>(memory);
}

Hart::Hart() : stack_(4096) {}

void Hart::begin_call_at(uint64_t pc, uint64_t a0) {
  regs.epc = pc;
  regs.x[0] = kCaller;
  regs.x[1] = reinterpret_cast<uint64_t>(stack_.data() + stack_.size());
  regs.x[9] = a0;
}

uint64_t Hart::call(Function function, uint64_t a0) {
  begin_call(function, a0);
  const uint64_t stack_pointer = regs.x[1];
  run_until(kCaller);
  EXPECT_EQ(regs.x[0], kCaller) << "ra is not the caller's";
  EXPECT_EQ(regs.x[1], stack_pointer);
  return regs.x[9];
}

void Hart::run_until(uint64_t stop_at) {
  while (regs.epc != stop_at)
    step();
}

void Hart::step() {
  const uint64_t pc = regs.epc;
  const uint16_t low = fetch(pc);
  if (low == 0x9002) {
    breakpoints++;
    if (!kbpf_on_breakpoint(&regs))
      stop("breakpoint that is no probe's", pc, low);
    return;
  }
  execute(pc, low % 4 == 3 ? low | uint32_t(fetch(pc + 2)) << 16 : low);
}

void Hart::set(unsigned rd, uint64_t value) {
  if (rd)
    regs.x[rd - 1] = value;
}

void Hart::load(unsigned rd, uint64_t address, uint64_t next) {
  if (faulting && address == faulting) {
    faulting = 0;
    fault_taken = true;
    EXPECT_EQ(kbpf_on_fault(&regs), 0);
    fault_epc = regs.epc;
    return;
  }
  set(rd, *reinterpret_cast<const uint64_t *>(address));
  regs.epc = next;
}

void Hart::execute(uint64_t pc, uint32_t word) {
  const unsigned rd = (word >> 7) % 32, rs1 = (word >> 15) % 32, rs2 = (word >> 20) % 32;
  const int64_t imm = static_cast<int32_t>(word) >> 20;
  switch (word) { // the compressed ones of the guest and its slots
  case 0x6108:    // c.ld a0, 0(a0)
    return load(10, get(10), pc + 2);
  case 0x8082: // c.jr ra
    regs.epc = get(1);
    return;
  case 0x0001: // c.nop
    regs.epc = pc + 2;
    return;
  }
  regs.epc = pc + 4;
  switch (word % 128) {
  case 0x13: // addi, slli
    if ((word >> 12) % 8 == 0)
      return set(rd, get(rs1) + static_cast<uint64_t>(imm));
    if ((word >> 12) % 8 == 1)
      return set(rd, get(rs1) << (imm & 63));
    break;
  case 0x33: // add
    return set(rd, get(rs1) + get(rs2));
  case 0x03: // ld
    regs.epc = pc;
    return load(rd, get(rs1) + static_cast<uint64_t>(imm), pc + 4);
  case 0x23: { // sd
    const int64_t offset = (static_cast<int32_t>(word) >> 25) * 32 + static_cast<int64_t>(rd);
    *reinterpret_cast<uint64_t *>(get(rs1) + static_cast<uint64_t>(offset)) = get(rs2);
    return;
  }
  case 0x63: { // beq
    const int offset = field(word, 11, 8) * 2 + field(word, 30, 25) * 32 + field(word, 7, 7) * 2048 -
                       field(word, 31, 31) * 4096;
    if (get(rs1) == get(rs2))
      regs.epc = pc + static_cast<uint64_t>(int64_t(offset));
    return;
  }
  case 0x67: // jalr
    regs.epc = (get(rs1) + static_cast<uint64_t>(imm)) & ~uint64_t(1);
    return set(rd, pc + 4);
  case 0x6f: { // jal
    const int offset = field(word, 30, 21) * 2 + field(word, 20, 20) * 2048 + field(word, 19, 12) * 4096 -
                       field(word, 31, 31) * 0x100000;
    regs.epc = pc + static_cast<uint64_t>(int64_t(offset));
    return set(rd, pc + 4);
  }
  }
  stop("no such instruction", pc, word);
}

void ProbeTest::SetUp() {
  hostport::reset();
  hostport::add_text(text(), 4096);
  for (unsigned f = 0; f < kFunctions; f++)
    hostport::add_symbol(kCode[f].name, kCode[f].demangled, address_of(static_cast<Function>(f)), size_of(f));
  ASSERT_TRUE(init_probes().ok());

  // What the runtime keeps for good is allocated by the first probes that need it.
  Ref<Program> program = make_program([](void *) {});
  ASSERT_TRUE(attach(program, "kprobe$getter").ok());
  ASSERT_TRUE(attach(program, "kretprobe@exit$getter").ok());
  ASSERT_TRUE(detach("kprobe$getter").ok());
  ASSERT_TRUE(detach("kretprobe@exit$getter").ok());
  hostport::keep_allocations();
}

void ProbeTest::TearDown() { hostport::reset(); }

Result<void> ProbeTest::attach(const Ref<Program> &program, const std::string &target) {
  char buffer[512];
  TextBuffer why(buffer, sizeof(buffer));
  Result<void> result = attach_probe(Ref<Program>::share(program.get()), target, why);
  why_ = why.text();
  return result;
}

Result<void> ProbeTest::detach(const std::string &target, const Program *program) {
  char buffer[512];
  TextBuffer why(buffer, sizeof(buffer));
  Result<void> result = detach_probe(program, target, why);
  why_ = why.text();
  return result;
}

} // namespace test
} // namespace kbpf
