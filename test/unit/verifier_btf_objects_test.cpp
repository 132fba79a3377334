// SPDX-License-Identifier: MIT OR Apache-2.0
// Pointers to objects of the kernel: random programs that are accepted read through them by loads that may
// fault and touch nothing else, and types that nobody has looked at break nothing.
#include "btf_builder.h"
#include "core/btf/check.h"
#include "core/interp/interp.h"
#include "core/verifier/object_types.h"
#include "insn_builders.h"
#include "tools/interpret_once.h"
#include "verify_fixture.h"
#include <random>

namespace kbpf {
namespace {

using namespace test;

constexpr uint32_t kTracing = 26, kRawTp = 23, kFentry = 24, kCurrentTask = 158, kTaskRegs = 175;

// A kernel with structures that point to each other.
struct Kernel {
  static constexpr uint32_t kTask = 10, kFile = 11; // ids
  uint32_t function = 0, tracepoint = 0;
  std::string bytes;
  Arena arena{malloc_source(), size_t{16} << 20};
  Btf btf;

  Kernel() {
    BtfBuilder builder;
    const uint32_t number = builder.integer(), byte = builder.integer("char", 1),
                   word = builder.integer("long", 8), to_task = builder.pointer(kTask),
                   to_nothing = builder.pointer(0), name = builder.array(byte, number, 16),
                   to_file = builder.pointer(kFile), tail = builder.array(number, number, 0),
                   either = builder.structure("", 8, {{"task", to_task, 0}, {"word", word, 0}},
                                              KBPF_BTF_KIND_UNION);
    EXPECT_EQ(builder.structure("task_struct", 64,
                                {{"pid", number, 0},
                                 {"real_parent", to_task, 64},
                                 {"stack", to_nothing, 128},
                                 {"comm", name, 192},
                                 {"", either, 320},
                                 {"group_leader", to_task, 384},
                                 {"files", to_file, 448}}),
              kTask);
    EXPECT_EQ(builder.structure("file", 8, {{"count", word, 0}, {"rest", tail, 64}}), kFile);
    builder.structure("pt_regs", 288, {{"pc", word, 0}});
    function = builder.function(
        "traced",
        builder.prototype(number, {{"task", to_task}, {"number", number}, {"nothing", to_nothing}}));
    const uint32_t event = builder.prototype(0, {{"", to_nothing}, {"", to_task}, {"", number}});
    tracepoint = builder.add(KBPF_BTF_KIND_TYPEDEF, "btf_trace_event", builder.pointer(event));
    bytes = builder.build();
    const Result<Btf> parsed = Btf::parse(std::as_bytes(std::span(bytes)), arena, nullptr);
    EXPECT_TRUE(parsed.ok());
    if (parsed.ok())
      btf = *parsed;
    EXPECT_TRUE(check_references(btf, arena, nullptr).ok());
  }
};

struct Judged {
  Arena arena{malloc_source(), size_t{16} << 20};
  Rejection rejection{};
  std::optional<VerifiedProgram> program;
};

void judge(Judged &judged, const Btf &btf, std::span<const Insn> insns, uint32_t attach_type,
           uint32_t target) {
  Arena scratch(malloc_source(), size_t{64} << 20);
  RawProgram raw{insns, {}, &kLinuxProfile, kLinuxProfile.prog_type(kTracing), true, false};
  raw.kernel_btf = &btf;
  raw.expected_attach_type = attach_type;
  raw.attach_btf_id = target;
  VerifyOptions options;
  options.max_processed_insns = 10000;
  VerifyStats stats{};
  const Result<VerifiedProgram> result = verify(raw, options, scratch, judged.arena, judged.rejection, stats);
  if (result.ok())
    judged.program = *result;
}

// Every address of the kernel that the program has is nowhere: an access that is not one of those that may
// fault ends the test.
constexpr uint64_t kNowhere = 0xdead000000000000;
uint64_t reads = 0;
int read_some(void *to, uint64_t from, size_t size) {
  reads++;
  if (from % 3 == 0)
    return -14;
  const uint64_t found = kNowhere + from % 4096 * 8;
  memcpy(to, &found, size);
  return 0;
}
uint64_t give_address(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return kNowhere + 64; }
HelperFunction find_helper(uint32_t) { return give_address; }
constexpr Environment kReader{.helper = find_helper, .read_kernel = read_some};

class RandomProgram {
public:
  explicit RandomProgram(std::mt19937 &random) : random_(random) {}

