// SPDX-License-Identifier: MIT OR Apache-2.0
// Profile files: what is written is read the same, and each mistake is an error at its line and column.
#include "bpfcc/profile/reader.h"
#include "bpfcc/profile/writer.h"
#include <algorithm>
#include <gtest/gtest.h>

using namespace bpfcc;

namespace {

class BuiltIn : public testing::TestWithParam<const char *> {};

TEST_P(BuiltIn, IsReadAsItWasWritten) {
  const kbpf::Profile &profile = *kbpf::find_profile(GetParam());
  KernelDescription kernel, again;
  kernel.start_from(profile);
  kernel.finish();
  std::string text = write_profile(kernel);
  for (const ProfileError &error : read_profile(text, again))
    ADD_FAILURE() << error.line << ":" << error.column << ": " << error.message;
  EXPECT_EQ(again.profile.tables_digest, profile.tables_digest);
  EXPECT_EQ(again.profile.number, profile.number);
  EXPECT_EQ(again.profile.map_encoding, profile.map_encoding);
  EXPECT_EQ(again.profile.placement, profile.placement);
  EXPECT_EQ(again.profile.stack_size, profile.stack_size);
  EXPECT_EQ(again.profile.global_data, profile.global_data);
  EXPECT_EQ(again.profile.tail_calls, profile.tail_calls);
  EXPECT_EQ(again.profile.config.size(), profile.config.size());
  EXPECT_EQ(again.helper_header(), "");
  EXPECT_EQ(write_profile(again), text);
}
INSTANTIATE_TEST_SUITE_P(All, BuiltIn, testing::Values("kbpf", "zcore", "linux"));

TEST(ProfileFile, KeepsWhatTheKernelAdds) {
  KernelDescription kernel, again;
  kernel.start_from(kbpf::kKbpfProfile);
  kbpf_kernel_helper helper{};
  helper.magic = KBPF_KERNEL_HELPER_MAGIC;
  helper.number = KBPF_FIRST_KERNEL_HELPER;
  helper.ret = KBPF_RET_INTEGER;
  helper.args[0] = KBPF_ARG_MEM_READ;
  helper.args[1] = KBPF_ARG_SIZE;
  helper.prog_types = 1u << 2;
  helper.since = 1;
  strcpy(helper.name, "mykernel_foo");
  strcpy(helper.prototype, "long mykernel_foo(const void *data, __u32 size)");
  strcpy(helper.text, "says \"foo\\bar\"");
  KernelElf elf;
  elf.helpers.push_back(helper);
  elf.functions.push_back({0x1000, 16, "f\x01\x7f", ""});
  elf.functions.push_back({0x2000, 0, "_Z1gv", "g()"});
  elf.objects.push_back({0x3000, 8, "v", ""});
  elf.objects.push_back({0x3008, 8, "v", ""});
  elf.btf = std::string("\x9f\xeb\x00\xff", 4);
  ASSERT_EQ(kernel.add(std::move(elf)), "");
  kernel.inlined.push_back("h");
  kernel.target_arch = "riscv";
  kernel.finish();
  std::string text = write_profile(kernel);
  ASSERT_TRUE(read_profile(text, again).empty());
  EXPECT_EQ(write_profile(again), text);
  EXPECT_EQ(again.helper_header(),
            "static long (*const mykernel_foo)(const void *data, __u32 size) = (void *)1048576;\n");
  EXPECT_EQ(again.profile.helper("mykernel_foo")->text, "says \"foo\\bar\"");
  EXPECT_EQ(again.functions[0].name, "f\x01\x7f");
  EXPECT_EQ(again.functions[1].demangled, "g()");
  EXPECT_EQ(again.btf, std::string("\x9f\xeb\x00\xff", 4));
  EXPECT_EQ(again.addresses_of("v"), (std::vector<uint64_t>{0x3000, 0x3008}));
  EXPECT_EQ(again.addresses_of("_Z1gv"), std::vector<uint64_t>{0x2000});
  EXPECT_EQ(again.inlined, std::vector<std::string>{"h"});
}

TEST(ProfileFile, KeepsTheVersionOfTheKernelsAbi) {
  KernelDescription kernel, newer, again;
  kernel.start_from(kbpf::kKbpfProfile);
  kernel.finish();
  std::string text = write_profile(kernel);
  const std::string line = "\nabi " + std::to_string(kernel.abi_version) + "\n";
  ASSERT_NE(text.find(line), std::string::npos);
  text.replace(text.find(line), line.size(), "\nabi 7\n");
  ASSERT_TRUE(read_profile(text, newer).empty());
  EXPECT_EQ(newer.abi_version, 7u);
  EXPECT_EQ(write_profile(newer), text);
  EXPECT_TRUE(read_profile(write_profile(newer), again).empty());
}

TEST(ProfileFile, AHelperThatIsThereIsNotAdded) {
  KernelDescription kernel;
  kernel.start_from(kbpf::kKbpfProfile);
  kbpf_kernel_helper helper{};
  helper.magic = KBPF_KERNEL_HELPER_MAGIC;
  helper.number = KBPF_FIRST_KERNEL_HELPER;
  helper.since = 1;
  strcpy(helper.name, "foo");
  strcpy(helper.prototype, "long foo(void)");
  KernelElf elf;
  elf.helpers = {helper, helper};
  EXPECT_NE(kernel.add(std::move(elf)).find("'foo' with number 1048576 is there already"), std::string::npos);
}

TEST(ProfileFile, Base64) {
  for (auto [bytes, text] :
       {std::pair("", ""), {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}})
    EXPECT_EQ(base64(bytes), text);
}

constexpr std::string_view kHead = "kbpf-profile 1\nname \"k\"\nobjects kbpf\nabi 1\n";
constexpr std::string_view kTables = "context c 16\nfield x 0 8 read\nprogram 2 kprobe c 1 \"p\"\n"
                                     "attach 0 \"kprobe\" kprobe 1\n"; // lines 5 to 8

// line 9, behind what is sound
struct Mistake {
  const char *line;
  unsigned column;
  const char *message;
};
constexpr Mistake kMistakes[] = {
    {"helpr 1 x", 1, "unknown kind of line 'helpr'; did you mean 'helper'?"},
    {"\"helper\"", 1, "unknown kind of line 'helper'"},
    {"helper 1", 1, "expected 'helper NUMBER NAME RESULT"},
    {"name \"again\"", 1, "a second name"},
    {"objects kbpf", 1, "a second form of objects"},
    {"abi 1", 1, "a second ABI version"},
    {"kbpf-profile 1", 1, "a second header"},
    {"kbpf-profile 2", 14, "reads version 1"},
    {"feature speed", 9, "unknown feature 'speed'"},
    {"limit insns 0", 13, "between 1 and 1000000"},
    {"limit insns x", 13, "expected the limit, a number"},
    {"limit stack 513", 13, "between 8 and 512"},
    {"limit time 1", 7, "unknown limit 'time'"},
    {"target risc-v", 8, "is an identifier"},
    {"config 1X 2", 8, "is an identifier"},
    {"config X 99999999999999999999", 10, "a number"},
    {"context c 8", 9, "a second context 'c'"},
    {"context d 65536", 11, "at most 65535"},
    {"field y 12 8 read", 9, "within the 16 bytes of the context"},
    {"field y 4 4 read", 9, "the last ended at 8"},
    {"field y 8 0 read", 9, "has 0 bytes"},
    {"field y 8 8 reed", 13, "unknown access 'reed'; did you mean 'read'?"},
    {"field y 8 2 packet", 9, "have 4 or 8 bytes"},
    {"program 64 q c 1 \"\"", 9, "at most 63"},
    {"program 2 q c 1 \"\"", 9, "program type 2 'q' is there already, as 2 'kprobe'"},
    {"program 3 q d 1 \"\"", 13, "a context 'd'"},
    {"program 3 q c 2 \"\"", 15, "ABI version 2 is none of 1 to 1"},
    {"program 3 q c 0 \"\"", 15, "ABI version 0"},
    {"program 3 q c 1 text", 17, "in quotes"},
    {"program 3 \"q\" c 1 \"\"", 11, "without quotes"},
    {"attach 0 \"kprobe\" kprobe 1", 8, "a second attach kind 0"},
    {"attach 1 \"kprobe\" kprobe 1", 8, "attach kind 1 is 'kretprobe@entry'"},
    {"attach 1 \"kretprobe@entry\" q 1", 28, "a program type 'q'"},
    {"section \"\" kprobe - none 1", 9, "without a name"},
    {"section \"a\" kprobe \"q\" none 1", 20, "an attach kind 'q'"},
    {"section \"a\" kprobe - some 1", 22, "unknown use of a target 'some'"},
    {"map 1 hsh lookup 1 \"\"", 5, "map type 1 is 'hash'"},
    {"map 99 x lookup 1 \"\"", 5, "map type 99 is none"},
    {"map 1 hash lookup,ringbuf 1 \"\"", 12, "have fewer uses"},
    {"map 1 hash lookup,spin 1 \"\"", 19, "unknown use of a map 'spin'"},
    {"helper 5 bpf_time integer - any - - 1 \"\" \"\"", 8, "where it is 'bpf_ktime_get_ns'"},
    {"helper 5 bpf_ktime_get_ns void - any - - 1 \"\" \"\"", 8, "not as in the tables"},
    {"helper 5 bpf_ktime_get_ns integer - any gpl_only - 1 \"\" \"\"", 8, "not as in the tables"},
    {"helper 5 bpf_ktime_get_ns integer - socket - - 1 \"\" \"\"", 37, "a program type 'socket'"},
    {"helper 5 bpf_ktime_get_ns integer - 64 - - 1 \"\" \"\"", 37, "up to 63"},
    {"helper 5 bpf_ktime_get_ns integer - any quick - 1 \"\" \"\"", 41, "unknown flag of a helper 'quick'"},
    {"helper 1048576 f number - any - - 1 \"long f(void)\" \"\"", 18, "unknown kind of result 'number'"},
    {"helper 1048576 f integer ctx,pointer any - - 1 \"long f(void)\" \"\"", 30,
     "unknown kind of argument 'pointer'"},
    {"helper 1048576 f integer ctx,ctx,ctx,ctx,ctx,ctx any - - 1 \"long f(void)\" \"\"", 46,
     "five arguments"},
    {"helper 1048576 f integer mem_read any - - 1 \"long f(void)\" \"\"", 8, "memory without a size"},
    {"helper 1048576 f integer map any - - 1 \"long f(void)\" \"\"", 8, "only helpers of the runtime take"},
    {"helper 1048576 f integer - any - - 1 \"int x; long f(void)\" \"\"", 8, "is no declaration of its name"},
    {"helper 2147483648 f integer - any - - 1 \"long f(void)\" \"\"", 8, "at most 2147483647"},
    {"function x 1 \"f\"", 10, "a number"},
    {"function 1 1 f", 14, "in quotes"},
    {"variable 1 1 v", 14, "in quotes"},
    {"inlined f", 9, "in quotes"},
    {"inlined \"f", 9, "does not end on its line"},
    {"inlined \"f\\n\"", 11, "unknown escape"},
    {"inlined \"f\\x1\"", 11, "unknown escape"},
    {"inlined \"f\"g", 12, "a blank behind the string"},
    {"inlined \"f\x01\"", 11, "a control character"},
    {"btf Zg=", 5, "no base64"},
    {"btf Z===", 6, "no base64"},
    {"btf Zg==Zg==", 7, "no base64"},
    {"btf Zg!=", 7, "no base64"},
};

TEST(ProfileFile, MistakesAreAtTheirPlace) {
  for (const Mistake &mistake : kMistakes) {
    KernelDescription kernel;
    std::string text = std::string(kHead).append(kTables).append(mistake.line).append("\n");
    std::vector<ProfileError> errors = read_profile(text, kernel);
    ASSERT_EQ(errors.size(), 1u) << mistake.line;
    EXPECT_EQ(errors[0].line, 9u) << mistake.line;
    EXPECT_EQ(errors[0].column, mistake.column) << mistake.line << ": " << errors[0].message;
    EXPECT_NE(errors[0].message.find(mistake.message), std::string::npos)
        << mistake.line << ": " << errors[0].message;
  }
}

struct Whole {
  std::string text;
  unsigned line;
  const char *message;
};

TEST(ProfileFile, MistakesOfTheWhole) {
  const Whole cases[] = {
      {"", 0, "an empty file"},
      {"# nothing\n\n", 2, "an empty file"},
      {"name \"k\"\n", 1, "does not begin with 'kbpf-profile 1'"},
      {"kbpf-profile 1\nlimit insns 1\n", 2, "'objects' and 'abi' stand before the tables"},
      {"kbpf-profile 1\nname \"k\"\nobjects bsd\n", 3, "unknown form of objects 'bsd'"},
      {"kbpf-profile 1\nname \"k\"\nobjects kbpf\nabi 0\n", 4, "begin with 1"},
      {"kbpf-profile 1\nobjects kbpf\nabi 1\n", 3, "without 'name', 'objects' and 'abi'"},
      {std::string(kHead), 4, "without a 'program' line"},
      {std::string(kHead) + "field x 0 8 read\n", 5, "a field before any context"},
      {std::string(kHead) + "btf-file \"a\"\nbtf Zg==\n", 6, "types are there already"},
      {"kbpf-profile 1\nname \"k\"\nobjects zcore\nabi 1\nfeature atomics\n", 5,
       "objects for zcore cannot have"},
      {std::string(kHead) + std::string(kTables) +
           "helper 1048576 f integer - any - - 1 \"long f(void)\" \"\"\n"
           "helper 1048577 f integer - any - - 1 \"long f(void)\" \"\"\n",
       10, "helper 'f' is there already, with number 1048576"},
      {std::string(kHead) + std::string(kTables) +
           "helper 1048576 f integer - any - - 1 \"long f(void)\" \"\"\n"
           "helper 1048576 g integer - any - - 1 \"long g(void)\" \"\"\n",
       10, "helper 1048576 is there already: 'f'"},
  };
  for (const Whole &test : cases) {
    KernelDescription kernel;
    std::vector<ProfileError> errors = read_profile(test.text, kernel);
    ASSERT_EQ(errors.size(), 1u) << test.text;
    EXPECT_EQ(errors[0].line, test.line) << test.text;
    EXPECT_NE(errors[0].message.find(test.message), std::string::npos) << errors[0].message;
  }
}

TEST(ProfileFile, OneMistakeDoesNotHideTheNext) {
  KernelDescription kernel;
  std::string text(kHead);
  for (int i = 0; i < 50; i++)
    text += "wrong\n";
  EXPECT_EQ(read_profile(text, kernel).size(), kMaxProfileErrors);
}

TEST(ProfileFile, LinesMayEndAsOnWindows) {
  KernelDescription kernel;
  std::string text = std::string(kHead) + std::string(kTables), dos;
  for (char c : text)
    dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_TRUE(read_profile(dos, kernel).empty());
}

TEST(KernelElfFile, ParametersAreLeftOut) {
  EXPECT_EQ(without_parameters("a::f(int, b<c>) const"), "a::f");
  EXPECT_EQ(without_parameters("f"), "f");
  EXPECT_EQ(without_parameters("g(void (*)(int))"), "g");
  EXPECT_EQ(without_parameters("(odd)"), "(odd)");
}

TEST(KernelElfFile, AliasesNameFunctions) {
  std::vector<KernelSymbol> functions = {{0x10, 4, "_Z1fv", "f()"}};
  EXPECT_EQ(add_aliases(functions, "# comment\nold::f = f\n\nolder = _Z1fv # too\n"), "");
  EXPECT_EQ(add_aliases(functions, "short\t_Z1fv\n"), "");
  ASSERT_EQ(functions.size(), 4u);
  EXPECT_EQ(functions[3].name, "short");
  EXPECT_EQ(functions[1].name, "old::f");
  EXPECT_EQ(functions[2].address, 0x10u);
  // A '*' on both sides stands for the same identifier.
  functions = {{8, 4, "sys_read", ""},
               {16, 4, "_Z8sys_openv", "sys_open()"},
               {24, 4, "sys_", ""},
               {32, 4, "sys_a.b", ""}};
  EXPECT_EQ(add_aliases(functions, "__se_sys_* = sys_*\n"), "");
  ASSERT_EQ(functions.size(), 6u);
  EXPECT_EQ(functions[4].name, "__se_sys_read");
  EXPECT_EQ(functions[5].name, "__se_sys_open");
  EXPECT_EQ(functions[5].address, 16u);
  EXPECT_EQ(add_aliases(functions, "\nx = g\n"), "line 2: the kernel has no function 'g'");
  EXPECT_EQ(add_aliases(functions, "x"), "line 1: expected 'alias = function'");
}

TEST(KernelElfFile, RefusesWhatIsNoElf) {
  KernelElf kernel;
  EXPECT_NE(kernel.read("\x7f"
                        "ELF"),
            "");
  EXPECT_NE(kernel.read(""), "");
}

} // namespace
