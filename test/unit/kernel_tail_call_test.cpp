// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs that go on in others (prog_array, bpf_tail_call), and helpers that call the program back
// (bpf_loop, bpf_for_each_map_elem), through bpf(2).
#include "abi/info.h"
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/program.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint32_t kProgArray = 3, kSocketFilter = 1;
constexpr int kTailCall = 12, kForEach = 164, kLoop = 181;

class ProgramCalls : public KernelTest {
protected:
  int64_t load(const std::vector<Insn> &code, uint32_t type = kKprobe) {
    kbpf_attr_prog_load attr{};
    attr.prog_type = type;
    attr.insns = address(code.data());
    attr.insn_cnt = static_cast<uint32_t>(code.size());
    attr.license = address("GPL");
    return bpf(PROG_LOAD, attr);
  }
  uint64_t run(int64_t fd) {
    kbpf_object *object = hostport::object_of(static_cast<int>(fd));
    EXPECT_NE(object, nullptr);
    Ref<Program> program = Ref<Program>::adopt(static_cast<Program *>(object));
    kbpf_regs context{};
    context.x[9] = 10; // a0
    ReadSection section;
    return program->run(&context);
  }
  int64_t returns(int value) { return load(assemble({mov64_imm(R0, value), exit_insn()})); }
  int64_t put(int64_t map, uint32_t slot, int64_t program) {
    uint32_t fd = static_cast<uint32_t>(program);
    return update(map, &slot, &fd);
  }
  static Slots ld_map_fd(Reg reg, int64_t map) { return ld_imm64_from(KBPF_PSEUDO_MAP_FD, reg, map, 0); }
  // Goes on in the slot, or returns otherwise.
  std::vector<Insn> caller(int64_t map, int slot, int otherwise) {
    return assemble({ld_map_fd(R2, map), mov64_imm(R3, slot), call_helper(kTailCall),
                     mov64_imm(R0, otherwise), exit_insn()});
  }
  uint32_t id_of(int64_t program) {
    kbpf_prog_info info{};
    kbpf_attr_info_by_fd attr{static_cast<uint32_t>(program), sizeof(info), address(&info)};
    EXPECT_EQ(bpf(OBJ_GET_INFO_BY_FD, attr), 0);
    return info.id;
  }
};

// Each looks at, or writes, what its caller's context does not have.
TEST_F(ProgramCalls, WhoIsGoneOnInFindsAllOfAContext) {
  constexpr uint32_t kRawTracepoint = 17, kSyscall = 31;
  struct Kind {
    uint32_t type;
    int32_t offset;
  };
  for (const Kind kind : {Kind{kRawTracepoint, 88}, Kind{kSyscall, 30000}}) {
    int64_t map = make_map(kProgArray, 4, 4, 1);
    std::vector<Insn> callee = {kbpf::test::load(KBPF_SIZE_DW, R0, R1, kind.offset), exit_insn()};
    if (kind.type == kSyscall)
      callee = {store_imm(KBPF_SIZE_DW, R1, kind.offset, 5), kbpf::test::load(KBPF_SIZE_DW, R0, R1, kind.offset - 8),
                exit_insn()};
    ASSERT_EQ(put(map, 0, load(callee, kind.type)), 0);
    const uint64_t context[12] = {1};
    kbpf_attr_prog_test_run attr{};
    attr.prog_fd = static_cast<uint32_t>(load(caller(map, 0, 7), kind.type));
    attr.ctx_in = address(context);
    attr.ctx_size_in = 8;
    ASSERT_EQ(bpf(PROG_TEST_RUN, attr), 0);
    EXPECT_EQ(attr.retval, 0u);
  }
}

TEST_F(ProgramCalls, ATailCallGoesOnInTheProgramOfTheSlot) {
  int64_t map = make_map(kProgArray, 4, 4, 4);
  ASSERT_GE(map, 0);
  EXPECT_EQ(put(map, 2, load(assemble({kbpf::test::load(KBPF_SIZE_DW, R0, R1, 80), exit_insn()}))), 0);
  EXPECT_EQ(run(load(caller(map, 2, 7))), 10u);
  EXPECT_EQ(run(load(caller(map, 1, 7))), 7u);
  EXPECT_EQ(run(load(caller(map, 4, 7))), 7u);
}

