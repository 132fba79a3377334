// SPDX-License-Identifier: MIT OR Apache-2.0
// Variables of the kernel that programs name by its BTF, on the host port: one that each CPU has, and others.
#include "btf_builder.h"
#include "insn_builders.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr int kPerCpuPtr = 153, kThisCpuPtr = 154;
constexpr uint32_t kCpus = 3;

struct Queue {
  uint64_t length;
  const Queue *next;
};
Queue queues[kCpus];
uint32_t numbers[kCpus];
uint64_t total;

struct KernelTypes {
  KernelTypes() {
    const uint32_t number = builder.integer("int", 4), wide = builder.integer("long", 8);
    const uint32_t next = builder.pointer(builder.next_id() + 1);
    const uint32_t structure = builder.structure("queue", 16, {{"length", wide, 0}, {"next", next, 64}});
    queue = variable("queues", structure);
    number_of_cpu = variable("numbers", number);
    plain = variable("total", wide);
    absent = variable("absent", wide);
    not_variable = wide;
    builder.add(KBPF_BTF_KIND_DATASEC, ".data..percpu", 24, {queue, 0, 16, number_of_cpu, 16, 4}, 2);
    bytes = builder.build();
  }
  uint32_t variable(const std::string &name, uint32_t type) {
    constexpr uint32_t kGlobal = 1;
    return builder.add(KBPF_BTF_KIND_VAR, name, type, {kGlobal});
  }
  BtfBuilder builder;
  std::string bytes;
  uint32_t queue, number_of_cpu, plain, absent, not_variable;
};
const KernelTypes &types() {
  static const KernelTypes instance;
  return instance;
}

class KernelVariables : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    static const bool prepared = (prepare(), true);
    ASSERT_TRUE(prepared);
    hostport::set_cpu_count(kCpus);
    hostport::add_variable("queues", queues, sizeof(Queue));
    hostport::add_variable("numbers", numbers, sizeof(uint32_t));
    hostport::add_variable("total", &total, 0);
    for (uint32_t cpu = 0; cpu < kCpus; cpu++) {
      queues[cpu] = {cpu + 10, &queues[(cpu + 1) % kCpus]};
      numbers[cpu] = cpu + 20;
    }
    total = 77;
  }
  static void prepare() {
    ASSERT_EQ(kbpf_set_kernel_btf(types().bytes.data(), types().bytes.size()), 0);
    hostport::close_fd(static_cast<int>(load({mov64_imm(R0, 0), exit_insn()})));
    hostport::keep_allocations();
  }
  static int64_t load(std::initializer_list<Slots> code) {
    constexpr uint32_t kRawTracepoint = 17;
    return load_code(kRawTracepoint, assemble(code));
  }
  static uint32_t run(std::initializer_list<Slots> code) {
    return run_code(assemble(code));
  }
  static Insn2 variable(Reg to, uint32_t id) { return ld_imm64_from(KBPF_PSEUDO_BTF_ID, to, id, 0); }
};

TEST_F(KernelVariables, APlainOneIsReadWhereItIs) {
  EXPECT_EQ(run({variable(R1, types().plain), kbpf::test::load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}), 77u);
  total = 78;
  EXPECT_EQ(run({variable(R1, types().plain), kbpf::test::load(KBPF_SIZE_W, R0, R1, 0), exit_insn()}), 78u);
}

TEST_F(KernelVariables, ThisCpusCopyIsRead) {
  for (uint32_t cpu = 0; cpu < kCpus; cpu++) {
    hostport::BoundCpu bound(cpu);
    EXPECT_EQ(run({variable(R1, types().number_of_cpu), call_helper(kThisCpuPtr),
                   kbpf::test::load(KBPF_SIZE_W, R0, R0, 0), exit_insn()}),
              cpu + 20);
    EXPECT_EQ(run({variable(R1, types().queue), call_helper(kThisCpuPtr), kbpf::test::load(KBPF_SIZE_DW, R0, R0, 8),
                   kbpf::test::load(KBPF_SIZE_DW, R0, R0, 0), exit_insn()}),
              (cpu + 1) % kCpus + 10); // by way of a pointer in it
  }
}

TEST_F(KernelVariables, EachCpusCopyIsReadAndOfNoOtherCpu) {
  for (uint32_t cpu = 0; cpu < kCpus + 2; cpu++)
    EXPECT_EQ(run({variable(R1, types().queue), mov64_imm(R2, cpu), call_helper(kPerCpuPtr),
                   jump_imm(KBPF_JMP_JNE, R0, 0, 2), mov64_imm(R0, 1), exit_insn(),
                   kbpf::test::load(KBPF_SIZE_DW, R0, R0, 0), exit_insn()}),
              cpu < kCpus ? cpu + 10 : 1);
  EXPECT_EQ(run({variable(R1, types().queue), mov64_imm(R2, -1), call_helper(kPerCpuPtr),
                 jump_imm(KBPF_JMP_JEQ, R0, 0, 1), mov64_imm(R0, 1), exit_insn()}),
            0u);
}

TEST_F(KernelVariables, WhatCannotBeNamedIsRefused) {
  EXPECT_EQ(load({variable(R1, types().absent), mov64_imm(R0, 0), exit_insn()}), -EINVAL);
  EXPECT_EQ(load({variable(R1, types().not_variable), mov64_imm(R0, 0), exit_insn()}), -EINVAL);
  EXPECT_EQ(load({variable(R1, 9999), mov64_imm(R0, 0), exit_insn()}), -EINVAL);
}

TEST_F(KernelVariables, WhatWouldHarmTheKernelIsRefused) {
  // Written; read beyond its end; each CPU's, without asking for one; of one that not each CPU has; without a null check.
  EXPECT_EQ(load({variable(R1, types().plain), store_imm(KBPF_SIZE_DW, R1, 0, 1), mov64_imm(R0, 0), exit_insn()}),
            -EACCES);
  EXPECT_EQ(load({variable(R1, types().plain), kbpf::test::load(KBPF_SIZE_DW, R0, R1, 8), exit_insn()}), -EACCES);
  EXPECT_EQ(load({variable(R1, types().queue), kbpf::test::load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}), -EACCES);
  EXPECT_EQ(load({variable(R1, types().plain), call_helper(kThisCpuPtr), mov64_imm(R0, 0), exit_insn()}), -EACCES);
  EXPECT_EQ(load({variable(R1, types().number_of_cpu), mov64_imm(R2, 0), call_helper(kPerCpuPtr),
                  kbpf::test::load(KBPF_SIZE_W, R0, R0, 0), exit_insn()}),
            -EACCES);
}

} // namespace
} // namespace kbpf::test
