// SPDX-License-Identifier: MIT OR Apache-2.0
// The reader of .BTF on types that no compiler writes: cycles, overflows, ids and offsets that do not exist.
#include "bpfcc/relocator/btf.h"
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
constexpr uint32_t kInt = 1, kPointer = 2, kArray = 3, kTypedef = 8, kEnum = 6, kEnum64 = 19;

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
