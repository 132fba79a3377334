// SPDX-License-Identifier: MIT OR Apache-2.0
// Soundness of the verifier: what it accepts must run without touching anything but its context, its stack
// and its maps. Each lies in a heap buffer of its exact size, so that AddressSanitizer sees a step too far;
// helpers read and write all that the program promised them. Input bytes become instructions that are valid
// more often than not, behind a prologue that fetches map values, so that the walk gets somewhere. What is
// accepted of loaders that must not learn addresses does the same wherever memory lies.
#include "core/verifier/verifier.h"
#include "tools/interpret_once.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using namespace kbpf;

constexpr uint32_t kKeySize = 4, kValueSize = 48, kEntries = 4, kDataSize = 24;

class Bytes {
public:
  Bytes(const uint8_t *data, size_t size) : data_(data), size_(size) {}
  bool empty() const { return size_ == 0; }
  uint8_t u8() {
    if (!size_)
      return 0;
    size_--;
    return *data_++;
  }
  uint32_t u32() { return u8() | u8() << 8 | u8() << 16 | uint32_t{u8()} << 24; }

private:
  const uint8_t *data_;
  size_t size_;
};

Insn make(unsigned opcode, unsigned dst, unsigned src, int off, int imm) {
  Insn insn{static_cast<uint8_t>(opcode), 0, static_cast<int16_t>(off), imm};
  insn.set_regs(static_cast<uint8_t>(dst), static_cast<uint8_t>(src));
  return insn;
}

void append_wide(std::vector<Insn> &code, unsigned dst, unsigned pseudo, uint32_t low, uint32_t high) {
  code.push_back(make(KBPF_OP_LD_IMM64, dst, pseudo, 0, static_cast<int>(low)));
  code.push_back(make(0, 0, 0, 0, static_cast<int>(high)));
}

int immediate(Bytes &in) {
  static constexpr int kInteresting[] = {0,  1,  2,  3,   4,   7,    8,         15,       16,   31,
                                         32, 47, 48, 63,  64,  255,  256,       0x7f,     0xff, 0xfff,
                                         -1, -2, -8, -16, -48, -512, INT32_MAX, INT32_MIN};
  uint8_t choice = in.u8();
  if (choice < 224)
    return kInteresting[choice % std::size(kInteresting)];
  return static_cast<int>(in.u32());
}

