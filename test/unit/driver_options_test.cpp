// SPDX-License-Identifier: MIT OR Apache-2.0
// Options as main sees them: defaults, what follows from what, and the errors that end with exit code 1.
#include "bpfcc/options.h"
#include <gtest/gtest.h>

namespace {

using namespace bpfcc;

std::optional<Options> parse(std::vector<std::string> words, int *code = nullptr) {
  words.insert(words.begin(), "bpfcc");
  std::vector<char *> argv;
  for (std::string &word : words)
    argv.push_back(word.data());
  int exit_code = -1;
  std::optional<Options> options = parse_options(static_cast<int>(argv.size()), argv.data(), exit_code);
  if (code)
    *code = exit_code;
  return options;
}

TEST(Options, DefaultsAreThoseOfTheKernel) {
  std::optional<Options> options = parse({"dir/trace.c"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->output, "trace.o");
  EXPECT_EQ(options->profile, &kbpf::kKbpfProfile);
  EXPECT_EQ(options->frontend.mcpu, "v3");
  EXPECT_EQ(options->frontend.optimization, '2');
  EXPECT_FALSE(options->frontend.debug_info);
  EXPECT_TRUE(options->verify);
}

TEST(Options, ProfileChoosesInstructionSet) {
  EXPECT_EQ(parse({"--abi=zcore", "a.c"})->frontend.mcpu, "v1");
  EXPECT_EQ(parse({"--abi=zcore", "-mcpu=v3", "a.c"})->frontend.mcpu, "v3");
  EXPECT_EQ(parse({"--abi=linux", "a.c"})->frontend.mcpu, "v3");
}

TEST(Options, LastOfSeveralWins) {
  std::optional<Options> options =
      parse({"-O0", "-O3", "-o", "x", "-o", "y", "-fno-bpf-verify", "-fbpf-verify", "-g", "-g0", "a.c"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->frontend.optimization, '3');
  EXPECT_EQ(options->output, "y");
  EXPECT_TRUE(options->verify);
  EXPECT_FALSE(options->frontend.debug_info);
}

TEST(Options, OutputKindAndNameBelongTogether) {
  EXPECT_EQ(parse({"-S", "a.c"})->output, "a.s");
  EXPECT_EQ(parse({"-S", "-emit-llvm", "a.c"})->output, "a.ll");
  EXPECT_EQ(parse({"-emit-llvm", "a.c"})->output, "a.bc");
  EXPECT_EQ(parse({"-E", "a.c"})->output, "-");
  EXPECT_EQ(parse({"-E", "-S", "a.c"})->frontend.output, OutputKind::preprocessed);
  EXPECT_EQ(parse({"-M", "-S", "a.c"})->frontend.output, OutputKind::dependencies);
}

TEST(Options, SuffixTellsTheInput) {
  EXPECT_TRUE(parse({"a.o", "-o", "b.o"})->input_is_object);
  EXPECT_EQ(parse({"a.i"})->frontend.language, "cpp-output");
  EXPECT_EQ(parse({"-x", "c", "a.txt"})->frontend.language, "c");
  EXPECT_FALSE(parse({"a.txt"}));
}

TEST(Options, ValuesWithCommasStayWhole) {
  EXPECT_EQ(parse({"-DX=[a,b]", "a.c"})->frontend.macros, std::vector<std::string>{"-DX=[a,b]"});
}

TEST(Options, DepfileIsNamedAfterTheOutput) {
  std::optional<Options> options = parse({"-MMD", "a.c", "-o", "out/a$b.o"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->depfile.path, "out/a$b.d");
  EXPECT_EQ(options->depfile.targets, std::vector<std::string>{"out/a$$b.o"});
  EXPECT_FALSE(options->depfile.system_files);
}

TEST(Options, ErrorsAndInformationHaveTheirExitCodes) {
  int code = -1;
  for (std::vector<std::string> words : {std::vector<std::string>{},
                                         {"a.c", "b.c"},
                                         {"a.o"},
                                         {"--abi=none", "a.c"},
                                         {"-O9", "a.c"},
                                         {"-S", "a.o"}}) {
    EXPECT_FALSE(parse(words, &code));
    EXPECT_EQ(code, kExitUserError);
  }
  EXPECT_FALSE(parse({"--version"}, &code));
  EXPECT_EQ(code, kExitSuccess);
}

} // namespace
