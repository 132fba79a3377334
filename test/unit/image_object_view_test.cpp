// SPDX-License-Identifier: MIT OR Apache-2.0
// The view of a kbpf object: what it reads, and everything that it must refuse.
#include "core/image/object_view.h"
#include "elf_builder.h"
#include "image_bytes.h"
#include "insn_builders.h"
#include <functional>
#include <gtest/gtest.h>

namespace kbpf::test {
namespace {

// A data map with contents, a hash map, and a program that refers to both.
KbpfObjectBuilder sample() {
  KbpfObjectBuilder builder;
  builder.add_map("counts", 1, 4, 8, 16);
  builder.add_data_map(".rodata", "hello, world\n", KBPF_MAP_REC_DATA | KBPF_MAP_REC_RODATA);
  builder.add_prog("on_open",
                   assemble({ld_map(R1, 0), ld_map_value(R2, 1, 7), mov64_imm(R0, 0), exit_insn()}));
  return builder;
}

void expect_refused(const std::string &bytes, std::string_view reason, Error error = Error::bad_object) {
  AlignedBytes object(bytes);
  StringSink why;
  Result<ObjectView> view = ObjectView::open(object.span(), why);
  ASSERT_FALSE(view.ok()) << "accepted";
  EXPECT_EQ(view.error(), error) << why.text();
  EXPECT_NE(why.text().find(reason), std::string::npos) << why.text();
}

TEST(ObjectView, ReadsMapsProgramsAndContents) {
  AlignedBytes object(sample().build());
  StringSink why;
  Result<ObjectView> view = ObjectView::open(object.span(), why);
  ASSERT_TRUE(view.ok()) << why.text();
  ASSERT_EQ(view->map_count(), 2u);
  EXPECT_EQ(view->string(view->map(0).name), "counts");
  EXPECT_EQ(view->map(0).value_size, 8u);
  EXPECT_TRUE(view->map_contents(0).empty());
  std::span<const std::byte> contents = view->map_contents(1);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char *>(contents.data()), contents.size()),
            "hello, world\n");
  ASSERT_EQ(view->prog_count(), 1u);
  EXPECT_EQ(view->string(view->prog(0).name), "on_open");
  ASSERT_EQ(view->prog_insns(0).size(), 6u);
  EXPECT_TRUE(view->prog_insns(0)[0].is_ld_imm64());
  EXPECT_TRUE(view->btf().empty());
}

TEST(ObjectView, ReadsInitialElementsOfMaps) {
  KbpfObjectBuilder builder = sample();
  builder.add_slot({1, 7, KBPF_SLOT_MAP, 0});
  builder.add_slot({0, 9, KBPF_SLOT_PROG, 0});
  AlignedBytes object(builder.build());
  StringSink why;
  Result<ObjectView> view = ObjectView::open(object.span(), why);
  ASSERT_TRUE(view.ok()) << why.text();
  ASSERT_EQ(view->slot_count(), 2u);
  EXPECT_EQ(view->slot(0).key, 7u);
  EXPECT_EQ(view->slot(1).kind, KBPF_SLOT_PROG);
}

TEST(ObjectView, RefusesInitialElementsOfWhatItHasNot) {
  const std::pair<kbpf_slot_record, const char *> kCases[] = {
      {{2, 0, KBPF_SLOT_MAP, 0}, "slot 0: map 2 does not exist"},
      {{0, 0, KBPF_SLOT_MAP, 2}, "slot 0: map 2 does not exist"},
      {{0, 0, KBPF_SLOT_PROG, 1}, "slot 0: program 1 does not exist"},
      {{0, 0, 3, 0}, "slot 0: kind 3 is not known"},
      {{0, 0, 0, 0}, "slot 0: kind 0 is not known"}};
  for (const auto &[record, reason] : kCases) {
    KbpfObjectBuilder builder = sample();
    builder.add_slot(record);
    expect_refused(builder.build(), reason);
  }
}

TEST(ObjectView, IsToldFromAZcoreObject) {
  StringSink why;
  AlignedBytes kbpf(sample().build());
  AlignedBytes zcore(zcore_object({mov64_imm(R0, 0), exit_insn()}, {}));
  Result<bool> first = ObjectView::is_kbpf_object(kbpf.span(), why);
  Result<bool> second = ObjectView::is_kbpf_object(zcore.span(), why);
  ASSERT_TRUE(first.ok() && second.ok()) << why.text();
  EXPECT_TRUE(*first);
  EXPECT_FALSE(*second);
}