void append_insn(std::vector<Insn> &code, Bytes &in) {
  static constexpr uint8_t kAlu[] = {KBPF_ALU_ADD, KBPF_ALU_SUB,  KBPF_ALU_MUL, KBPF_ALU_DIV, KBPF_ALU_OR,
                                     KBPF_ALU_AND, KBPF_ALU_LSH,  KBPF_ALU_RSH, KBPF_ALU_MOD, KBPF_ALU_XOR,
                                     KBPF_ALU_MOV, KBPF_ALU_ARSH, KBPF_ALU_NEG, KBPF_ALU_END};
  static constexpr uint8_t kJumps[] = {KBPF_JMP_JEQ, KBPF_JMP_JGT,  KBPF_JMP_JGE,  KBPF_JMP_JSET,
                                       KBPF_JMP_JNE, KBPF_JMP_JSGT, KBPF_JMP_JSGE, KBPF_JMP_JLT,
                                       KBPF_JMP_JLE, KBPF_JMP_JSLT, KBPF_JMP_JSLE, KBPF_JMP_JA};
  static constexpr uint8_t kSizes[] = {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W, KBPF_SIZE_DW};
  static constexpr int kAtomics[] = {KBPF_ATOMIC_ADD, KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH, KBPF_ATOMIC_XCHG,
                                     KBPF_ATOMIC_CMPXCHG};
  static constexpr int kHelpers[] = {1, 2, 3, 5, 6, 7, 8, 14, 15, 16, 113};
  uint8_t kind = in.u8(), regs = in.u8(), choice = in.u8();
  unsigned dst = regs % 10, src = (regs >> 4) % 11;
  uint8_t size = kSizes[choice % 4];
  unsigned bytes = 1u << (choice % 4);
  int near = static_cast<int8_t>(choice) / 4; // jump distance, -32 to 31
  switch (kind % 12) {
  case 0:
  case 1:
  case 2: { // arithmetic
    uint8_t code_bits = kAlu[choice % std::size(kAlu)];
    unsigned cls = kind & 16 ? KBPF_CLASS_ALU : KBPF_CLASS_ALU64;
    bool from_register = kind & 32;
    if (code_bits == KBPF_ALU_END)
      return code.push_back(make(cls | code_bits, dst, 0, 0, 16 << (choice / 16) % 3));
    if (code_bits == KBPF_ALU_NEG)
      return code.push_back(make(cls | code_bits, dst, 0, 0, 0));
    int off = 0;
    if (code_bits == KBPF_ALU_DIV || code_bits == KBPF_ALU_MOD)
      off = choice >> 7;
    else if (code_bits == KBPF_ALU_MOV && from_register && choice & 128)
      off = choice & 64 ? 8 : 16;
    return code.push_back(make(cls | code_bits | (from_register ? KBPF_SRC_X : KBPF_SRC_K), dst,
                               from_register ? src : 0, off, from_register ? 0 : immediate(in)));
  }
  case 3: // load
    return code.push_back(
        make(KBPF_CLASS_LDX | (kind & 32 && size != KBPF_SIZE_DW ? KBPF_MODE_MEMSX : KBPF_MODE_MEM) | size,
             dst, src, immediate(in) % 512, 0));
  case 4: // store
    return code.push_back(make(KBPF_CLASS_STX | KBPF_MODE_MEM | size, src % 11, dst, immediate(in) % 512, 0));
  case 5: // stack slot, mostly in range
    return code.push_back(kind & 32 ? make(KBPF_CLASS_STX | KBPF_MODE_MEM | size, KBPF_REG_FP, dst,
                                           -static_cast<int>(bytes * (1 + in.u8() % 16)), 0)
                                    : make(KBPF_CLASS_LDX | KBPF_MODE_MEM | size, dst, KBPF_REG_FP,
                                           -static_cast<int>(bytes * (1 + in.u8() % 16)), 0));
  case 6:
    return code.push_back(
        make(KBPF_CLASS_ST | KBPF_MODE_MEM | size, src, 0, immediate(in) % 512, immediate(in)));
  case 7:
  case 8: { // jump
    uint8_t code_bits = kJumps[choice % std::size(kJumps)];
    unsigned cls = kind & 16 ? KBPF_CLASS_JMP32 : KBPF_CLASS_JMP;
    int distance = static_cast<int8_t>(in.u8()) / 8;
    if (code_bits == KBPF_JMP_JA)
      return code.push_back(make(KBPF_CLASS_JMP | KBPF_JMP_JA, 0, 0, distance, 0));
    bool from_register = kind & 32;
    return code.push_back(make(cls | code_bits | (from_register ? KBPF_SRC_X : KBPF_SRC_K), dst,
                               from_register ? src : 0, distance, from_register ? 0 : immediate(in)));
  }
  case 9: // atomic
    return code.push_back(make(KBPF_CLASS_STX | KBPF_MODE_ATOMIC | (kind & 16 ? KBPF_SIZE_W : KBPF_SIZE_DW),
                               src, dst, immediate(in) % 512, kAtomics[choice % std::size(kAtomics)]));
  case 10: // call
    if (kind & 32)
      return code.push_back(make(KBPF_OP_CALL, 0, KBPF_PSEUDO_CALL, 0, near));
    return code.push_back(make(KBPF_OP_CALL, 0, 0, 0, kHelpers[choice % std::size(kHelpers)]));
  default: // map, value, large constant, exit
    switch (choice % 4) {
    case 0:
      return append_wide(code, dst, KBPF_PSEUDO_MAP_IDX, choice / 4 % 3, 0);
    case 1:
      return append_wide(code, dst, KBPF_PSEUDO_MAP_IDX_VALUE, 2, in.u8() % (kDataSize + 4));
    case 2:
      return append_wide(code, dst, 0, in.u32(), in.u32());
    default:
      return code.push_back(make(KBPF_OP_EXIT, 0, 0, 0, 0));
    }
  }
}

// r6: value of map 0, r7: an unknown number below 256, r8: an unknown number, r9: the context; 16 bytes of
// stack set.
std::vector<Insn> make_program(Bytes &in) {
  std::vector<Insn> code = {
      make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_X, 9, 1, 0, 0),
      make(KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_DW, 8, 9, 80, 0),
      make(KBPF_CLASS_LDX | KBPF_MODE_MEM | KBPF_SIZE_B, 7, 9, 88, 0),
      make(KBPF_CLASS_ST | KBPF_MODE_MEM | KBPF_SIZE_DW, 10, 0, -8, 1),
      make(KBPF_CLASS_STX | KBPF_MODE_MEM | KBPF_SIZE_DW, 10, 8, -16, 0),
      make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_X, 2, 10, 0, 0),
      make(KBPF_CLASS_ALU64 | KBPF_ALU_ADD | KBPF_SRC_K, 2, 0, 0, -8),
  };
  append_wide(code, 1, KBPF_PSEUDO_MAP_IDX, 0, 0);
  code.push_back(make(KBPF_OP_CALL, 0, 0, 0, 1));
  code.push_back(make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_X, 6, 0, 0, 0));
  code.push_back(make(KBPF_CLASS_JMP | KBPF_JMP_JNE | KBPF_SRC_K, 6, 0, 2, 0));
  code.push_back(make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_K, 0, 0, 0, 0));
  code.push_back(make(KBPF_OP_EXIT, 0, 0, 0, 0));
  while (!in.empty() && code.size() < 400)
    append_insn(code, in);
  code.push_back(make(KBPF_CLASS_ALU64 | KBPF_ALU_MOV | KBPF_SRC_K, 0, 0, 0, 0));
  code.push_back(make(KBPF_OP_EXIT, 0, 0, 0, 0));
  return code;
}

