// SPDX-License-Identifier: MIT OR Apache-2.0
// Which BTF is accepted, and what is said of the rest.
#include "btf_builder.h"
#include "core/btf/check.h"
#include <cstdlib>
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

class StringSink final : public TextSink {
public:
  void append(std::string_view more) override { text += more; }
  std::string text;
};

BlockSource heap() {
  return {[](void *, size_t size) { return malloc(size); }, [](void *, void *block, size_t) { free(block); },
          nullptr};
}

class BtfCheck : public testing::Test {
protected:
  // 0, or the errno; log_ then holds the reason.
  int check(const std::string &bytes) {
    log_.text.clear();
    Result<Btf> parsed = Btf::parse(std::as_bytes(std::span(bytes)), arena_, &log_);
    if (!parsed.ok())
      return to_errno(parsed.error());
    btf_ = *parsed;
    Result<void> checked = check_references(btf_, arena_, &log_);
    return checked.ok() ? 0 : to_errno(checked.error());
  }
  int check(const BtfBuilder &builder) { return check(bytes_ = builder.build()); }
  void expect_refused(const BtfBuilder &builder, const std::string &why, int error = EINVAL) {
    EXPECT_EQ(check(builder), error);
    EXPECT_NE(log_.text.find(why), std::string::npos) << log_.text;
  }

  Arena arena_{heap(), 1u << 24};
  StringSink log_;
  Btf btf_;
  std::string bytes_;
  BtfBuilder b_;
};

TEST_F(BtfCheck, OrdinaryTypesAreAccepted) {
  uint32_t integer = b_.integer();
  uint32_t pair = b_.structure("pair", 16, {{"first", integer, 0}, {"rest", b_.next_id() + 1, 64}});
  b_.pointer(pair);
  uint32_t list = b_.add(KBPF_BTF_KIND_TYPEDEF, "list", b_.array(integer, integer, 10));
  b_.function("f", b_.prototype(0, {{"p", pair + 1}, {"n", integer}}));
  ASSERT_EQ(check(b_), 0) << log_.text;
  EXPECT_EQ(btf_.find("pair", BtfKind::structure), pair);
  EXPECT_EQ(*size_of(btf_, list), 40u);
  EXPECT_EQ(btf_.name(btf_.type(pair)), "pair");
}

TEST_F(BtfCheck, AStructMayPointToItself) {
  b_.integer();
  b_.structure("node", 8, {{"next", b_.next_id() + 1, 0}});
  b_.pointer(2);
  EXPECT_EQ(check(b_), 0) << log_.text;
}

TEST_F(BtfCheck, AStructMayNotContainItself) {
  b_.structure("knot", 8, {{"self", 1, 0}});
  expect_refused(b_, "Loop detected", EEXIST);
}

TEST_F(BtfCheck, AStructMayNotContainItselfThroughATypedefThatAPointerResolved) {
  b_.pointer(2);                               // 1, which resolves 2 and stops at the array
  b_.add(KBPF_BTF_KIND_TYPEDEF, "several", 3); // 2
  b_.array(4, 5, 2);                           // 3
  b_.structure("knot", 8, {{"inside", 2, 0}}); // 4
  b_.integer();                                // 5
  expect_refused(b_, "Loop detected", EEXIST);
}

TEST_F(BtfCheck, ARingOfTypedefsIsRefused) {
  b_.add(KBPF_BTF_KIND_TYPEDEF, "a", 2);
  b_.add(KBPF_BTF_KIND_TYPEDEF, "b", 1);
  expect_refused(b_, "Loop detected", EEXIST);
}

TEST_F(BtfCheck, ARingOfPointersIsRefused) {
  b_.pointer(2);
  b_.add(KBPF_BTF_KIND_CONST, "", 1);
  expect_refused(b_, "Loop detected", EEXIST);
}

TEST_F(BtfCheck, AChainOf32IsAcceptedAndOneMoreRefused) {
  for (uint32_t length : {32u, 33u}) {
    BtfBuilder chain;
    for (uint32_t i = 1; i < length; i++)
      chain.pointer(i + 1);
    chain.pointer(0);
    EXPECT_EQ(check(chain), length == 32 ? 0 : E2BIG) << log_.text;
  }
}

TEST_F(BtfCheck, AMemberBeyondItsStructIsRefused) {
  b_.integer("long", 8);
  b_.structure("s", 8, {{"x", 1, 32}});
  expect_refused(b_, "Member exceeds struct_size");
}

TEST_F(BtfCheck, MembersComeInTheirOrder) {
  b_.integer();
  b_.structure("s", 8, {{"x", 1, 32}, {"y", 1, 0}});
  expect_refused(b_, "Invalid member bits_offset");
}

TEST_F(BtfCheck, AnArrayLargerThanABlobCanDescribeIsRefused) {
  b_.integer();
  b_.array(1, 1, 1u << 30);
  expect_refused(b_, "Array size overflows u32");
}

TEST_F(BtfCheck, AReferenceToNothingIsRefused) {
  b_.add(KBPF_BTF_KIND_TYPEDEF, "t", 9);
  expect_refused(b_, "Invalid type_id");
}

TEST_F(BtfCheck, AVariableIsNoMember) {
  b_.integer();
  b_.add(KBPF_BTF_KIND_VAR, "v", 1, {0});
  b_.structure("s", 8, {{"x", 2, 0}});
  expect_refused(b_, "Invalid member");
}

TEST_F(BtfCheck, ANameIsAnIdentifier) {
  b_.add(KBPF_BTF_KIND_FWD, "a b", 0);
  expect_refused(b_, "Invalid name");
}

TEST_F(BtfCheck, ASectionsVariableFitsWhereItLies) {
  b_.integer("long", 8);
  b_.add(KBPF_BTF_KIND_VAR, "v", 1, {1});
  b_.add(KBPF_BTF_KIND_DATASEC, ".bss", 8, {2, 0, 4}, 1);
  expect_refused(b_, "Invalid size");
}

TEST_F(BtfCheck, AnUnknownKindIsRefused) {
  b_.add(20, "", 0);
  expect_refused(b_, "Invalid kind:20");
}

TEST_F(BtfCheck, AFunctionNeedsAPrototype) {
  b_.integer();
  b_.function("f", 1);
  expect_refused(b_, "Invalid type_id");
}

TEST_F(BtfCheck, AnUnknownVersionIsNotSupported) {
  b_.integer();
  kbpf_btf_header header = b_.header();
  header.version = 2;
  EXPECT_EQ(check(bytes_ = b_.build(header)), 524);
}

TEST_F(BtfCheck, SectionsMayNotOverlap) {
  b_.integer();
  kbpf_btf_header header = b_.header();
  header.str_off -= 4;
  header.str_len += 4;
  EXPECT_EQ(check(bytes_ = b_.build(header)), EINVAL);
  EXPECT_NE(log_.text.find("Section overlap found"), std::string::npos) << log_.text;
}

TEST_F(BtfCheck, EveryCutOfABlobIsRefused) {
  uint32_t integer = b_.integer();
  b_.structure("pair", 8, {{"first", integer, 0}, {"second", integer, 32}});
  const std::string whole = b_.build();
  for (size_t size = 0; size < whole.size(); size++)
    EXPECT_NE(check(bytes_ = whole.substr(0, size)), 0) << size;
}

} // namespace
} // namespace kbpf::test
