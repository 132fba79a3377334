// SPDX-License-Identifier: MIT OR Apache-2.0
// Helpers that the hosting kernel registers: what is taken, and that the verifier and the interpreter know
// them. In an executable of its own, because what is registered stays.
#include "abi/insn.h"
#include "core/profile/digest.h"
#include "core/profile/kernel_helper.h"
#include "insn_builders.h"
#include "kernel/helpers/helpers.h"
#include "kernel/helpers/registered.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

uint64_t add(uint64_t a, uint64_t b, uint64_t, uint64_t, uint64_t) { return a + b; }

kbpf_kernel_helper descriptor(uint32_t number, const char *name) {
  kbpf_kernel_helper helper{};
  helper.magic = KBPF_KERNEL_HELPER_MAGIC;
  helper.number = number;
  helper.ret = KBPF_RET_INTEGER;
  helper.args[0] = helper.args[1] = KBPF_ARG_ANY_SCALAR;
  helper.prog_types = ~uint64_t(0);
  helper.since = 1;
  strcpy(helper.name, name);
  strcat(strcat(strcpy(helper.prototype, "long "), name), "(long a, long b)");
  helper.function = add;
  return helper;
}

struct Fault {
  const char *what;
  void (*make)(kbpf_kernel_helper &);
};

TEST(KernelHelper, RefusesWhatTheVerifierCannotJudge) {
  const Fault faults[] = {
      {"magic", [](kbpf_kernel_helper &h) { h.magic++; }},
      {"number below", [](kbpf_kernel_helper &h) { h.number = KBPF_FIRST_KERNEL_HELPER - 1; }},
      {"number above", [](kbpf_kernel_helper &h) { h.number = KBPF_LAST_KERNEL_HELPER + 1; }},
      {"no version", [](kbpf_kernel_helper &h) { h.since = 0; }},
      {"version to come", [](kbpf_kernel_helper &h) { h.since = KBPF_ABI_VERSION + 1; }},
      {"no name", [](kbpf_kernel_helper &h) { h.name[0] = 0; }},
      {"name that begins with a digit", [](kbpf_kernel_helper &h) { h.name[0] = '1'; }},
      {"name without an end", [](kbpf_kernel_helper &h) { memset(h.name, 'n', sizeof h.name); }},
      {"prototype of another", [](kbpf_kernel_helper &h) { strcpy(h.prototype, "long other(long a)"); }},
      {"prototype with more",
       [](kbpf_kernel_helper &h) { strcpy(h.prototype, "long add_up(long a); int x()"); }},
      {"prototype without an end",
       [](kbpf_kernel_helper &h) { memset(h.prototype, 'p', sizeof h.prototype); }},
      {"text without an end", [](kbpf_kernel_helper &h) { memset(h.text, 't', sizeof h.text); }},
      {"unknown flag", [](kbpf_kernel_helper &h) { h.flags = 1u << 20; }},
      {"flag of the runtime", [](kbpf_kernel_helper &h) { h.flags = KBPF_HELPER_ACQUIRES; }},
      {"gap", [](kbpf_kernel_helper &h) { h.args[3] = KBPF_ARG_ANY_SCALAR; }},
      {"memory without a size", [](kbpf_kernel_helper &h) { h.args[0] = KBPF_ARG_MEM_READ; }},
      {"memory last of five",
       [](kbpf_kernel_helper &h) {
         for (uint32_t &arg : h.args)
           arg = KBPF_ARG_ANY_SCALAR;
         h.args[4] = KBPF_ARG_MEM_WRITE;
       }},
      {"size without memory", [](kbpf_kernel_helper &h) { h.args[1] = KBPF_ARG_SIZE; }},
      {"size first", [](kbpf_kernel_helper &h) { h.args[0] = KBPF_ARG_SIZE_OR_ZERO; }},
      {"map", [](kbpf_kernel_helper &h) { h.args[0] = KBPF_ARG_MAP; }},
      {"function", [](kbpf_kernel_helper &h) { h.args[0] = KBPF_ARG_FUNC; }},
      {"object", [](kbpf_kernel_helper &h) { h.args[0] = KBPF_ARG_OBJECT; }},
      {"unknown argument", [](kbpf_kernel_helper &h) { h.args[0] = 4711; }},
      {"value of no map", [](kbpf_kernel_helper &h) { h.ret = KBPF_RET_MAP_VALUE; }},
      {"size of nothing", [](kbpf_kernel_helper &h) { h.ret = KBPF_RET_SIZED_INTEGER; }},
      {"unknown result", [](kbpf_kernel_helper &h) { h.ret = 4711; }},
  };
  HelperProto proto;
  EXPECT_EQ(read_kernel_helper(descriptor(KBPF_FIRST_KERNEL_HELPER, "add_up"), proto), "");
  for (const Fault &fault : faults) {
    kbpf_kernel_helper helper = descriptor(KBPF_FIRST_KERNEL_HELPER, "add_up");
    fault.make(helper);
    EXPECT_NE(read_kernel_helper(helper, proto), "") << fault.what;
    EXPECT_EQ(kbpf_register_helper(&helper), -EINVAL) << fault.what;
  }
  kbpf_kernel_helper helper = descriptor(KBPF_FIRST_KERNEL_HELPER, "add_up");
  helper.function = nullptr;
  EXPECT_EQ(kbpf_register_helper(&helper), -EINVAL);
  EXPECT_EQ(kbpf_register_helper(nullptr), -EINVAL);
  EXPECT_EQ(&kernel_profile(), &kKbpfProfile) << "nothing was registered";
}