// Maps: an array of single buffers per value, so that each value has its own bounds.
struct FuzzMap {
  std::byte *values[kEntries];
};
FuzzMap maps[2];
std::byte *data_value;
volatile uint64_t sum; // what helpers read; keeps the reads alive

void read_all(uint64_t address, uint64_t size) {
  for (uint64_t i = 0; i < size; i++)
    sum = sum + reinterpret_cast<const uint8_t *>(address)[i];
}
std::byte *lookup(uint64_t map, uint64_t key) {
  uint32_t index;
  memcpy(&index, reinterpret_cast<const void *>(key), kKeySize);
  return index < kEntries ? reinterpret_cast<FuzzMap *>(map)->values[index] : nullptr;
}
uint64_t helper_lookup(uint64_t map, uint64_t key, uint64_t, uint64_t, uint64_t) {
  if (map == 0) { // the data map, whose key is an index too
    read_all(key, kKeySize);
    return reinterpret_cast<uint64_t>(data_value);
  }
  return reinterpret_cast<uint64_t>(lookup(map, key));
}
uint64_t helper_update(uint64_t map, uint64_t key, uint64_t value, uint64_t, uint64_t) {
  if (map == 0) {
    read_all(key, kKeySize);
    memmove(data_value, reinterpret_cast<const void *>(value), kDataSize);
    return 0;
  }
  std::byte *to = lookup(map, key);
  if (to)
    memmove(to, reinterpret_cast<const void *>(value), kValueSize);
  else
    read_all(value, kValueSize);
  return 0;
}
uint64_t helper_delete(uint64_t, uint64_t key, uint64_t, uint64_t, uint64_t) {
  read_all(key, kKeySize);
  return 0;
}
uint64_t helper_number(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return sum * 0x9e3779b97f4a7c15; }
uint64_t helper_print(uint64_t format, uint64_t size, uint64_t, uint64_t, uint64_t) {
  read_all(format, size);
  return size;
}
uint64_t helper_fill(uint64_t buffer, uint64_t size, uint64_t, uint64_t, uint64_t) {
  memset(reinterpret_cast<void *>(buffer), 0x41, size);
  return 0;
}
HelperFunction find_helper(uint32_t number) {
  switch (number) {
  case 1:
    return helper_lookup;
  case 2:
    return helper_update;
  case 3:
    return helper_delete;
  case 6:
    return helper_print;
  case 16:
  case 113:
    return helper_fill;
  default:
    return helper_number;
  }
}

BlockSource heap() {
  return {[](void *, size_t size) { return malloc(size); }, [](void *, void *block, size_t) { free(block); },
          nullptr};
}

std::byte *exact_buffer(size_t size, uint8_t fill) {
  std::byte *buffer = static_cast<std::byte *>(malloc(size));
  memset(buffer, fill, size);
  return buffer;
}

class SilentSink final : public TextSink {
public:
  void append(std::string_view) override {}
};

struct CountedPath final : PathObserver {
  void begin(uint32_t length) override { expected = length; }
  void instruction(const State &) override { told++; }
  void step(const PathStep &, const State &) override {}
  uint32_t expected = 0, told = 0;
};

struct Outcome {
  uint64_t result;
  std::vector<std::byte> memory; // of maps
  bool operator==(const Outcome &) const = default;
};