TEST_F(ProgramCalls, AProgramCallsItselfThirtyThreeTimes) {
  int64_t map = make_map(kProgArray, 4, 4, 1), counter = make_map(kArray, 4, 8, 1);
  int64_t program = load(assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R4, counter, 0),
                                   kbpf::test::load(KBPF_SIZE_DW, R0, R4, 0), add64_imm(R0, 1),
                                   store_reg(KBPF_SIZE_DW, R4, 0, R0), ld_map_fd(R2, map), mov64_imm(R3, 0),
                                   call_helper(kTailCall), mov64_imm(R0, 3), exit_insn()}));
  ASSERT_GE(program, 0);
  EXPECT_EQ(put(map, 0, program), 0);
  EXPECT_EQ(run(program), 3u);
  uint32_t key = 0;
  uint64_t runs = 0;
  lookup(counter, &key, &runs);
  EXPECT_EQ(runs, 34u);
}

// Each caller waits with a frame of as many bytes as may be, until the last call falls through.
TEST_F(ProgramCalls, AFunctionCallsItsProgramThirtyThreeTimesAndEachReturns) {
  int64_t map = make_map(kProgArray, 4, 4, 1);
  int64_t program = load(assemble({store_imm(KBPF_SIZE_DW, R10, -248, 1), call_subprogram(2),
                                   add64_imm(R0, 1), exit_insn(), ld_map_fd(R2, map), mov64_imm(R3, 0),
                                   call_helper(kTailCall), mov64_imm(R0, 5), exit_insn()}));
  ASSERT_GE(program, 0);
  EXPECT_EQ(put(map, 0, program), 0);
  EXPECT_EQ(run(program), 5u + 34u);
}

TEST_F(ProgramCalls, AProcessReadsAndDeletesIdsOfPrograms) {
  int64_t map = make_map(kProgArray, 4, 4, 2), program = returns(1);
  uint32_t key = 1, id = 0, beyond = 2;
  EXPECT_EQ(lookup(map, &key, &id), -ENOENT);
  EXPECT_EQ(put(map, 1, program), 0);
  EXPECT_EQ(lookup(map, &key, &id), 0);
  EXPECT_EQ(id, id_of(program));
  EXPECT_EQ(lookup(map, &beyond, &id), -ENOENT);
  EXPECT_EQ(remove(map, &key), 0);
  EXPECT_EQ(remove(map, &key), -ENOENT);
  EXPECT_EQ(remove(map, &beyond), -E2BIG);
  uint32_t next = 0;
  EXPECT_EQ(next_key(map, nullptr, &next), 0);
  EXPECT_EQ(next, 0u);
}

TEST_F(ProgramCalls, OnlyProgramsGoIntoTheArray) {
  int64_t map = make_map(kProgArray, 4, 4, 2);
  EXPECT_EQ(put(map, 0, map), -EINVAL);
  EXPECT_EQ(put(map, 0, 999), -EBADF);
  EXPECT_EQ(put(map, 2, returns(1)), -E2BIG);
  uint32_t key = 0, fd = static_cast<uint32_t>(returns(1));
  EXPECT_EQ(update(map, &key, &fd, 1), -EINVAL);
  EXPECT_EQ(make_map(kProgArray, 4, 8, 2), -EINVAL);
  EXPECT_EQ(make_map(kProgArray, 8, 4, 2), -EINVAL);
  EXPECT_EQ(make_map(kProgArray, 4, 4, 0), -EINVAL);
}

TEST_F(ProgramCalls, ProgramsOfOneArrayAreOfOneType) {
  int64_t map = make_map(kProgArray, 4, 4, 2);
  EXPECT_EQ(put(map, 0, returns(1)), 0);
  std::vector<Insn> filter = assemble({mov64_imm(R0, 0), exit_insn()});
  EXPECT_EQ(put(map, 1, load(filter, kSocketFilter)), -EINVAL);
  EXPECT_EQ(load(caller(map, 0, 0), kSocketFilter), -EINVAL); // a caller, too
  EXPECT_EQ(put(map, 1, returns(2)), 0);
}

TEST_F(ProgramCalls, TheFirstCallerSaysWhichTypeAnArrayIsFor) {
  int64_t map = make_map(kProgArray, 4, 4, 2);
  ASSERT_GE(load(caller(map, 0, 0), kSocketFilter), 0);
  EXPECT_EQ(put(map, 0, returns(1)), -EINVAL);
}

