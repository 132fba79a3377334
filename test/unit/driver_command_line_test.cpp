// SPDX-License-Identifier: MIT OR Apache-2.0
// clang's spellings become regular options; what is unknown is named with its nearest neighbour.
#include "bpfcc/command_line.h"
#include <gtest/gtest.h>

namespace {

using bpfcc::regularize;
using Words = std::vector<std::string>;

TEST(CommandLine, SeparateAndJoinedValuesAreTheSame) {
  EXPECT_EQ(regularize({"-o", "x.o"}).options, Words{"--output=x.o"});
  EXPECT_EQ(regularize({"-ox.o"}).options, Words{"--output=x.o"});
  EXPECT_EQ(regularize({"-D", "A=1"}).options, regularize({"-DA=1"}).options);
  EXPECT_EQ(regularize({"-isystem", "dir"}).options, Words{"--search-dir=-isystemdir"});
}

TEST(CommandLine, LongestSpellingWins) {
  EXPECT_EQ(regularize({"-fsyntax-only"}).options, Words{"--syntax-only"});
  EXPECT_EQ(regularize({"-fsyntax"}).options, Words{"--clang-flag=-fsyntax"});
  EXPECT_EQ(regularize({"-MMD", "-MM"}).options, (Words{"--write-user-dependencies", "--user-dependencies"}));
  EXPECT_EQ(regularize({"-include", "a.h"}).options, Words{"--include=a.h"});
  EXPECT_EQ(regularize({"-Include"}).options, Words{"--search-dir=-Include"});
}

TEST(CommandLine, InputsAreWhatIsNoOption) {
  bpfcc::RegularArguments args = regularize({"a.c", "-c", "-", "--", "-b.c"});
  EXPECT_EQ(args.inputs, (Words{"a.c", "-", "-b.c"}));
  EXPECT_EQ(args.options, Words{"--compile"});
}

TEST(CommandLine, MissingValueIsAnError) {
  EXPECT_EQ(regularize({"a.c", "-o"}).error, "argument to '-o' is missing (expected 1 value)");
  EXPECT_EQ(regularize({"-include"}).error, "argument to '-include' is missing (expected 1 value)");
}

TEST(CommandLine, UnknownArgumentNamesTheNearest) {
  EXPECT_EQ(regularize({"--versoin"}).error, "unknown argument: '--versoin'; did you mean '--version'?");
  EXPECT_EQ(regularize({"--qqqqqqqqqq"}).error, "unknown argument: '--qqqqqqqqqq'");
}

TEST(CommandLine, EverySpellingIsReachable) {
  for (const bpfcc::Spelling &spelling : bpfcc::spellings()) {
    Words words = {std::string(spelling.clang)};
    bool flag = spelling.form == bpfcc::Form::flag;
    words.push_back(flag ? "input" : "value");
    bpfcc::RegularArguments args = regularize(words);
    ASSERT_TRUE(args.error.empty()) << spelling.clang << ": " << args.error;
    ASSERT_EQ(args.options.size(), 1u) << spelling.clang;
    std::string expected = "--" + std::string(spelling.name);
    EXPECT_EQ(args.options[0].substr(0, expected.size()), expected) << spelling.clang;
  }
}

} // namespace