// With new buffers for the values that look-ups find, for the context and for the stack, all filled alike.
Outcome run_elsewhere(const VerifiedProgram &verified, size_t context_size, std::vector<std::byte *> &kept) {
  const auto buffer = [&](size_t size, uint8_t fill) { return kept.emplace_back(exact_buffer(size, fill)); };
  for (FuzzMap &map : maps)
    for (std::byte *&value : map.values)
      value = buffer(kValueSize, 0x11);
  memset(data_value, 0x22, kDataSize);
  sum = 0;
  std::byte *context = buffer(context_size, 3);
  std::byte *stack = buffer(verified.stack_depth(), 0);
  Outcome outcome{interpret_once(verified, Environment{find_helper}, reinterpret_cast<uint64_t>(context),
                                 {stack, verified.stack_depth()}),
                  {data_value, data_value + kDataSize}};
  for (const FuzzMap &map : maps)
    for (const std::byte *value : map.values)
      outcome.memory.insert(outcome.memory.end(), value, value + kValueSize);
  return outcome;
}

// A program whose loader must not learn addresses does the same wherever memory lies.
void check_hidden_addresses(RawProgram program) {
  constexpr uint32_t kSocketFilter = 1;
  program.type = kKbpfProfile.prog_type(kSocketFilter);
  program.hides_addresses = true;
  Arena scratch(heap(), size_t{64} << 20), result_arena(heap(), size_t{16} << 20);
  Rejection rejection;
  VerifyStats stats;
  const Result<VerifiedProgram> verified =
      verify(program, {.max_processed_insns = 20000}, scratch, result_arena, rejection, stats);
  if (!verified.ok())
    return;
  std::vector<std::byte *> kept;
  FuzzMap own[2];
  memcpy(own, maps, sizeof own);
  const size_t context_size = program.type->context->size;
  if (run_elsewhere(*verified, context_size, kept) != run_elsewhere(*verified, context_size, kept)) {
    fprintf(stderr, "what the program does tells where memory lies\n");
    abort();
  }
  memcpy(maps, own, sizeof own);
  for (std::byte *one : kept)
    free(one);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Bytes in(data, size);
  bool raw = in.u8() % 16 == 0; // now and then the bytes as they are, for the check of encodings
  std::vector<Insn> code;
  if (raw) {
    code.resize((size - (size ? 1 : 0)) / sizeof(Insn));
    if (!code.empty())
      memcpy(code.data(), data + 1, code.size() * sizeof(Insn));
  } else {
    code = make_program(in);
  }

  for (FuzzMap &map : maps)
    for (std::byte *&value : map.values)
      value = exact_buffer(kValueSize, 0x11);
  data_value = exact_buffer(kDataSize, 0x22);
  std::vector<MapRef> refs(3);
  refs[0] = {1, kKeySize, kValueSize, kEntries, 0, reinterpret_cast<uint64_t>(&maps[0]), 0, 0, 0, {}};
  refs[1] = {2, kKeySize, kValueSize, kEntries, 0, reinterpret_cast<uint64_t>(&maps[1]), 0, 0, 0, {}};
  refs[2] = {2, kKeySize, kDataSize, 1, 0, 0, reinterpret_cast<uint64_t>(data_value), 0, 0, {}};

  SilentSink sink;
  CountedPath path;
  Arena scratch(heap(), size_t{64} << 20), result_arena(heap(), size_t{16} << 20);
  Rejection rejection;
  VerifyStats stats;
  VerifyOptions options{
      .log_level = static_cast<uint32_t>(size % 3), .log = &sink, .max_processed_insns = 20000};
  options.observer = &path;
  RawProgram program{code, refs, &kKbpfProfile, kKbpfProfile.prog_type(2u), true, false};
  Result<VerifiedProgram> verified = verify(program, options, scratch, result_arena, rejection, stats);
  if (verified.ok()) {
    // Each instruction walked is run at most once for each walk of it: an accepted program ends.
    size_t stack_size = verified->stack_depth();
    std::byte *stack = static_cast<std::byte *>(malloc(stack_size));
    size_t context_size = 288;
    std::byte *context = exact_buffer(context_size, 0);
    for (uint64_t fill :
         {uint64_t{0}, uint64_t{3}, uint64_t{0x7fffffff}, ~uint64_t{0}, uint64_t{0xffffffff00000005}}) {
      for (size_t i = 0; i < context_size; i += sizeof(fill))
        memcpy(context + i, &fill, sizeof(fill));
      interpret_once(*verified, Environment{find_helper}, reinterpret_cast<uint64_t>(context),
                     {stack, stack_size});
    }
    free(stack);
    free(context);
  } else if (rejection.id == 0 && verified.error() != Error::no_memory) {
    fprintf(stderr, "refused without a reason: %s\n", to_text(verified.error()));
    abort();
  } else if (path.told != path.expected) {
    fprintf(stderr, "a path of %u instructions was told up to the %uth\n", path.expected, path.told);
    abort();
  }
  check_hidden_addresses(program);
  for (FuzzMap &map : maps)
    for (std::byte *value : map.values)
      free(value);
  free(data_value);
  return 0;
}
