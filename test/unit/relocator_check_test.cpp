// SPDX-License-Identifier: MIT OR Apache-2.0
// The checker of BTF sees each thing that can be wrong: every test spoils one word of a sound object.
#include "bpfcc/relocator/check_btf.h"
#include "bpfcc/relocator/static_linker.h"
#include "relocator_fixture.h"
#include <cstring>

using namespace bpfcc;
using namespace bpfcc::test;

namespace {

constexpr uint32_t kExtHeader = 32, kFunctions = 8, kLines = 16, kAccesses = 24; // offsets in .BTF.ext

class BtfCheck : public testing::Test {
protected:
  void use(std::string bytes, BtfOrigin origin) {
    bytes_ = std::move(bytes);
    origin_ = origin;
    ASSERT_FALSE(bytes_.empty());
    EXPECT_EQ(faults(), "");
  }
  void use_finished() { use(relocate(kbpf::kKbpfProfile, seed("two-probes.o")), BtfOrigin::finished); }
  // Two objects, the second of them with accesses of kernel structures.
  void use_linked() {
    std::ifstream file(std::string(RELOCATOR_SEEDS) + "/../linker/weak-static-core", std::ios::binary);
    std::string pair{std::istreambuf_iterator<char>(file), {}};
    uint16_t first;
    ASSERT_GT(pair.size(), sizeof first);
    memcpy(&first, pair.data(), sizeof first);
    std::string_view objects = std::string_view(pair).substr(sizeof first);
    const LinkInput inputs[] = {{"a.o", objects.substr(0, first)}, {"b.o", objects.substr(first)}};
    Diagnostics diag(false);
    use(link_objects(inputs, diag), BtfOrigin::linker);
  }

  // All faults, a line each.
  std::string faults() {
    RelocatorOptions options;
    options.input_name = "object.o";
    Diagnostics diag(false);
    Image image(options, diag);
    read_elf(image, bytes_);
    if (diag.errors())
      return "unreadable";
    std::string out;
    for (const std::string &fault : check_btf(image, origin_))
      out += fault + "\n";
    return out;
  }
  void expect_fault(std::string_view part) {
    std::string found = faults();
    EXPECT_NE(found.find(part), std::string::npos) << "faults: " << found;
  }

  size_t section(std::string_view name) {
    RelocatorOptions options;
    Diagnostics diag(false);
    Image image(options, diag);
    read_elf(image, bytes_);
    for (const Section &candidate : image.sections)
      if (candidate.name == name)
        return static_cast<size_t>(candidate.contents.data() - bytes_.data());
    ADD_FAILURE() << "no section " << name;
    return 0;
  }
  uint32_t &word(size_t offset) { return *reinterpret_cast<uint32_t *>(bytes_.data() + offset); }
  // Record index of the first block of an area of .BTF.ext.
  size_t record(uint32_t area, uint32_t index) {
    size_t ext = section(".BTF.ext");
    size_t at = ext + kExtHeader + word(ext + area);
    EXPECT_LT(index, word(at + 8));
    return at + 12 + size_t{index} * word(at);
  }
  // The first type of a kind, by its words in .BTF; skip: so many of them first.
  size_t type(uint32_t kind, unsigned skip = 0) {
    RelocatorOptions options;
    Diagnostics diag(false);
    Image image(options, diag);
    read_elf(image, bytes_);
    for (uint32_t id = 1; id < image.btf.count(); id++)
      if (static_cast<uint32_t>(image.btf.type(id).kind) == kind && skip-- == 0)
        return section(".BTF") + image.btf.type(id).extra - 12;
    ADD_FAILURE() << "no type of kind " << kind;
    return 0;
  }

