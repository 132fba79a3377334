// SPDX-License-Identifier: MIT OR Apache-2.0
// Memory for machine code: shared pages, their protection, what is in them, and what is left when memory
// fails.
#include "kernel/code_memory.h"
#include "kernel_fixture.h"
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace kbpf::test {
namespace {

class CodeMemoryTest : public KernelTest {
protected:
  static Result<CodeMemory> make(size_t bytes, uint8_t fill) {
    Arena scratch(port_block_source(), 1 << 20);
    Result<CodeMemory> memory = CodeMemory::create(bytes, scratch);
    if (!memory.ok())
      return memory;
    memset(memory->draft().data(), fill, bytes);
    if (Result<void> published = memory->publish(); !published.ok())
      return published.error();
    return memory;
  }
  static bool holds(const CodeMemory &memory, size_t bytes, uint8_t fill) {
    for (size_t i = 0; i < bytes; i++)
      if (memory.data()[i] != std::byte{fill})
        return false;
    return true;
  }
  static std::string protection_of(const void *address) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      uintptr_t first = 0, end = 0;
      char dash = 0;
      std::string flags;
      std::istringstream(line) >> std::hex >> first >> dash >> end >> flags;
      if (reinterpret_cast<uintptr_t>(address) >= first && reinterpret_cast<uintptr_t>(address) < end)
        return flags.substr(0, 3);
    }
    return "";
  }
};

TEST_F(CodeMemoryTest, SmallProgramsSharePages) {
  std::vector<CodeMemory> all;
  for (unsigned i = 0; i < 100; i++) {
    Result<CodeMemory> memory = make(100, static_cast<uint8_t>(i + 1));
    ASSERT_TRUE(memory.ok());
    EXPECT_EQ(memory->taken(), 128u);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory->data()) % CodeMemory::kGranule, 0u);
    all.push_back(std::move(*memory));
  }
  EXPECT_EQ(code_pack_count(), 1u);
  for (unsigned i = 0; i < 100; i++) {
    EXPECT_TRUE(holds(all[i], 100, static_cast<uint8_t>(i + 1)));
    EXPECT_EQ(protection_of(all[i].data()), "r-x");
  }
}

TEST_F(CodeMemoryTest, ALargeProgramHasPagesOfItsOwn) {
  const size_t bytes = CodeMemory::kLargestShared + 1;
  Result<CodeMemory> memory = make(bytes, 7);
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(code_pack_count(), 0u);
  EXPECT_EQ(memory->taken() % kPageSize, 0u);
  EXPECT_TRUE(holds(*memory, bytes, 7));
  EXPECT_EQ(protection_of(memory->data()), "r-x");
}

TEST_F(CodeMemoryTest, RoomThatIsGivenBackIsZeroAndTakenAgain) {
  Result<CodeMemory> first = make(64, 1), second = make(200, 2), third = make(64, 3);
  ASSERT_TRUE(first.ok() && second.ok() && third.ok());
  std::byte *room = second->data();
  *second = CodeMemory();
  for (size_t i = 0; i < 256; i++)
    ASSERT_EQ(room[i], std::byte{0});
  EXPECT_TRUE(holds(*first, 64, 1) && holds(*third, 64, 3));
  Result<CodeMemory> again = make(256, 4), behind = make(64, 5);
  ASSERT_TRUE(again.ok() && behind.ok());
  EXPECT_EQ(again->data(), room);
  EXPECT_GT(behind->data(), third->data());
  EXPECT_EQ(code_pack_count(), 1u);
}

TEST_F(CodeMemoryTest, PacksEndWithTheirLastProgram) {
  std::vector<CodeMemory> all;
  for (unsigned i = 0; i < 6; i++) {
    Result<CodeMemory> memory = make(CodeMemory::kLargestShared, 1);
    ASSERT_TRUE(memory.ok());
    all.push_back(std::move(*memory));
  }
  EXPECT_EQ(code_pack_count(), 3u);
  all.erase(all.begin() + 2, all.begin() + 4);
  EXPECT_EQ(code_pack_count(), 2u);
  all.clear();
  EXPECT_EQ(code_pack_count(), 0u);
}

TEST_F(CodeMemoryTest, EveryAllocationMayFail) {
  const size_t before = hostport::live_allocations();
  for (size_t bytes : {size_t{64}, CodeMemory::kLargestShared + 1}) {
    bool worked = false;
    for (int64_t nth = 0; !worked; nth++) {
      ASSERT_LT(nth, 20);
      hostport::fail_allocation(nth);
      {
        Result<CodeMemory> memory = make(bytes, 1);
        worked = memory.ok();
        if (!worked)
          EXPECT_EQ(memory.error(), Error::no_memory);
      }
      hostport::fail_allocation(-1);
      EXPECT_EQ(hostport::live_allocations(), before);
      EXPECT_EQ(code_pack_count(), 0u);
    }
  }
}

} // namespace
} // namespace kbpf::test