TEST_F(ProgramCalls, AnArrayWithoutDescriptorIsEmptied) {
  int64_t map = make_map(kProgArray, 4, 4, 1);
  EXPECT_EQ(put(map, 0, returns(1)), 0);
  int64_t program = load(caller(map, 0, 7));
  kbpf_map_info info{};
  EXPECT_EQ(
      bpf(OBJ_GET_INFO_BY_FD, kbpf_attr_info_by_fd{static_cast<uint32_t>(map), sizeof(info), address(&info)}),
      0);
  int64_t second = bpf(MAP_GET_FD_BY_ID, kbpf_attr_get_id{info.id, 0, 0});
  EXPECT_EQ(run(program), 1u);
  hostport::close_fd(static_cast<int>(map));
  EXPECT_EQ(run(program), 1u); // one is left
  hostport::close_fd(static_cast<int>(second));
  EXPECT_EQ(run(program), 7u);
}

TEST_F(ProgramCalls, ProgramsThatHoldEachOtherEnd) {
  int64_t map = make_map(kProgArray, 4, 4, 1);
  int64_t program = load(caller(map, 0, 7));
  EXPECT_EQ(put(map, 0, program), 0);
  hostport::close_fd(static_cast<int>(program));
  hostport::close_fd(static_cast<int>(map)); // KernelTest looks for what is left
}

TEST_F(ProgramCalls, ANameKeepsAnArrayFull) {
  int64_t map = make_map(kProgArray, 4, 4, 1);
  EXPECT_EQ(put(map, 0, returns(1)), 0);
  int64_t program = load(caller(map, 0, 7));
  kbpf_attr_obj attr{};
  attr.pathname = address("/sys/fs/bpf/array");
  attr.bpf_fd = static_cast<uint32_t>(map);
  EXPECT_EQ(bpf(OBJ_PIN, attr), 0);
  hostport::close_fd(static_cast<int>(map));
  EXPECT_EQ(run(program), 1u);
  hostport::unlink_path("/sys/fs/bpf/array");
  EXPECT_EQ(run(program), 7u);
}

TEST_F(ProgramCalls, LoopCallsBackWithTheRoundsNumber) {
  // adds the numbers of the rounds up in the caller's frame, and stops behind 4
  std::vector<Insn> code = assemble(
      {store_imm(KBPF_SIZE_DW, R10, -8, 0), mov64_imm(R1, 100), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 9, 0),
       mov64_reg(R3, R10), add64_imm(R3, -8), mov64_imm(R4, 0), call_helper(kLoop),
       kbpf::test::load(KBPF_SIZE_DW, R1, R10, -8), alu64_imm(KBPF_ALU_MUL, R0, 100), add64_reg(R0, R1),
       exit_insn(), // the callback
       kbpf::test::load(KBPF_SIZE_DW, R3, R2, 0), add64_reg(R3, R1), store_reg(KBPF_SIZE_DW, R2, 0, R3),
       mov64_imm(R0, 0), jump_imm(KBPF_JMP_JNE, R1, 4, 1), mov64_imm(R0, 1), exit_insn()});
  int64_t fd = load(code);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 510u);
}

TEST_F(ProgramCalls, LoopRefusesFlagsAndTooManyRounds) {
  auto result = [&](int64_t rounds, int64_t flags) {
    int64_t fd = load(
        assemble({mov64_imm(R1, rounds), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 5, 0), mov64_imm(R3, 0),
                  mov64_imm(R4, flags), call_helper(kLoop), exit_insn(), mov64_imm(R0, 0), exit_insn()}));
    EXPECT_GE(fd, 0);
    return fd < 0 ? fd : static_cast<int64_t>(run(fd));
  };
  EXPECT_EQ(result(5, 0), 5);
  EXPECT_EQ(result(0, 0), 0);
  EXPECT_EQ(result(5, 1), -EINVAL);
  EXPECT_EQ(result((8 << 20) + 1, 0), -E2BIG);
}

