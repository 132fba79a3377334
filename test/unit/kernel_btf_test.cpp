// SPDX-License-Identifier: MIT OR Apache-2.0
// BTF through bpf(2): loading, ids, information, and the maps and programs that refer to it.
#include "abi/info.h"
#include "btf_builder.h"
#include "insn_builders.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

class KernelBtf : public KernelTest {
protected:
  // An int, and a function of none.
  KernelBtf() {
    integer_ = builder_.integer();
    function_ = builder_.function("f", builder_.prototype(integer_, {}));
    line_ = builder_.string("return 0;");
    blob_ = builder_.build();
  }
  kbpf_attr_btf_load load_attr() {
    kbpf_attr_btf_load attr{};
    attr.btf = address(blob_.data());
    attr.btf_size = static_cast<uint32_t>(blob_.size());
    return attr;
  }
  uint32_t load_btf() {
    int64_t fd = bpf(BTF_LOAD, load_attr());
    EXPECT_GE(fd, 0);
    return static_cast<uint32_t>(fd);
  }
  kbpf_attr_prog_load program(uint32_t btf) {
    kbpf_attr_prog_load attr{};
    attr.prog_type = kKprobe;
    attr.insns = address(code_.data());
    attr.insn_cnt = static_cast<uint32_t>(code_.size());
    attr.license = address("GPL");
    attr.prog_btf_fd = btf;
    attr.func_info = address(&function_info_);
    attr.func_info_cnt = 1;
    attr.func_info_rec_size = sizeof(function_info_);
    attr.line_info = address(&line_info_);
    attr.line_info_cnt = 1;
    attr.line_info_rec_size = sizeof(line_info_);
    function_info_ = {0, function_};
    line_info_ = {0, line_, line_, 7 << 10 | 3};
    return attr;
  }
  template <typename Info> int64_t info(int64_t fd, Info &info) {
    kbpf_attr_info_by_fd attr{static_cast<uint32_t>(fd), sizeof(info), address(&info)};
    return bpf(OBJ_GET_INFO_BY_FD, attr);
  }

  BtfBuilder builder_;
  uint32_t integer_, function_, line_;
  std::string blob_;
  const std::vector<Insn> code_ = assemble({mov64_imm(R0, 0), exit_insn()});
  kbpf_func_info function_info_;
  kbpf_line_info line_info_;
};

TEST_F(KernelBtf, InformationGivesTheBlobBack) {
  uint32_t fd = load_btf();
  std::string copy(blob_.size(), '?');
  kbpf_btf_info about{};
  about.btf = address(copy.data());
  about.btf_size = static_cast<uint32_t>(copy.size());
  ASSERT_EQ(info(fd, about), 0);
  EXPECT_EQ(copy, blob_);
  EXPECT_NE(about.id, 0u);
  EXPECT_EQ(about.kernel_btf, 0u);
}

TEST_F(KernelBtf, AnIdLeadsToADescriptorWhileItIsOpen) {
  uint32_t fd = load_btf();
  kbpf_attr_get_id next{};
  ASSERT_EQ(bpf(BTF_GET_NEXT_ID, next), 0);
  kbpf_attr_get_id wanted{next.next_id, 0, 0};
  int64_t second = bpf(BTF_GET_FD_BY_ID, wanted);
  EXPECT_GE(second, 0);
  hostport::close_fd(static_cast<int>(fd));
  hostport::close_fd(static_cast<int>(second));
  EXPECT_EQ(bpf(BTF_GET_FD_BY_ID, wanted), -ENOENT);
}

TEST_F(KernelBtf, ARefusalIsExplainedInTheLog) {
  blob_[0] = 0;
  char log[512] = "";
  kbpf_attr_btf_load attr = load_attr();
  attr.btf_log_buf = address(log);
  attr.btf_log_size = sizeof(log);
  attr.btf_log_level = 1;
  EXPECT_EQ(bpf(BTF_LOAD, attr), -EINVAL);
  EXPECT_NE(strstr(log, "Invalid magic"), nullptr) << log;
  EXPECT_EQ(attr.btf_log_true_size, strlen(log) + 1);
}

TEST_F(KernelBtf, ABlobLargerThan16MiBIsRefused) {
  kbpf_attr_btf_load attr = load_attr();
  attr.btf_size = KBPF_BTF_MAX_SIZE + 1;
  EXPECT_EQ(bpf(BTF_LOAD, attr), -E2BIG);
}

TEST_F(KernelBtf, AMapKeepsTheTypesOfItsKeysAndValues) {
  kbpf_attr_map_create attr = map_attr(kHash, 4, 4, 8);
  attr.btf_fd = load_btf();
  attr.btf_key_type_id = attr.btf_value_type_id = integer_;
  int64_t map = bpf(MAP_CREATE, attr);
  ASSERT_GE(map, 0);
  kbpf_map_info about{};
  ASSERT_EQ(info(map, about), 0);
  EXPECT_NE(about.btf_id, 0u);
  EXPECT_EQ(about.btf_value_type_id, integer_);
}