  std::string bytes_;
  BtfOrigin origin_ = BtfOrigin::finished;
};

TEST_F(BtfCheck, SeesFunctionInformationOffAFunction) {
  use_finished();
  word(record(kFunctions, 0)) += 8;
  expect_fault("where no function starts");
  expect_fault("has lines and no function information");
}

TEST_F(BtfCheck, SeesFunctionInformationOfAnotherFunction) {
  use_finished();
  std::swap(word(record(kFunctions, 0) + 4), word(record(kFunctions, 1) + 4));
  expect_fault(" has type ");
}

TEST_F(BtfCheck, SeesFunctionInformationThatIsNoFunction) {
  use_finished();
  word(record(kFunctions, 0) + 4) = 1;
  expect_fault(" has type 1, ");
}

TEST_F(BtfCheck, SeesAFirstLineBehindTheStartOfItsFunction) {
  use_finished();
  word(record(kLines, 0)) += 16;
  expect_fault("not at its start");
}

TEST_F(BtfCheck, SeesALineInTheMiddleOfAnInstruction) {
  use_linked(); // its first program begins with a wide load
  size_t lines = section(".BTF.ext") + kExtHeader + word(section(".BTF.ext") + kLines);
  bool seen = false;
  for (uint32_t i = 0; i < word(lines + 8) && !seen; i++) {
    size_t at = record(kLines, i);
    uint32_t before = word(at);
    word(at) = before + 8;
    seen = faults().find("in the middle of an instruction") != std::string::npos;
    word(at) = before;
  }
  EXPECT_TRUE(seen);
}

TEST_F(BtfCheck, SeesALineWithoutAFile) {
  use_finished();
  word(record(kLines, 0) + 4) = 0;
  expect_fault("names no file");
}

TEST_F(BtfCheck, SeesAnAccessOfWhatIsNotThere) {
  use_linked();
  word(record(kAccesses, 0) + 4) = 1;
  expect_fault("CO-RE relocation at kprobe/f+");
}

TEST_F(BtfCheck, SeesAnAccessInTheMiddleOfAnInstruction) {
  use_linked();
  size_t at = record(kAccesses, 0);
  bool seen = false;
  for (word(at) = 0; word(at) < 128 && !seen; word(at) += 8)
    seen = faults().find("where no instruction of a function is") != std::string::npos;
  EXPECT_TRUE(seen);
}

TEST_F(BtfCheck, SeesATypeThatIsThereTwice) {
  use_finished();
  constexpr uint32_t kInt = 1;
  memcpy(&word(type(kInt, 1)), &word(type(kInt, 0)), 16);
  expect_fault("is there a second time");
}

TEST_F(BtfCheck, SeesATypeThatIsThereForNothing) {
  use_finished();
  constexpr uint32_t kDatasec = 15;
  size_t at = type(kDatasec);
  ASSERT_GE(word(at + 4) & 0xffff, 1u);
  word(at + 12) = 1; // the variable was something else
  expect_fault("is there for nothing");
}

TEST_F(BtfCheck, SeesASectionOfAnotherSize) {
  use_finished();
  constexpr uint32_t kDatasec = 15;
  for (unsigned skip = 0; skip < 3; skip++)
    word(type(kDatasec, skip) + 8) += 4;
  expect_fault("bytes, its type says");
}

TEST_F(BtfCheck, SeesAVariableOutsideOfItsSection) {
  use_finished();
  constexpr uint32_t kDatasec = 15;
  for (unsigned skip = 0; skip < 3; skip++)
    word(type(kDatasec, skip) + 16) = 4096;
  expect_fault("behind or outside of what comes before");
}

TEST_F(BtfCheck, SeesWhatTheKernelRefuses) {
  use_finished();
  constexpr uint32_t kPointer = 2;
  word(type(kPointer)) = 1; // a pointer has no name
  expect_fault("the kernel's reader refuses");
}

TEST_F(BtfCheck, SeesAMapOfOtherTypes) {
  use_finished();
  for (size_t at = section(KBPF_SEC_MAPS); at < section(KBPF_SEC_MAPS) + 4 * sizeof(kbpf_map_record);
       at += sizeof(kbpf_map_record))
    if (word(at + offsetof(kbpf_map_record, btf_value_type)))
      word(at + offsetof(kbpf_map_record, value_size)) = 3;
  expect_fault(" has values of 3 bytes");
}

TEST_F(BtfCheck, SeesAProgramOfNoFunction) {
  use_finished();
  word(section(KBPF_SEC_PROGS) + offsetof(kbpf_prog_record, func_btf_id)) = 1;
  expect_fault("which is no function");
}

} // namespace
