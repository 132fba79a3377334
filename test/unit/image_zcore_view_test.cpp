// SPDX-License-Identifier: MIT OR Apache-2.0
// The view of a plain zcore object: .text and its relocations, and what those kernels can't run.
#include "core/image/zcore_view.h"
#include "elf_builder.h"
#include "image_bytes.h"
#include "insn_builders.h"
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

const std::vector<Insn> kCode =
    assemble({ld_imm64(R1, 0), load(KBPF_SIZE_W, R1, R1, 0), mov64_imm(R0, 0), exit_insn()});

void expect_refused(const std::string &bytes, std::string_view reason, Error error) {
  AlignedBytes object(bytes);
  StringSink why;
  Result<ZcoreView> view = ZcoreView::open(object.span(), why);
  ASSERT_FALSE(view.ok()) << "accepted";
  EXPECT_EQ(view.error(), error) << why.text();
  EXPECT_NE(why.text().find(reason), std::string::npos) << why.text();
}

TEST(ZcoreView, ReadsCodeAndMapRelocations) {
  AlignedBytes object(zcore_object(kCode, {{0, "map_fd"}}));
  StringSink why;
  Result<ZcoreView> view = ZcoreView::open(object.span(), why);
  ASSERT_TRUE(view.ok()) << why.text();
  EXPECT_EQ(view->text().size(), kCode.size());
  ASSERT_EQ(view->reloc_count(), 1u);
  Result<ZcoreView::MapReloc> reloc = view->reloc(0);
  ASSERT_TRUE(reloc.ok());
  EXPECT_EQ(reloc->insn, 0u);
  EXPECT_EQ(reloc->symbol, "map_fd");
  EXPECT_FALSE(reloc->is_64_32);
  EXPECT_FALSE(view->reloc(1).ok());
}

TEST(ZcoreView, ReadsAnObjectWithoutRelocations) {
  AlignedBytes object(zcore_object({mov64_imm(R0, 0), exit_insn()}, {}));
  StringSink why;
  Result<ZcoreView> view = ZcoreView::open(object.span(), why);
  ASSERT_TRUE(view.ok()) << why.text();
  EXPECT_EQ(view->reloc_count(), 0u);
}

TEST(ZcoreView, SurvivesACutAtEveryByteAndEveryByteChanged) {
  std::string whole = zcore_object(kCode, {{0, "map_fd"}});
  auto read_all = [](const std::string &bytes) {
    AlignedBytes object(bytes);
    StringSink why;
    Result<ZcoreView> view = ZcoreView::open(object.span(), why);
    if (!view.ok()) {
      EXPECT_FALSE(why.text().empty());
      return;
    }
    for (uint32_t i = 0; i < view->reloc_count(); i++) {
      Result<ZcoreView::MapReloc> reloc = view->reloc(i);
      ASSERT_TRUE(reloc.ok());
      EXPECT_LT(reloc->insn, view->text().size());
    }
  };
  for (size_t size = 0; size < whole.size(); size++)
    read_all(whole.substr(0, size));
  for (size_t at = 0; at < whole.size(); at++)
    for (int change : {0x01, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      read_all(bytes);
    }
}

TEST(ZcoreView, RefusesARelocationBehindTheCode) {
  expect_refused(zcore_object(kCode, {{100, "map_fd"}}), "no instruction", Error::bad_object);
}
TEST(ZcoreView, RefusesAMapRelocationOnAnotherInstruction) {
  expect_refused(zcore_object(kCode, {{2, "map_fd"}}), "no ld_imm64", Error::bad_object);
}
TEST(ZcoreView, RefusesACallRelocationOnAnotherInstruction) {
  expect_refused(zcore_object(kCode, {{0, "map_fd", 10}}), "no call", Error::bad_object);
}
TEST(ZcoreView, RefusesAnUnknownRelocation) {
  expect_refused(zcore_object(kCode, {{0, "map_fd", 2}}), "type 2", Error::not_supported);
}
TEST(ZcoreView, RefusesAnOffsetFromAMap) {
  std::vector<Insn> code = kCode;
  code[0].imm = 4;
  expect_refused(zcore_object(code, {{0, "map_fd"}}), "an offset from the map symbol map_fd",
                 Error::not_supported);
}
TEST(ZcoreView, RefusesCodeInAnotherSection) {
  ElfBuilder elf;
  constexpr uint64_t kAllocExec = 6;
  elf.add_section(".text", 1, kAllocExec, bytes_of(kCode));
  elf.add_section("kprobe/f", 1, kAllocExec, bytes_of(kCode));
  expect_refused(elf.build(), "code in section kprobe/f", Error::not_supported);
}
TEST(ZcoreView, RefusesAnObjectWithoutCode) {
  ElfBuilder elf;
  elf.add_section(".data", 1, 2, "12345678");
  expect_refused(elf.build(), ".text is missing", Error::bad_object);
}
TEST(ZcoreView, RefusesAnEmptyText) {
  ElfBuilder elf;
  elf.add_section(".text", 1, 6, "");
  expect_refused(elf.build(), ".text is empty", Error::bad_object);
}
TEST(ZcoreView, RefusesHalfAnInstruction) {
  ElfBuilder elf;
  elf.add_section(".text", 1, 6, bytes_of(kCode) + "1234");
  expect_refused(elf.build(), "whole, aligned instructions", Error::bad_object);
}

} // namespace
} // namespace kbpf::test
