// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps whose memory processes map (mmap), and the end of all changes: freezing.
#include "kernel/maps/map.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint64_t kPage = 4096;

class MapMemoryTest : public KernelTest {
protected:
  void TearDown() override {
    if (object_)
      drop_reference(object_);
    KernelTest::TearDown();
  }
  kbpf_object *open(int64_t fd) {
    EXPECT_GE(fd, 0);
    return object_ = hostport::object_of(static_cast<int>(fd));
  }
  static int64_t freeze(int64_t fd) {
    kbpf_attr_map_elem attr{};
    attr.map_fd = static_cast<uint32_t>(fd);
    return bpf(MAP_FREEZE, attr, 4);
  }

private:
  kbpf_object *object_ = nullptr;
};

TEST_F(MapMemoryTest, PagesOfAnArrayAreItsValues) {
  int64_t fd = make_map(kArray, 4, 8, 1024, KBPF_MAP_F_MMAPABLE);
  kbpf_object *map = open(fd);
  ASSERT_EQ(kbpf_object_map(map, 0, 2 * kPage, 1), 0);
  auto *second = static_cast<uint64_t *>(kbpf_object_page(map, 1));
  ASSERT_NE(second, nullptr);
  uint32_t key = 513;
  uint64_t value = 77;
  ASSERT_EQ(update(fd, &key, &value), 0);
  EXPECT_EQ(second[1], 77u);
  second[1] = 78;
  ASSERT_EQ(lookup(fd, &key, &value), 0);
  EXPECT_EQ(value, 78u);
  EXPECT_EQ(kbpf_object_page(map, 2), nullptr);
  kbpf_object_unmap(map, 0, 2 * kPage, 1);
}

TEST_F(MapMemoryTest, OnlyMappableArraysAndTheirPagesAreMapped) {
  kbpf_object *plain = open(make_map(kArray, 4, 8, 1));
  EXPECT_EQ(kbpf_object_map(plain, 0, kPage, 0), -EINVAL);
  drop_reference(plain);
  kbpf_object *hash = open(make_map(kHash, 4, 8, 1));
  EXPECT_EQ(kbpf_object_map(hash, 0, kPage, 0), -524);
  drop_reference(hash);
  kbpf_object *array = open(make_map(kArray, 4, 8, 1024, KBPF_MAP_F_MMAPABLE));
  EXPECT_EQ(kbpf_object_map(array, 0, 3 * kPage, 0), -EINVAL);
  EXPECT_EQ(kbpf_object_map(array, 2 * kPage, kPage, 0), -EINVAL);
  EXPECT_EQ(kbpf_object_map(array, ~uint64_t{0} & ~(kPage - 1), 2 * kPage, 0), -EINVAL);
  EXPECT_EQ(kbpf_object_map(array, kPage, kPage, 0), 0);
}

TEST_F(MapMemoryTest, WhatProgramsMayOnlyReadIsNotMappedWritable) {
  int64_t fd = make_map(kArray, 4, 8, 1, KBPF_MAP_F_MMAPABLE | KBPF_MAP_F_RDONLY_PROG);
  kbpf_object *map = open(fd);
  EXPECT_EQ(kbpf_object_map(map, 0, kPage, 1), -EACCES);
  EXPECT_EQ(kbpf_object_map(map, 0, kPage, 0), 0);
  EXPECT_EQ(freeze(fd), 0);
  EXPECT_EQ(kbpf_object_map(map, 0, kPage, 1), -EPERM);
}

TEST_F(MapMemoryTest, AWritableMappingPutsOffFreezing) {
  int64_t fd = make_map(kArray, 4, 8, 1, KBPF_MAP_F_MMAPABLE);
  kbpf_object *map = open(fd);
  ASSERT_EQ(kbpf_object_map(map, 0, kPage, 1), 0);
  EXPECT_EQ(freeze(fd), -EBUSY);
  kbpf_object_unmap(map, 0, kPage, 1);
  ASSERT_EQ(kbpf_object_map(map, 0, kPage, 0), 0);
  EXPECT_EQ(freeze(fd), 0);
  EXPECT_EQ(freeze(fd), -EBUSY);
  EXPECT_EQ(kbpf_object_map(map, 0, kPage, 1), -EPERM);
}

TEST_F(MapMemoryTest, AFrozenMapIsReadAndNeverChangedByProcesses) {
  int64_t fd = make_map(kHash, 4, 8, 4);
  uint32_t key = 1;
  uint64_t value = 5;
  ASSERT_EQ(update(fd, &key, &value), 0);
  ASSERT_EQ(freeze(fd), 0);
  EXPECT_EQ(update(fd, &key, &value), -EPERM);
  EXPECT_EQ(remove(fd, &key), -EPERM);
  EXPECT_EQ(bpf(MAP_LOOKUP_AND_DELETE_ELEM, elem_attr(fd, &key, &value)), -EPERM);
  EXPECT_EQ(lookup(fd, &key, &value), 0);
}

TEST_F(MapMemoryTest, ObjectsWithoutReadinessPollAsErrors) {
  uint32_t generation = 9;
  EXPECT_EQ(kbpf_object_poll(open(make_map(kHash, 4, 8, 4)), &generation), 8u);
  EXPECT_EQ(generation, 0u);
}

} // namespace
} // namespace kbpf::test