// Every cut is refused or, where only what nobody reads is gone, still sound. The bytes lie at the end of
// their heap block, so that a step too far is seen under AddressSanitizer.
TEST(ObjectView, SurvivesACutAtEveryByte) {
  std::string whole = sample().build();
  for (size_t size = 0; size < whole.size(); size++) {
    AlignedBytes object(whole.substr(0, size));
    StringSink why;
    Result<ObjectView> view = ObjectView::open(object.span(), why);
    if (!view.ok()) {
      ASSERT_FALSE(why.text().empty()) << "cut at " << size;
      continue;
    }
    for (uint32_t i = 0; i < view->map_count(); i++)
      view->map_contents(i);
    for (uint32_t i = 0; i < view->prog_count(); i++)
      ASSERT_FALSE(view->prog_insns(i).empty());
  }
}

TEST(ObjectView, SurvivesEveryByteChanged) {
  std::string whole = sample().build();
  for (size_t at = 0; at < whole.size(); at++)
    for (int change : {0x01, 0x80, 0xff}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      AlignedBytes object(bytes);
      StringSink why;
      Result<ObjectView> view = ObjectView::open(object.span(), why);
      if (!view.ok()) {
        ASSERT_FALSE(why.text().empty()) << "byte " << at;
        continue;
      }
      uint64_t sum = 0;
      for (uint32_t i = 0; i < view->map_count(); i++)
        for (std::byte byte : view->map_contents(i))
          sum += static_cast<uint64_t>(byte);
      for (uint32_t i = 0; i < view->prog_count(); i++)
        for (const Insn &insn : view->prog_insns(i))
          sum += insn.opcode;
      ASSERT_NE(sum, ~uint64_t{0});
    }
}

TEST(ObjectView, RefusesWhatIsNoElfFile) {
  expect_refused("", "shorter than an ELF header");
  expect_refused(std::string(64, 'x'), "not an ELF file");
}

TEST(ObjectView, RefusesBytesThatAreNotAligned) {
  AlignedBytes object("x" + sample().build());
  StringSink why;
  Result<ObjectView> view = ObjectView::open(object.span().subspan(1), why);
  ASSERT_FALSE(view.ok());
  EXPECT_NE(why.text().find("not 8-byte aligned"), std::string::npos);
}

TEST(ObjectView, RefusesAnObjectBeyondTheSizeLimit) {
  std::string bytes = sample().build();
  bytes.resize(KBPF_MAX_OBJECT_SIZE);
  AlignedBytes largest(bytes);
  StringSink why;
  EXPECT_TRUE(ObjectView::open(largest.span(), why).ok()) << why.text();
  bytes.push_back('\0');
  expect_refused(bytes, "larger than", Error::too_big);
}

TEST(ObjectView, RefusesAnotherMachineTypeOrClass) {
  struct Case {
    size_t offset;
    char value;
    const char *reason;
  };
  for (const Case &c : {Case{4, 1, "64-bit"}, Case{5, 2, "little-endian"}, Case{16, 2, "relocatable"},
                        Case{18, 62, "machine"}, Case{58, 40, "section headers"}}) {
    std::string bytes = sample().build();
    bytes[c.offset] = c.value;
    expect_refused(bytes, c.reason);
  }
}

struct AbiCase {
  const char *name;
  std::function<void(kbpf_abi_record &)> change;
  const char *reason;
  Error error;
};
class ObjectViewAbi : public testing::TestWithParam<AbiCase> {};
TEST_P(ObjectViewAbi, IsRefused) {
  KbpfObjectBuilder builder = sample();
  GetParam().change(builder.abi);
  expect_refused(builder.build(), GetParam().reason, GetParam().error);
}
INSTANTIATE_TEST_SUITE_P(
    , ObjectViewAbi,
    testing::Values(AbiCase{"Magic", [](auto &r) { r.magic++; }, "magic", Error::bad_object},
                    AbiCase{"Format", [](auto &r) { r.format = 2; }, "format 2", Error::not_supported},
                    AbiCase{"Profile", [](auto &r) { r.profile = KBPF_PROFILE_LINUX; }, "profile linux",
                            Error::not_supported},
                    AbiCase{"NewerVersion", [](auto &r) { r.abi_version = KBPF_ABI_VERSION + 1; },
                            "needs ABI version", Error::not_supported},
                    AbiCase{"VersionZero", [](auto &r) { r.abi_version = 0; }, "needs ABI version 0",
                            Error::not_supported},
                    AbiCase{"Flags", [](auto &r) { r.flags |= 2; }, "reserved", Error::bad_object},
                    AbiCase{"Reserved", [](auto &r) { r.reserved = 1; }, "reserved", Error::bad_object}),
    [](const auto &info) { return std::string(info.param.name); });