  std::vector<Insn> make() {
    add(mov64_reg(R6, R1));
    add(any_load(R7, R6));
    add(mov64_reg(R8, R7));
    add(mov64_reg(R9, R7));
    for (uint32_t left = 2 + pick(10); left; left--)
      step();
    add(mov64_imm(R0, 0));
    add(exit_insn());
    return insns_;
  }

private:
  uint32_t pick(uint32_t count) { return static_cast<uint32_t>(random_() % count); }
  Reg reg() { return static_cast<Reg>(6 + pick(4)); }
  void add(const Insn &insn) { insns_.push_back(insn); }
  void call(uint32_t number) { add(make_insn(KBPF_CLASS_JMP | KBPF_JMP_CALL, 0, 0, 0, number)); }
  Insn any_load(Reg dst, Reg src) {
    constexpr int kMembers[] = {8, 16, 24, 32, 40, 48, 56}, kOffsets[] = {0, 4, 39, 60, 64, -8};
    if (pick(8) != 0) // mostly what is there
      return load(KBPF_SIZE_DW, dst, src, src == R6 ? 0 : kMembers[pick(std::size(kMembers))]);
    constexpr unsigned kSizes[] = {KBPF_SIZE_B,  KBPF_SIZE_H,  KBPF_SIZE_W,
                                   KBPF_SIZE_DW, KBPF_SIZE_DW, KBPF_SIZE_DW};
    const unsigned size = kSizes[pick(std::size(kSizes))];
    const int off = kOffsets[pick(std::size(kOffsets))];
    return size != KBPF_SIZE_DW && pick(8) == 0 ? load_signed(size, dst, src, off)
                                                : load(size, dst, src, off);
  }
  void step() {
    constexpr unsigned kStore = KBPF_CLASS_STX | KBPF_MODE_MEM | KBPF_SIZE_DW;
    switch (pick(10)) {
    case 0:
      call(kCurrentTask);
      return add(mov64_reg(reg(), R0));
    case 1:
      add(mov64_reg(R1, reg()));
      call(kTaskRegs);
      return add(mov64_reg(reg(), R0));
    case 2:
      return add(add64_imm(reg(), 8 * static_cast<int>(pick(5)) - 8));
    case 3: // a test for null, over one instruction
      add(make_insn(KBPF_CLASS_JMP | KBPF_JMP_JEQ, reg(), 0, 1, 0));
      return add(any_load(reg(), reg()));
    case 4:
      add(make_insn(kStore, R10, reg(), -8, 0));
      return add(load(KBPF_SIZE_DW, reg(), R10, -8));
    case 5:
      return pick(8) == 0 ? add(make_insn(kStore, reg(), reg(), 8, 0)) : add(mov64_reg(reg(), reg()));
    case 6:
      return add(mov64_reg(reg(), reg()));
    default:
      return add(any_load(reg(), reg()));
    }
  }

  std::mt19937 &random_;
  std::vector<Insn> insns_;
};

TEST(BtfObjects, AcceptedProgramsReadByLoadsThatMayFaultOnly) {
  Kernel kernel;
  std::mt19937 random(20241117);
  reads = 0;
  uint32_t accepted = 0;
  for (uint32_t i = 0; i < 20000; i++) {
    const std::vector<Insn> insns = RandomProgram(random).make();
    Judged judged;
    const bool is_event = i % 2;
    judge(judged, kernel.btf, insns, is_event ? kRawTp : kFentry,
          is_event ? kernel.tracepoint : kernel.function);
    if (!judged.program)
      continue;
    accepted++;
    const uint64_t context[12] = {kNowhere + 16, 7, kNowhere + 8};
    alignas(16) std::byte stack[KBPF_STACK_SIZE];
    interpret_once(*judged.program, kReader, reinterpret_cast<uint64_t>(context), stack);
  }
  EXPECT_GT(accepted, 1000u);
  EXPECT_GT(reads, 3000u);
}

// Types with bytes changed: those that the reader lets pass are walked everywhere, and programs judged by
// them.
TEST(BtfObjects, ChangedTypesBreakNothing) {
  const Kernel kernel;
  std::mt19937 random(7);
  uint32_t walked = 0;
  for (uint32_t round = 0; round < 4000; round++) {
    std::string bytes = kernel.bytes;
    for (uint32_t change = 1 + random() % 3; change; change--)
      bytes[sizeof(kbpf_btf_header) + random() % (bytes.size() - sizeof(kbpf_btf_header))] =
          static_cast<char>(random() % 4 ? random() % 24 : random());
    Arena arena(malloc_source(), size_t{16} << 20);
    const Result<Btf> parsed = Btf::parse(std::as_bytes(std::span(bytes)), arena, nullptr);
    if (!parsed.ok() || !check_references(*parsed, arena, nullptr).ok())
      continue;
    walked++;
    for (uint32_t type = 0; type < (*parsed).type_count() + 1; type++)
      for (uint64_t offset = 0; offset < 80; offset++) {
        const ObjectField field = field_at(*parsed, type, offset, uint64_t{1} << (offset + round) % 4);
        EXPECT_TRUE(field.kind != ObjectField::Kind::pointer || (*parsed).type(field.type).is_struct());
        if (has_structure_at(*parsed, type, offset, "task_struct"))
          EXPECT_TRUE((*parsed).type((*parsed).strip_modifiers(type)).is_struct());
      }
    for (uint32_t program = 0; program < 4; program++) {
      Judged judged;
      judge(judged, *parsed, RandomProgram(random).make(), program % 2 ? kRawTp : kFentry,
            program % 2 ? kernel.tracepoint : kernel.function);
      EXPECT_TRUE(judged.program || judged.rejection.id);
    }
  }
  EXPECT_GT(walked, 200u);
}

// Where nobody knows what a program is attached to, and only then, numbers may be followed.
TEST(BtfObjects, NumbersAreFollowedWhereTheJudgeKnowsNoKernel) {
  const Insn insns[] = {load(KBPF_SIZE_DW, R2, R1, 0), load(KBPF_SIZE_W, R3, R2, 8), mov64_imm(R0, 0),
                        exit_insn()};
  for (const bool follows : {false, true})
    for (const uint32_t type : {kTracing, 2u}) {
      Arena scratch(malloc_source(), size_t{16} << 20), results(malloc_source(), size_t{16} << 20);
      RawProgram raw{insns, {}, &kLinuxProfile, kLinuxProfile.prog_type(type), true, false};
      raw.follows_numbers = follows;
      Rejection rejection{};
      VerifyStats stats{};
      const Result<VerifiedProgram> verified = verify(raw, {}, scratch, results, rejection, stats);
      EXPECT_EQ(verified.ok(), follows && type == kTracing);
      if (verified.ok())
        EXPECT_TRUE((*verified).facts()[1].faultable && !(*verified).facts()[0].faultable);
    }
}

} // namespace
} // namespace kbpf