class RegisteredHelper : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    static const kbpf_kernel_helper later = descriptor(KBPF_LAST_KERNEL_HELPER, "add_later");
    static const kbpf_kernel_helper sooner = descriptor(KBPF_FIRST_KERNEL_HELPER + 7, "add_up");
    static const int first = kbpf_register_helper(&later), second = kbpf_register_helper(&sooner);
    ASSERT_EQ(first, 0);
    ASSERT_EQ(second, 0);
  }
  int64_t load(std::vector<Insn> code) {
    kbpf_attr_prog_load attr{};
    attr.prog_type = kSyscallType;
    attr.insns = address(code.data());
    attr.insn_cnt = static_cast<uint32_t>(code.size());
    attr.license = address("GPL");
    attr.prog_flags = 1u << 4; // sleepable, as programs of this type are
    attr.log_level = 1;
    attr.log_buf = address(log_);
    attr.log_size = sizeof log_;
    return bpf(PROG_LOAD, attr);
  }
  static constexpr uint32_t kSyscallType = 31;
  char log_[4096] = {};
};

TEST_F(RegisteredHelper, IsInTheProfileByNumberAndName) {
  const Profile &profile = kernel_profile();
  ASSERT_NE(profile.helper(KBPF_FIRST_KERNEL_HELPER + 7), nullptr);
  EXPECT_EQ(profile.helper(KBPF_FIRST_KERNEL_HELPER + 7)->c_name, "add_up");
  EXPECT_EQ(profile.helper("add_later")->number, KBPF_LAST_KERNEL_HELPER);
  EXPECT_EQ(profile.helper("bpf_add_up"), nullptr);
  EXPECT_EQ(profile.helper(5u)->c_name, "bpf_ktime_get_ns") << "what was there is there";
  EXPECT_EQ(profile.tables_digest, digest(profile));
  EXPECT_NE(profile.tables_digest, kKbpfProfile.tables_digest);
  EXPECT_EQ(helper_environment(profile).helper(KBPF_LAST_KERNEL_HELPER), add);
  EXPECT_EQ(helper_environment(profile).helper(KBPF_LAST_KERNEL_HELPER - 1), nullptr);
}

TEST_F(RegisteredHelper, NumbersAndNamesAreGivenOnce) {
  kbpf_kernel_helper helper = descriptor(KBPF_LAST_KERNEL_HELPER, "add_again");
  EXPECT_EQ(kbpf_register_helper(&helper), -EEXIST);
  helper = descriptor(KBPF_LAST_KERNEL_HELPER - 1, "add_up");
  EXPECT_EQ(kbpf_register_helper(&helper), -EEXIST);
  helper = descriptor(KBPF_LAST_KERNEL_HELPER - 1, "bpf_ktime_get_ns");
  EXPECT_EQ(kbpf_register_helper(&helper), -EEXIST);
}

TEST_F(RegisteredHelper, RunsWhenAProgramCallsIt) {
  int64_t fd =
      load({mov64_imm(R1, 40), mov64_imm(R2, 2), call_helper(KBPF_FIRST_KERNEL_HELPER + 7), exit_insn()});
  ASSERT_GE(fd, 0) << log_;
  kbpf_attr_prog_test_run run{};
  run.prog_fd = static_cast<uint32_t>(fd);
  ASSERT_EQ(bpf(PROG_TEST_RUN, run), 0);
  EXPECT_EQ(run.retval, 42u);
}

TEST_F(RegisteredHelper, ArgumentsAreChecked) {
  EXPECT_EQ(load({mov64_imm(R1, 40), call_helper(KBPF_FIRST_KERNEL_HELPER + 7), exit_insn()}), -EACCES);
  EXPECT_NE(strstr(log_, "r2, an argument of add_up, holds nothing"), nullptr) << log_;
}

TEST_F(RegisteredHelper, TheTableIsFullInTheEnd) {
  static std::vector<kbpf_kernel_helper> more;
  more.reserve(KBPF_MAX_KERNEL_HELPERS);
  for (uint32_t i = 0; i < KBPF_MAX_KERNEL_HELPERS; i++)
    more.push_back(descriptor(KBPF_FIRST_KERNEL_HELPER + 100 + i, ("more" + std::to_string(i)).c_str()));
  uint32_t taken = 0;
  for (const kbpf_kernel_helper &helper : more) {
    int error = kbpf_register_helper(&helper);
    taken += error == 0;
    if (error)
      EXPECT_EQ(error, -ENOSPC);
  }
  EXPECT_EQ(taken, KBPF_MAX_KERNEL_HELPERS - 2);
  EXPECT_EQ(kernel_profile().helper(KBPF_FIRST_KERNEL_HELPER + 7)->c_name, "add_up");
  EXPECT_EQ(kernel_profile().helper("more0")->number, KBPF_FIRST_KERNEL_HELPER + 100);
}

} // namespace
} // namespace kbpf::test