struct MapCase {
  const char *name;
  std::function<void(kbpf_map_record &)> change;
  const char *reason;
};
class ObjectViewMap : public testing::TestWithParam<MapCase> {};
TEST_P(ObjectViewMap, IsRefused) {
  KbpfObjectBuilder builder;
  kbpf_map_record &map = builder.add_data_map(".data", "12345678", KBPF_MAP_REC_DATA);
  GetParam().change(map);
  builder.add_prog("p", {mov64_imm(R0, 0), exit_insn()});
  expect_refused(builder.build(), GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(
    , ObjectViewMap,
    testing::Values(MapCase{"NameOutOfTable", [](auto &r) { r.name = 100000; }, "its name"},
                    MapCase{"ReservedField", [](auto &r) { r.reserved = 1; }, "reserved"},
                    MapCase{"UnknownFlag", [](auto &r) { r.flags |= 8; }, "reserved"},
                    MapCase{"UnknownPinning", [](auto &r) { r.pinning = 2; }, "reserved"},
                    MapCase{"InnerMapOutOfTable", [](auto &r) { r.inner_map = 2; }, "inner map 2"},
                    MapCase{"InnerMapOfItself", [](auto &r) { r.inner_map = 1; }, "inner map 1"},
                    MapCase{"ContentsOutOfFile", [](auto &r) { r.init_section = 1000; }, "section 1000"},
                    MapCase{"ContentsOfAnotherSize", [](auto &r) { r.value_size = 16; }, "a value has 16"},
                    MapCase{"ContentsOfAPlainMap", [](auto &r) { r.flags = 0; }, "only a data map"}),
    [](const auto &info) { return std::string(info.param.name); });

struct ProgCase {
  const char *name;
  std::function<void(kbpf_prog_record &)> change;
  const char *reason;
  Error error = Error::bad_object;
};
class ObjectViewProg : public testing::TestWithParam<ProgCase> {};
TEST_P(ObjectViewProg, IsRefused) {
  KbpfObjectBuilder builder;
  GetParam().change(builder.add_prog("p", {mov64_imm(R0, 0), exit_insn()}));
  expect_refused(builder.build(), GetParam().reason, GetParam().error);
}
INSTANTIATE_TEST_SUITE_P(
    , ObjectViewProg,
    testing::Values(
        ProgCase{"NameOutOfTable", [](auto &r) { r.name = 100000; }, "its name"},
        ProgCase{"TargetOutOfTable", [](auto &r) { r.attach_target = 100000; }, "a name is not"},
        ProgCase{"UnknownType", [](auto &r) { r.prog_type = 99; }, "type 99", Error::not_supported},
        ProgCase{"UnknownAttachKind", [](auto &r) { r.attach_kind = 99; }, "kind 99", Error::not_supported},
        ProgCase{"UnknownFlag", [](auto &r) { r.flags = 0x80; }, "flags"},
        ProgCase{"ReservedField", [](auto &r) { r.reserved[4] = 1; }, "reserved"},
        ProgCase{"SectionZero", [](auto &r) { r.section = 0; }, "section 0"},
        ProgCase{"SectionOutOfFile", [](auto &r) { r.section = 1000; }, "section 1000"},
        ProgCase{"NoInstruction", [](auto &r) { r.insn_count = 0; }, "0 instructions"},
        ProgCase{"MoreInstructionsThanTheSection", [](auto &r) { r.insn_count = 3; }, "outside of section"},
        ProgCase{"StartBehindTheSection", [](auto &r) { r.first_insn = 0xffffffff; }, "outside of section"}),
    [](const auto &info) { return std::string(info.param.name); });

TEST(ObjectView, RefusesCodeThatNamesAMapItHasNot) {
  KbpfObjectBuilder builder;
  builder.add_map("only", 1, 4, 8, 16);
  builder.add_prog("p", assemble({ld_map(R1, 1), mov64_imm(R0, 0), exit_insn()}));
  expect_refused(builder.build(), "map 1 of 1");
}

TEST(ObjectView, RefusesAWideInstructionThatIsCutOff) {
  KbpfObjectBuilder builder;
  builder.add_prog("p", {mov64_imm(R0, 0), ld_imm64(R1, 5).first});
  expect_refused(builder.build(), "cut off");
}

TEST(ObjectView, RefusesAnObjectWithoutPrograms) {
  KbpfObjectBuilder builder;
  builder.add_map("only", 1, 4, 8, 16);
  expect_refused(builder.build(), "no program");
}

TEST(ObjectView, RefusesAPlainElfObject) {
  expect_refused(zcore_object({mov64_imm(R0, 0), exit_insn()}, {}), "section .kbpf.abi is missing");
}

} // namespace
} // namespace kbpf::test