// The sum of keys and values of all elements.
TEST_F(ProgramCalls, ForEachVisitsEveryElementOfAMap) {
  for (uint32_t type : {kHash, kArray, kPerCpuHash, kPerCpuArray, kLruHash, kLruPerCpuHash}) {
    int64_t map = make_map(type, 4, 8, 4);
    for (uint32_t key = 0; key < 4; key++) {
      uint64_t values[64];
      std::fill_n(values, 64, 10 * (key + 1));
      EXPECT_EQ(update(map, &key, values), 0);
    }
    int64_t fd =
        load(assemble({store_imm(KBPF_SIZE_DW, R10, -8, 0), ld_map_fd(R1, map),
                       ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 9, 0), mov64_reg(R3, R10), add64_imm(R3, -8),
                       mov64_imm(R4, 0), call_helper(kForEach), kbpf::test::load(KBPF_SIZE_DW, R1, R10, -8),
                       alu64_imm(KBPF_ALU_MUL, R0, 1000), add64_reg(R0, R1), exit_insn(), // the callback
                       kbpf::test::load(KBPF_SIZE_W, R2, R2, 0), kbpf::test::load(KBPF_SIZE_DW, R3, R3, 0),
                       add64_reg(R2, R3), kbpf::test::load(KBPF_SIZE_DW, R5, R4, 0), add64_reg(R5, R2),
                       store_reg(KBPF_SIZE_DW, R4, 0, R5), mov64_imm(R0, 0), exit_insn()}));
    ASSERT_GE(fd, 0);
    EXPECT_EQ(run(fd), 4u * 1000 + 100 + 6) << type;
  }
}

// The function gets the task, the area and its context; what it returns is not looked at.
TEST_F(ProgramCalls, FindVmaCallsBackWithTheAreaThatHasTheAddress) {
  constexpr uint64_t kTask = 0xabc, kStructure = 0x5000;
  constexpr int kCurrentTask = 158, kFindVma = 180;
  hostport::set_current({7, 9, 0, 0, "worker", 1, kTask});
  hostport::add_area(kTask, 0x10000, 0x20000, kStructure);
  auto result = [&](int64_t address, int64_t flags) {
    const int64_t fd =
        load(assemble({store_imm(KBPF_SIZE_DW, R10, -8, 0), call_helper(kCurrentTask), mov64_reg(R1, R0),
                       mov64_imm(R2, address), ld_imm64_from(KBPF_PSEUDO_FUNC, R3, 8, 0), mov64_reg(R4, R10),
                       add64_imm(R4, -8), mov64_imm(R5, flags), call_helper(kFindVma),
                       kbpf::test::load(KBPF_SIZE_DW, R1, R10, -8), add64_reg(R0, R1), exit_insn(),
                       store_imm(KBPF_SIZE_DW, R3, 0, 1000), mov64_imm(R0, 1), exit_insn()}));
    EXPECT_GE(fd, 0);
    return fd < 0 ? fd : static_cast<int64_t>(run(fd));
  };
  EXPECT_EQ(result(0x10000, 0), 1000);
  EXPECT_EQ(result(0x1ffff, 0), 1000);
  EXPECT_EQ(static_cast<int32_t>(result(0x20000, 0)), -ENOENT);
  EXPECT_EQ(static_cast<int32_t>(result(0x10000, 1)), -EINVAL);
  hostport::set_areas_change(true);
  EXPECT_EQ(static_cast<int32_t>(result(0x10000, 0)), -EBUSY);
}

TEST_F(ProgramCalls, ForEachStopsWhereTheFunctionReturnsOne) {
  int64_t map = make_map(kArray, 4, 8, 4);
  int64_t fd = load(assemble({ld_map_fd(R1, map), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 5, 0), mov64_imm(R3, 0),
                              mov64_imm(R4, 0), call_helper(kForEach), exit_insn(), // the callback
                              kbpf::test::load(KBPF_SIZE_W, R2, R2, 0), mov64_imm(R0, 0),
                              jump_imm(KBPF_JMP_JNE, R2, 1, 1), mov64_imm(R0, 1), exit_insn()}));
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 2u);
}

TEST_F(ProgramCalls, ForEachMayRemoveWhatItVisits) {
  int64_t map = make_map(kHash, 4, 8, 64);
  for (uint32_t key = 0; key < 64; key++) {
    uint64_t value = key;
    EXPECT_EQ(update(map, &key, &value), 0);
  }
  int64_t fd = load(assemble({ld_map_fd(R1, map), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 5, 0), mov64_imm(R3, 0),
                              mov64_imm(R4, 0), call_helper(kForEach), exit_insn(), // the callback
                              call_helper(3), mov64_imm(R0, 0), exit_insn()}));
  ASSERT_GE(fd, 0);
  EXPECT_EQ(run(fd), 64u);
  uint32_t key;
  EXPECT_EQ(next_key(map, nullptr, &key), -ENOENT);
}

} // namespace
} // namespace kbpf::test
