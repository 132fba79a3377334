// SPDX-License-Identifier: MIT OR Apache-2.0
// The areas of an address space: what is where after pieces were cut out, and where the next one goes.
#include "refkernel/mm/area_list.h"
#include <gtest/gtest.h>
#include <string>

namespace refkernel {

static long live_files;

namespace {

class File final : public PageSource {
public:
  File() { live_files++; }
  ~File() { live_files--; }
  kbpf::Result<Page *> page(uint64_t) override { return kbpf::Error::out_of_range; }
  void dispose() override { free_object(this); }
};

Area area(uintptr_t first_page, uintptr_t end_page, uint32_t prot = kProtRead,
          Ref<PageSource> source = nullptr, uint64_t offset = 0) {
  return {first_page * kPageSize, end_page * kPageSize, prot, false, false, source, offset};
}

std::string text(const AreaList &list) { // "16-20:1 24-25:3", in pages, with the protection
  std::string result;
  for (Area *at = list.first(); at; at = at->next)
    result += (result.empty() ? "" : " ") + std::to_string(at->start / kPageSize) + "-" +
              std::to_string(at->end / kPageSize) + ":" + std::to_string(at->prot);
  return result;
}

void cut(AreaList &list, uintptr_t first_page, uintptr_t end_page) {
  ASSERT_TRUE(list.split(first_page * kPageSize, end_page * kPageSize).ok());
  list.remove(first_page * kPageSize, end_page * kPageSize);
}

TEST(AreaList, StaysSortedWhateverTheOrderOfInsertion) {
  AreaList list;
  ASSERT_TRUE(list.insert(area(40, 50)).ok());
  ASSERT_TRUE(list.insert(area(16, 20)).ok());
  ASSERT_TRUE(list.insert(area(30, 31)).ok());
  EXPECT_EQ("16-20:1 30-31:1 40-50:1", text(list));
}

TEST(AreaList, LengthensALikeNeighbourOnly) {
  AreaList list;
  ASSERT_TRUE(list.insert(area(16, 20)).ok());
  ASSERT_TRUE(list.insert(area(20, 24)).ok());
  ASSERT_TRUE(list.insert(area(24, 28, kProtWrite)).ok());
  EXPECT_EQ("16-24:1 24-28:2", text(list));
}

TEST(AreaList, DoesNotJoinFileAreasWhoseOffsetsAreApart) {
  AreaList list;
  Ref<PageSource> file = Ref<PageSource>::adopt(try_make<File>());
  ASSERT_TRUE(list.insert(area(16, 18, kProtRead, file, 0)).ok());
  ASSERT_TRUE(list.insert(area(18, 20, kProtRead, file, 5 * kPageSize)).ok());
  EXPECT_EQ("16-18:1 18-20:1", text(list));
  ASSERT_TRUE(list.insert(area(20, 21, kProtRead, file, 7 * kPageSize)).ok());
  EXPECT_EQ("16-18:1 18-21:1", text(list));
}

TEST(AreaList, CutFromTheMiddleKeepsBothEndsAndTheirOffsets) {
  AreaList list;
  Ref<PageSource> file = Ref<PageSource>::adopt(try_make<File>());
  ASSERT_TRUE(list.insert(area(16, 26, kProtRead, file, kPageSize)).ok());
  cut(list, 18, 20);
  EXPECT_EQ("16-18:1 20-26:1", text(list));
  EXPECT_EQ(5u, list.find(20 * kPageSize)->page_index(20 * kPageSize));
}

TEST(AreaList, CutAcrossSeveralAreas) {
  AreaList list;
  ASSERT_TRUE(list.insert(area(16, 20)).ok());
  ASSERT_TRUE(list.insert(area(22, 24, kProtWrite)).ok());
  ASSERT_TRUE(list.insert(area(24, 30, kProtExec)).ok());
  cut(list, 18, 26);
  EXPECT_EQ("16-18:1 26-30:4", text(list));
}

TEST(AreaList, FindKnowsBothBoundaries) {
  AreaList list;
  ASSERT_TRUE(list.insert(area(16, 18)).ok());
  EXPECT_EQ(nullptr, list.find(16 * kPageSize - 1));
  EXPECT_NE(nullptr, list.find(16 * kPageSize));
  EXPECT_NE(nullptr, list.find(18 * kPageSize - 1));
  EXPECT_EQ(nullptr, list.find(18 * kPageSize));
}

TEST(AreaList, CoversNeedsEveryPage) {
  AreaList list;
  ASSERT_TRUE(list.insert(area(16, 18)).ok());
  ASSERT_TRUE(list.insert(area(18, 20, kProtWrite)).ok());
  ASSERT_TRUE(list.insert(area(21, 22)).ok());
  EXPECT_TRUE(list.covers(16 * kPageSize, 20 * kPageSize));
  EXPECT_FALSE(list.covers(16 * kPageSize, 21 * kPageSize));
  EXPECT_FALSE(list.covers(15 * kPageSize, 17 * kPageSize));
}

TEST(AreaList, GapIsTheHighestThatFits) {
  AreaList list;
  ASSERT_TRUE(list.insert(area(50, 60)).ok());
  ASSERT_TRUE(list.insert(area(62, 100)).ok());
  EXPECT_EQ(60 * kPageSize, list.find_gap(2 * kPageSize, 100 * kPageSize));
  EXPECT_EQ(47 * kPageSize, list.find_gap(3 * kPageSize, 100 * kPageSize));
  EXPECT_EQ(107 * kPageSize, list.find_gap(3 * kPageSize, 110 * kPageSize));
  EXPECT_EQ(0u, list.find_gap(35 * kPageSize, 100 * kPageSize)) << "the lowest 16 pages stay free";
}

TEST(AreaList, GivesBackEveryFile) {
  {
    AreaList list, copy;
    ASSERT_TRUE(list.insert(area(16, 26, kProtRead, Ref<PageSource>::adopt(try_make<File>()))).ok());
    cut(list, 18, 20);
    ASSERT_TRUE(copy.copy_from(list).ok());
    EXPECT_EQ(text(list), text(copy));
    EXPECT_EQ(1, live_files);
  }
  EXPECT_EQ(0, live_files);
}

} // namespace
} // namespace refkernel
