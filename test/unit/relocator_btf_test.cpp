// SPDX-License-Identifier: MIT OR Apache-2.0
// The reader of .BTF on types that no compiler writes: cycles, overflows, ids and offsets that do not exist.
#include "bpfcc/relocator/btf.h"
#include "bpfcc/relocator/btf_ext.h"
#include "bpfcc/relocator/btf_header.h"
#include <cstring>
#include <gtest/gtest.h>

using bpfcc::Btf;

namespace {

// A .BTF section from 32-bit words of types and a string table.
std::string section(const std::vector<uint32_t> &types,
                    std::string_view strings = std::string_view("\0", 1)) {
  uint32_t types_size = static_cast<uint32_t>(types.size() * 4);
  std::vector<uint32_t> words = {0x1eb9f,    24,         0,
                                 types_size, types_size, static_cast<uint32_t>(strings.size())};
  words.insert(words.end(), types.begin(), types.end());
  std::string bytes(reinterpret_cast<const char *>(words.data()), words.size() * 4);
  return bytes.append(strings);
}

constexpr uint32_t info(uint32_t kind, uint32_t count = 0) { return kind << 24 | count; }
constexpr uint32_t kInt = 1, kPointer = 2, kArray = 3, kStruct = 4, kEnum = 6, kTypedef = 8, kFunction = 12,
                   kProto = 13, kVariable = 14, kDatasec = 15, kTypeTag = 18, kEnum64 = 19;

class BtfReader : public testing::Test {
protected:
  const Btf &parse(const std::vector<uint32_t> &types) {
    bytes_ = section(types);
    std::string error;
    EXPECT_TRUE(btf_.parse(bytes_, error)) << error;
    return btf_;
  }
  std::string bytes_;
  Btf btf_;
};

TEST_F(BtfReader, SizeOfInteger) { EXPECT_EQ(parse({0, info(kInt), 4, 32}).size_of(1), 4u); }

TEST_F(BtfReader, SizeOfPointerIsThatOfTheTarget) { EXPECT_EQ(parse({0, info(kPointer), 0}).size_of(1), 8u); }

TEST_F(BtfReader, SizeOfNestedArrays) {
  // int[3][5]
  EXPECT_EQ(
      parse({0, info(kInt), 4, 32, 0, info(kArray), 0, 1, 1, 3, 0, info(kArray), 0, 2, 1, 5}).size_of(3),
      60u);
}

TEST_F(BtfReader, SizeOfVoidIsUnknown) { EXPECT_FALSE(parse({}).size_of(0)); }

TEST_F(BtfReader, SizeOfMissingTypeIsUnknown) { EXPECT_FALSE(parse({}).size_of(77)); }

TEST_F(BtfReader, TypedefOfItselfEnds) {
  const Btf &btf = parse({0, info(kTypedef), 1});
  EXPECT_EQ(btf.strip(1), 0u);
  EXPECT_FALSE(btf.size_of(1));
}

TEST_F(BtfReader, ArrayOfItselfEnds) { EXPECT_FALSE(parse({0, info(kArray), 0, 1, 1, 2}).size_of(1)); }

TEST_F(BtfReader, ArraySizeThatOverflowsIsUnknown) {
  std::vector<uint32_t> types = {0, info(kInt), 8, 64};
  for (uint32_t element = 1; element <= 3; element++)
    types.insert(types.end(), {0, info(kArray), 0, element, 1, 0xffffffff});
  EXPECT_FALSE(parse(types).size_of(4));
}

TEST_F(BtfReader, StringBehindTheTableIsEmpty) { EXPECT_EQ(parse({}).string(1000), ""); }

// Each place of a type where a name or another type stands, with one that is not there.
struct Missing {
  const char *what;
  std::vector<uint32_t> types;
  const char *error;
};

TEST_F(BtfReader, RefusesWhatDoesNotExist) {
  constexpr uint32_t kNoString = 7, kNoType = 9;
  const Missing cases[] = {
      {"name", {kNoString, info(kInt), 4, 32}, "type 1 has a name at string offset 7"},
      {"target", {0, info(kPointer), kNoType}, "type 1 refers to type 9"},
      {"element", {0, info(kArray), 0, kNoType, 1, 2}, "type 1 refers to type 9"},
      {"index of an array", {0, info(kArray), 0, 1, kNoType, 2}, "type 1 refers to type 9"},
      {"member", {0, info(kStruct, 1), 4, 0, kNoType, 0}, "type 1 refers to type 9"},
      {"member's name", {0, info(kStruct, 1), 4, kNoString, 0, 0}, "type 1 has a name at string offset 7"},
      {"enumerator", {0, info(kEnum, 1), 4, kNoString, 0}, "type 1 has a name at string offset 7"},
      {"enumerator of 64 bits", {0, info(kEnum64, 1), 8, kNoString, 0, 0}, "type 1 has a name at string offset 7"},
      {"result", {0, info(kProto), kNoType}, "type 1 refers to type 9"},
      {"parameter", {0, info(kProto, 1), 0, 0, kNoType}, "type 1 refers to type 9"},
      {"parameter's name", {0, info(kProto, 1), 0, kNoString, 0}, "type 1 has a name at string offset 7"},
      {"function", {0, info(kFunction), kNoType}, "type 1 refers to type 9"},
      {"variable", {0, info(kVariable), kNoType, 0}, "type 1 refers to type 9"},
      {"variable of a section", {0, info(kDatasec, 1), 4, kNoType, 0, 4}, "type 1 refers to type 9"},
      {"second of two", {0, info(kInt), 4, 32, 0, info(kTypedef), 3}, "type 2 refers to type 3"},
  };
  for (const Missing &test : cases) {
    std::string error;
    EXPECT_FALSE(btf_.parse(bytes_ = section(test.types), error)) << test.what;
    EXPECT_NE(error.find(test.error), error.npos) << test.what << ": " << error;
    EXPECT_TRUE(btf_.empty());
  }
}

TEST_F(BtfReader, ForwardReferencesAreFine) {
  EXPECT_EQ(parse({0, info(kTypedef), 2, 0, info(kInt), 4, 32}).size_of(1), 4u);
}

// What a header takes to write grows with the types, not with the paths through them.
TEST_F(BtfReader, HeaderOfTypesThatBranchIsBounded) {
  std::vector<uint32_t> types = {0, info(kInt), 4, 32};
  for (uint32_t id = 2; id < 60; id++) // each twice in the next: 2^58 integers
    types.insert(types.end(), {0, info(kStruct, 2), 8, 0, id - 1, 0, 0, id - 1, 32});
  types.insert(types.end(), {1, info(kStruct, 1), 8, 0, 59, 0});
  bytes_ = section(types, std::string_view("\0s\0", 3));
  std::string error;
  ASSERT_TRUE(btf_.parse(bytes_, error)) << error;
  EXPECT_LT(bpfcc::make_kernel_header(btf_, nullptr).size(), size_t{1} << 20);
}

TEST_F(BtfReader, HeaderOfOneLongNameInManyTypesIsBounded) {
  std::vector<uint32_t> types;
  for (uint32_t id = 1; id <= 4000; id++)
    types.insert(types.end(), {1, info(kStruct), 0});
  bytes_ = section(types, std::string(1, '\0') + std::string(4000, 's') + '\0');
  std::string error;
  ASSERT_TRUE(btf_.parse(bytes_, error)) << error;
  EXPECT_LT(bpfcc::make_kernel_header(btf_, nullptr).size(), size_t{5} << 20);
}

TEST_F(BtfReader, HeaderOfATagOfItselfEnds) {
  bytes_ = section({0, info(kTypeTag), 1, 0, info(kPointer), 1, 1, info(kStruct, 1), 8, 1, 2, 0},
                   std::string_view("\0t\0", 3));
  std::string error;
  ASSERT_TRUE(btf_.parse(bytes_, error)) << error;
  EXPECT_NE(bpfcc::make_kernel_header(btf_, nullptr).find("struct t { "), std::string::npos);
}

TEST_F(BtfReader, LongChainsOfArraysAndTypedefsEndTogether) {
  std::vector<uint32_t> types = {0, info(kInt), 4, 32};
  for (uint32_t id = 2; id < 80; id += 2)
    types.insert(types.end(), {0, info(kTypedef), id - 1, 0, info(kArray), 0, id, 1, 1});
  const Btf &btf = parse(types);
  EXPECT_EQ(btf.size_of(41), 4u);
  EXPECT_FALSE(btf.size_of(79));
  EXPECT_EQ(btf.element(41), 1u);
  EXPECT_EQ(btf.element(79), 0u);
}

// .BTF.ext of section "f", 8 instructions of code: function records {byte offset, type}, line records {byte
// offset, file, text, line << 10 | column}.
class BtfExtReader : public BtfReader {
protected:
  void SetUp() override {
    bytes_ = section({0, info(kProto), 0, 1, info(kFunction), 1}, std::string_view("\0f\0", 3));
    std::string error;
    ASSERT_TRUE(btf_.parse(bytes_, error)) << error;
  }
  // What is wrong with it; empty: nothing.
  std::string parse(const std::vector<uint32_t> &functions, const std::vector<uint32_t> &lines,
                    const std::vector<uint32_t> &accesses = {}) {
    std::vector<uint32_t> areas;
    auto area = [&](uint32_t record_words, const std::vector<uint32_t> &records) {
      if (records.empty())
        return 0u;
      uint32_t count = static_cast<uint32_t>(records.size()) / record_words;
      areas.insert(areas.end(), {record_words * 4, 1, count});
      areas.insert(areas.end(), records.begin(), records.end());
      return static_cast<uint32_t>(records.size() + 3) * 4;
    };
    uint32_t f = area(2, functions), l = area(4, lines), c = area(4, accesses);
    std::vector<uint32_t> words = {0x1eb9f, 32, 0, f, f, l, f + l, c};
    words.insert(words.end(), areas.begin(), areas.end());
    std::string error;
    ext_.parse(std::string(reinterpret_cast<const char *>(words.data()), words.size() * 4), btf_,
               {{"f", {{1, 8}}}}, error);
    return error;
  }
  bpfcc::BtfExt ext_;
};

TEST_F(BtfExtReader, TakesRecordsInOrder) {
  EXPECT_EQ(parse({0, 2, 32, 2}, {0, 1, 0, 1 << 10, 8, 1, 0, 2 << 10}, {16, 2, 1, 0, 8, 2, 1, 0}), "");
  EXPECT_EQ(ext_.functions.size(), 2u);
  EXPECT_EQ(ext_.core_relos[0].insn, 1u);
}

TEST_F(BtfExtReader, TheLastLineOfAnInstructionCounts) {
  EXPECT_EQ(parse({}, {0, 1, 0, 1 << 10, 0, 1, 0, 2 << 10, 8, 1, 0, 3 << 10}), "");
  ASSERT_EQ(ext_.lines.size(), 2u);
  EXPECT_EQ(ext_.lines[0].line(), 2u);
}

TEST_F(BtfExtReader, RefusesTwoRecordsOfOneFunction) {
  EXPECT_NE(parse({8, 2, 8, 2}, {}).find("a second record of one function"), std::string::npos);
}

TEST_F(BtfExtReader, RefusesFunctionsOutOfOrder) {
  EXPECT_NE(parse({8, 2, 0, 2}, {}).find("stands behind a record of a later instruction"), std::string::npos);
}

TEST_F(BtfExtReader, RefusesLinesOutOfOrder) {
  EXPECT_NE(parse({}, {8, 1, 0, 1 << 10, 0, 1, 0, 2 << 10}).find("behind a record of a later instruction"),
            std::string::npos);
}

TEST_F(BtfExtReader, RefusesTwoRelocationsOfOneInstruction) {
  EXPECT_NE(parse({}, {}, {8, 2, 1, 0, 0, 2, 1, 0, 8, 2, 1, 0}).find("two of one instruction, 0x8"),
            std::string::npos);
}

TEST_F(BtfExtReader, RefusesTypesAndStringsThatDoNotExist) {
  EXPECT_NE(parse({0, 3}, {}).find("names type 3, which does not exist"), std::string::npos);
  EXPECT_NE(parse({}, {0, 3, 0, 1 << 10}).find("names string 3, which does not exist"), std::string::npos);
  EXPECT_NE(parse({}, {0, 1, 9, 1 << 10}).find("names string 9, which does not exist"), std::string::npos);
  EXPECT_NE(parse({}, {}, {0, 3, 1, 0}).find("names type 3, which does not exist"), std::string::npos);
  EXPECT_NE(parse({}, {}, {0, 2, 5, 0}).find("names string 5, which does not exist"), std::string::npos);
}

TEST_F(BtfReader, EnumeratorOf32Bits) {
  const Btf &btf = parse({0, info(kEnum, 1), 4, 0, 0xfffffffe});
  EXPECT_EQ(btf.enumerator(btf.type(1), 0), 0xfffffffeu);
}

TEST_F(BtfReader, EnumeratorOf64Bits) {
  const Btf &btf = parse({0, info(kEnum64, 1), 8, 0, 0x9abc, 0x1234});
  EXPECT_EQ(btf.enumerator(btf.type(1), 0), 0x123400009abcu);
}

TEST_F(BtfReader, FailedParseLeavesNothing) {
  parse({0, info(kInt), 4, 32});
  std::string error;
  EXPECT_FALSE(btf_.parse("short", error));
  EXPECT_TRUE(btf_.empty());
}

} // namespace
