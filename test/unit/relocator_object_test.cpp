// SPDX-License-Identifier: MIT OR Apache-2.0
// What the relocator writes, read back with the kernel's own readers. Inputs are the seeds of its fuzz
// target: two-probes.o has a map, .data, .rodata, .bss and two programs that share a function; plain-zcore.o
// is plain clang's.
#include "core/image/object_view.h"
#include "core/image/zcore_view.h"
#include "relocator_fixture.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace bpfcc;
using namespace bpfcc::test;

namespace {

// Bytes at an aligned address, as readers want them.
class Aligned {
public:
  explicit Aligned(const std::string &bytes) : words_((bytes.size() + 7) / 8), size_(bytes.size()) {
    memcpy(words_.data(), bytes.data(), bytes.size());
  }
  std::span<const std::byte> span() const {
    return std::span(reinterpret_cast<const std::byte *>(words_.data()), size_);
  }

private:
  std::vector<uint64_t> words_;
  size_t size_;
};

class KbpfObject : public testing::Test {
protected:
  KbpfObject() : bytes_(relocate(kbpf::kKbpfProfile, seed("two-probes.o"))), aligned_(bytes_) {}
  kbpf::ObjectView view() {
    char why[256];
    kbpf::TextBuffer sink(why, sizeof why);
    auto opened = kbpf::ObjectView::open(aligned_.span(), sink);
    if (!opened.ok()) {
      ADD_FAILURE() << why;
      std::abort();
    }
    return *opened;
  }
  uint32_t map_named(const kbpf::ObjectView &object, std::string_view name) {
    for (uint32_t i = 0; i < object.map_count(); i++)
      if (object.string(object.map(i).name) == name)
        return i;
    ADD_FAILURE() << "no map " << name;
    return 0;
  }
  std::string bytes_;
  Aligned aligned_;
};

TEST_F(KbpfObject, AbiRecordNamesProfileLicenceAndTables) {
  kbpf::ObjectView object = view();
  EXPECT_EQ(object.abi().profile, KBPF_PROFILE_KBPF);
  EXPECT_EQ(object.abi().abi_version, 1u);
  EXPECT_EQ(object.abi().tables_digest, kbpf::kKbpfProfile.tables_digest);
  EXPECT_TRUE(object.gpl_compatible());
}

TEST_F(KbpfObject, DefinedMapHasItsAttributes) {
  kbpf::ObjectView object = view();
  kbpf_map_record map = object.map(map_named(object, "m"));
  EXPECT_EQ(map.type, 1u);
  EXPECT_EQ(map.key_size, 4u);
  EXPECT_EQ(map.value_size, 8u);
  EXPECT_EQ(map.max_entries, 8u);
  EXPECT_EQ(map.map_flags, 1u);
  EXPECT_EQ(map.pinning, 1u);
  EXPECT_EQ(map.flags, 0u);
  EXPECT_NE(map.btf_key_type, 0u);
  EXPECT_NE(map.btf_value_type, 0u);
}

TEST_F(KbpfObject, DataSectionsHaveTheirBytes) {
  kbpf::ObjectView object = view();
  uint32_t data = map_named(object, ".data");
  EXPECT_EQ(object.map(data).flags, KBPF_MAP_REC_DATA);
  ASSERT_EQ(object.map_contents(data).size(), 4u);
  EXPECT_EQ(object.map_contents(data)[0], std::byte{7});
  uint32_t constants = map_named(object, ".rodata");
  EXPECT_EQ(object.map(constants).flags, KBPF_MAP_REC_DATA | KBPF_MAP_REC_RODATA);
  EXPECT_EQ(object.map_contents(constants)[0], std::byte{5});
}

TEST_F(KbpfObject, BssHasNoBytes) {
  kbpf::ObjectView object = view();
  uint32_t bss = map_named(object, ".bss");
  EXPECT_EQ(object.map(bss).value_size, 4u);
  EXPECT_EQ(object.map(bss).init_section, 0u);
  EXPECT_TRUE(object.map_contents(bss).empty());
}

TEST_F(KbpfObject, ProgramRecordsSayWhatSecSaid) {
  kbpf::ObjectView object = view();
  ASSERT_EQ(object.prog_count(), 2u);
  kbpf_prog_record first = object.prog(0), second = object.prog(1);
  EXPECT_EQ(object.string(first.name), "p1");
  EXPECT_EQ(object.string(first.section_name), "kprobe/f");
  EXPECT_EQ(object.string(first.attach_target), "f");
  EXPECT_EQ(first.attach_kind, 0u);
  EXPECT_EQ(first.prog_type, 2u);
  EXPECT_EQ(first.flags, 0u);
  EXPECT_NE(first.func_btf_id, 0u);
  EXPECT_EQ(object.string(second.section_name), "kretprobe/g");
  EXPECT_EQ(second.attach_kind, 2u);
  EXPECT_EQ(second.flags, KBPF_PROG_REC_NO_AUTOLOAD);
}

TEST_F(KbpfObject, CallsLeadToTheCopyBehindTheProgram) {
  kbpf::ObjectView object = view();
  for (uint32_t i = 0; i < object.prog_count(); i++) {
    std::span<const kbpf::Insn> insns = object.prog_insns(i);
    unsigned calls = 0;
    for (size_t at = 0; at < insns.size(); at++) {
      if (!insns[at].is_call() || insns[at].src() != KBPF_PSEUDO_CALL)
        continue;
      calls++;
      size_t target = at + 1 + static_cast<size_t>(insns[at].imm);
      ASSERT_LT(target, insns.size());
      EXPECT_TRUE(insns[target - 1].is_exit()) << "the callee starts behind the end of another function";
    }
    EXPECT_EQ(calls, 1u);
  }
}

// A finished object, read again for its functions and records. The passes after read_elf take none; their
// messages about it are of no interest here.
void read_again(Image &image, const std::string &bytes) {
  testing::internal::CaptureStderr();
  read_elf(image, bytes);
  collect_programs(image);
  testing::internal::GetCapturedStderr();
}

TEST_F(KbpfObject, FunctionRecordsPointAtTheFunctionsThatTheyName) {
  RelocatorOptions options;
  Diagnostics diag(false);
  Image image(options, diag);
  read_again(image, bytes_);
  ASSERT_EQ(image.functions.size(), 4u); // p1 and st, p2 and st
  ASSERT_EQ(image.btf_ext.functions.size(), 4u);
  for (size_t i = 0; i < image.functions.size(); i++) {
    const Function &function = image.functions[i];
    EXPECT_EQ(image.btf_ext.functions[i].section, function.section);
    EXPECT_EQ(image.btf_ext.functions[i].insn, function.first);
    EXPECT_EQ(image.btf.type(image.btf_ext.functions[i].type).name, function.name);
  }
}

TEST_F(KbpfObject, EveryFunctionBeginsWithALine) {
  RelocatorOptions options;
  Diagnostics diag(false);
  Image image(options, diag);
  read_again(image, bytes_);
  for (const Function &function : image.functions) {
    const LineInfo *line = image.btf_ext.line_at(function.section, function.first);
    ASSERT_NE(line, nullptr);
    EXPECT_EQ(line->insn, function.first);
    std::string_view text = image.btf.string(line->text);
    EXPECT_NE(text.find(std::string(function.name) + "("), std::string_view::npos) << text;
  }
}

TEST(ZcoreObject, MapSymbolStaysForTheLoader) {
  Aligned object(relocate(kbpf::kZcoreProfile, seed("plain-zcore.o")));
  char why[256];
  kbpf::TextBuffer sink(why, sizeof why);
  auto view = kbpf::ZcoreView::open(object.span(), sink);
  ASSERT_TRUE(view.ok()) << why;
  ASSERT_EQ(view->reloc_count(), 1u);
  auto reloc = view->reloc(0);
  ASSERT_TRUE(reloc.ok());
  EXPECT_EQ(reloc->symbol, "map_fd");
  EXPECT_TRUE(view->text()[reloc->insn].is_ld_imm64());
}

TEST(ZcoreObject, RecordsItsProfileAndIsToldFromAKbpfObject) {
  Aligned object(relocate(kbpf::kZcoreProfile, seed("plain-zcore.o")));
  char why[256];
  kbpf::TextBuffer sink(why, sizeof why);
  auto is_kbpf = kbpf::ObjectView::is_kbpf_object(object.span(), sink);
  ASSERT_TRUE(is_kbpf.ok()) << why;
  EXPECT_FALSE(*is_kbpf);
  auto elf = kbpf::elf::ElfView::open(object.span(), sink);
  ASSERT_TRUE(elf.ok()) << why;
  auto section = elf->find(KBPF_SEC_ABI);
  ASSERT_TRUE(section.ok() && *section);
  auto record = (*section)->bytes.read<kbpf_abi_record>(0);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->magic, KBPF_OBJECT_MAGIC);
  EXPECT_EQ(record->profile, KBPF_PROFILE_ZCORE);
  EXPECT_EQ(record->abi_version, 1u);
}

TEST(Reader, RefusesEveryTruncationWithOneError) {
  for (const char *name : {"two-probes.o", "plain-zcore.o", "linux-only.o"}) {
    std::string whole = seed(name);
    testing::internal::CaptureStderr();
    for (size_t size = 0; size < whole.size(); size++) {
      std::string cut = whole.substr(0, size); // a copy of its own, so that a sanitizer sees its end
      unsigned errors = 0;
      relocate(kbpf::kLinuxProfile, cut, &errors);
      ASSERT_EQ(errors, 1u) << name << " cut to " << size;
    }
    testing::internal::GetCapturedStderr();
  }
}

} // namespace