TEST_F(KernelBtf, AMapsTypesMustHaveItsSizes) {
  kbpf_attr_map_create attr = map_attr(kHash, 4, 8, 8);
  attr.btf_fd = load_btf();
  attr.btf_key_type_id = attr.btf_value_type_id = integer_;
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EINVAL);
}

TEST_F(KernelBtf, AProgramKeepsItsFunctionsAndLines) {
  kbpf_attr_prog_load attr = program(load_btf());
  int64_t fd = bpf(PROG_LOAD, attr);
  ASSERT_GE(fd, 0);
  kbpf_func_info function{};
  kbpf_line_info line{};
  kbpf_prog_info about{};
  about.func_info = address(&function);
  about.nr_func_info = 1;
  about.func_info_rec_size = sizeof(function);
  about.line_info = address(&line);
  about.nr_line_info = 1;
  about.line_info_rec_size = sizeof(line);
  ASSERT_EQ(info(fd, about), 0);
  EXPECT_NE(about.btf_id, 0u);
  EXPECT_EQ(function.type_id, function_);
  EXPECT_EQ(line.line_col >> 10, 7u);
}

// A lookup in an array becomes several instructions: what stands behind it is told where it is now.
TEST_F(KernelBtf, FunctionsAndLinesMoveWithTheInstructions) {
  const int64_t map = make_map(kArray, 4, 8, 4);
  const std::vector<Insn> code = assemble({
      store_imm(KBPF_SIZE_W, R10, -4, 4), // beyond the end: the key is tested
      mov64_reg(R2, R10),
      add64_imm(R2, -4),
      ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0), // instructions 3 and 4
      call_helper(1),
      call_subprogram(1), // 6
      exit_insn(),
      mov64_imm(R0, 0), // 8: the other function
      exit_insn(),
  });
  kbpf_attr_prog_load attr = program(load_btf());
  attr.insns = address(code.data());
  attr.insn_cnt = static_cast<uint32_t>(code.size());
  const kbpf_func_info functions[] = {{0, function_}, {8, function_}};
  const kbpf_line_info lines[] = {{0, line_, line_, 1 << 10},
                                  {5, line_, line_, 2 << 10},
                                  {6, line_, line_, 3 << 10},
                                  {8, line_, line_, 4 << 10}};
  attr.func_info = address(functions);
  attr.func_info_cnt = 2;
  attr.line_info = address(lines);
  attr.line_info_cnt = 4;
  const int64_t fd = bpf(PROG_LOAD, attr);
  ASSERT_GE(fd, 0);

  kbpf_func_info function[2] = {};
  kbpf_line_info line[4] = {};
  Insn insns[64] = {};
  kbpf_prog_info about{};
  about.func_info = address(function);
  about.nr_func_info = 2;
  about.func_info_rec_size = sizeof(function[0]);
  about.line_info = address(line);
  about.nr_line_info = 4;
  about.line_info_rec_size = sizeof(line[0]);
  about.xlated_prog_insns = address(insns);
  about.xlated_prog_len = sizeof(insns);
  ASSERT_EQ(info(fd, about), 0);
  const uint32_t count = about.xlated_prog_len / sizeof(Insn);
  ASSERT_GT(count, code.size());
  EXPECT_EQ(function[0].insn_off, 0u);
  EXPECT_EQ(function[1].insn_off, count - 2); // the last two are its own
  EXPECT_EQ(line[1].insn_off, 3u); // the map's address went, which the lookup does not read
  EXPECT_TRUE(insns[line[2].insn_off].is_call());
  EXPECT_EQ(insns[line[2].insn_off].src(), KBPF_PSEUDO_CALL);
  EXPECT_EQ(line[3].insn_off, function[1].insn_off);
}

TEST_F(KernelBtf, AProgramsFunctionsAreThoseOfItsCode) {
  kbpf_attr_prog_load attr = program(load_btf());
  kbpf_func_info two[2] = {{0, function_}, {1, function_}};
  attr.func_info = address(two);
  attr.func_info_cnt = 2;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
}

TEST_F(KernelBtf, ALineBeyondTheCodeIsRefused) {
  kbpf_attr_prog_load attr = program(load_btf());
  line_info_.insn_off = 2;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
}

TEST_F(KernelBtf, ALongerRecordMustEndInZeros) {
  uint32_t btf = load_btf();
  uint32_t record[3] = {0, function_, 0};
  kbpf_attr_prog_load attr = program(btf);
  attr.func_info = address(record);
  attr.func_info_rec_size = sizeof(record);
  EXPECT_GE(bpf(PROG_LOAD, attr), 0);
  record[2] = 1;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -E2BIG);
}

TEST_F(KernelBtf, AClosedDescriptorIsNoBtf) {
  EXPECT_EQ(bpf(PROG_LOAD, program(40)), -EBADF);
  int64_t map = make_map(kArray, 4, 8, 1);
  EXPECT_EQ(bpf(PROG_LOAD, program(static_cast<uint32_t>(map))), -EINVAL);
}

} // namespace
} // namespace kbpf::test
