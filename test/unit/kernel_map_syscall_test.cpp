// SPDX-License-Identifier: MIT OR Apache-2.0
// The map commands of bpf(2): results and errno as Linux gives them.
#include "kernel_fixture.h"
#include <set>

namespace kbpf::test {
namespace {

using MapCreate = KernelTest;
using MapElem = KernelTest;
using Bpf = KernelTest;

TEST_F(Bpf, AnUnknownCommandIsInvalid) { EXPECT_EQ(kbpf_syscall(999, 0, 0), -EINVAL); }

TEST_F(Bpf, AnAttrThatCannotBeReadIsABadAddress) {
  EXPECT_EQ(kbpf_syscall(MAP_CREATE, kBadAddress, 72), -EFAULT);
}

TEST_F(Bpf, FieldsBeyondTheSizeReadAsZero) {
  kbpf_attr_map_create attr = map_attr(kHash, 4, 4, 1);
  attr.map_flags = ~0u;
  EXPECT_GE(bpf(MAP_CREATE, attr, offsetof(kbpf_attr_map_create, map_flags)), 0);
}

TEST_F(Bpf, ALargerAttrIsTakenWhereItsTailIsZero) {
  char attr[4096] = {};
  kbpf_attr_map_create known = map_attr(kHash, 4, 4, 1);
  memcpy(attr, &known, sizeof(known));
  EXPECT_GE(kbpf_syscall(MAP_CREATE, address(attr), sizeof(attr)), 0);
  attr[4095] = 1;
  EXPECT_EQ(kbpf_syscall(MAP_CREATE, address(attr), sizeof(attr)), -E2BIG);
}

TEST_F(Bpf, AnAttrOfMoreThanAPageIsTooBig) {
  static char attr[4097] = {};
  EXPECT_EQ(kbpf_syscall(MAP_CREATE, address(attr), sizeof(attr)), -E2BIG);
}

TEST_F(Bpf, AFieldThatTheCommandDoesNotHaveMustBeZero) {
  struct {
    kbpf_attr_map_elem attr;
    uint64_t behind;
  } larger{};
  uint32_t key = 0, value = 0;
  larger.attr = elem_attr(make_map(kArray, 4, 4, 1), &key, &value);
  EXPECT_EQ(bpf(MAP_LOOKUP_ELEM, larger), 0);
  larger.behind = 1;
  EXPECT_EQ(bpf(MAP_LOOKUP_ELEM, larger), -EINVAL);
}

TEST_F(MapCreate, GivesADescriptorOfItsOwn) {
  int64_t first = make_map(kHash, 4, 8, 10), second = make_map(kArray, 4, 8, 10);
  EXPECT_GE(first, 0);
  EXPECT_GE(second, 0);
  EXPECT_NE(first, second);
}

TEST_F(MapCreate, NeedsPermission) {
  hostport::set_may_use_bpf(false);
  EXPECT_EQ(make_map(kHash, 4, 4, 1), -EPERM);
}

TEST_F(MapCreate, RefusesTypesThatItDoesNotHave) {
  EXPECT_EQ(make_map(0, 4, 4, 1), -EINVAL);
  EXPECT_EQ(make_map(12345, 4, 4, 1), -EINVAL);
}

TEST_F(MapCreate, RefusesSizesOfZero) {
  for (uint32_t type : {kHash, kArray}) {
    EXPECT_EQ(make_map(type, 0, 4, 1), -EINVAL);
    EXPECT_EQ(make_map(type, 4, 0, 1), -EINVAL);
    EXPECT_EQ(make_map(type, 4, 4, 0), -EINVAL);
  }
}

TEST_F(MapCreate, RefusesSizesThatNoMemoryHolds) {
  EXPECT_EQ(make_map(kHash, 4, 5u << 20, 1), -E2BIG);
  EXPECT_EQ(make_map(kHash, 4, 4, ~0u), -E2BIG);
  EXPECT_EQ(make_map(kArray, 4, 0x80000000, 1), -E2BIG);
  EXPECT_EQ(make_map(kArray, 4, 0x7fffffff, 1000), -E2BIG);
}

TEST_F(MapCreate, AnArrayHasKeysOfFourBytes) {
  EXPECT_EQ(make_map(kArray, 8, 4, 1), -EINVAL);
  EXPECT_EQ(make_map(kArray, 2, 4, 1), -EINVAL);
}

TEST_F(MapCreate, TakesTheFlagsOfItsType) {
  EXPECT_GE(make_map(kHash, 4, 4, 1, KBPF_MAP_F_NO_PREALLOC), 0);
  EXPECT_GE(make_map(kHash, 4, 4, 1, KBPF_MAP_F_ZERO_SEED), 0);
  EXPECT_EQ(make_map(kHash, 4, 4, 1, KBPF_MAP_F_MMAPABLE), -EINVAL);
  EXPECT_GE(make_map(kArray, 4, 4, 1, KBPF_MAP_F_MMAPABLE), 0);
  EXPECT_EQ(make_map(kArray, 4, 4, 1, KBPF_MAP_F_NO_PREALLOC), -EINVAL);
  EXPECT_EQ(make_map(kHash, 4, 4, 1, 1u << 31), -EINVAL);
}

TEST_F(MapCreate, ReadOnlyAndWriteOnlyExcludeEachOther) {
  EXPECT_EQ(make_map(kHash, 4, 4, 1, KBPF_MAP_F_RDONLY | KBPF_MAP_F_WRONLY), -EINVAL);
  EXPECT_EQ(make_map(kHash, 4, 4, 1, KBPF_MAP_F_RDONLY_PROG | KBPF_MAP_F_WRONLY_PROG), -EINVAL);
}

TEST_F(MapCreate, ChecksTheName) {
  kbpf_attr_map_create attr = map_attr(kHash, 4, 4, 1);
  strcpy(attr.map_name, "good.name_1");
  EXPECT_GE(bpf(MAP_CREATE, attr), 0);
  strcpy(attr.map_name, "bad name");
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EINVAL);
  memset(attr.map_name, 'a', sizeof(attr.map_name));
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EINVAL);
}

TEST_F(MapCreate, HasOneNumaNode) {
  kbpf_attr_map_create attr = map_attr(kHash, 4, 4, 1, KBPF_MAP_F_NUMA_NODE);
  EXPECT_GE(bpf(MAP_CREATE, attr), 0);
  attr.numa_node = 1;
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EINVAL);
}

TEST_F(MapCreate, BtfThatIsNoDescriptorIsABadOne) {
  kbpf_attr_map_create attr = map_attr(kHash, 4, 4, 1);
  attr.btf_value_type_id = 1;
  EXPECT_EQ(bpf(MAP_CREATE, attr), -EBADF);
}

TEST_F(MapElem, AnUnknownDescriptorIsABadOne) {
  uint32_t key = 0, value = 0;
  EXPECT_EQ(lookup(77, &key, &value), -EBADF);
  EXPECT_EQ(lookup(-1, &key, &value), -EBADF);
  EXPECT_EQ(lookup(hostport::open_foreign_fd(), &key, &value), -EINVAL);
}

TEST_F(MapElem, AHashKeepsWhatIsStored) {
  int64_t fd = make_map(kHash, 8, 16, 4);
  uint64_t key = 42, value[2] = {1, 2}, read[2] = {};
  EXPECT_EQ(lookup(fd, &key, read), -ENOENT);
  EXPECT_EQ(update(fd, &key, value), 0);
  EXPECT_EQ(lookup(fd, &key, read), 0);
  EXPECT_EQ(memcmp(value, read, sizeof(value)), 0);
  EXPECT_EQ(remove(fd, &key), 0);
  EXPECT_EQ(remove(fd, &key), -ENOENT);
  EXPECT_EQ(lookup(fd, &key, read), -ENOENT);
}

TEST_F(MapElem, SizesThatAreNoMultipleOfEightAreKeptToTheByte) {
  int64_t fd = make_map(kHash, 3, 5, 4);
  char key[] = {'a', 'b', 'c'}, value[] = {1, 2, 3, 4, 5}, read[7] = {9, 9, 9, 9, 9, 9, 9};
  EXPECT_EQ(update(fd, key, value), 0);
  EXPECT_EQ(lookup(fd, key, read), 0);
  EXPECT_EQ(std::string(read, 7), std::string("\1\2\3\4\5\x9\x9"));
}

TEST_F(MapElem, UpdateFlagsDecideAboutExistence) {
  int64_t fd = make_map(kHash, 4, 4, 4);
  uint32_t key = 1, value = 10, read = 0;
  EXPECT_EQ(update(fd, &key, &value, KBPF_MAP_UPDATE_EXIST), -ENOENT);
  EXPECT_EQ(update(fd, &key, &value, KBPF_MAP_UPDATE_NOEXIST), 0);
  EXPECT_EQ(update(fd, &key, &value, KBPF_MAP_UPDATE_NOEXIST), -EEXIST);
  value = 11;
  EXPECT_EQ(update(fd, &key, &value, KBPF_MAP_UPDATE_EXIST), 0);
  EXPECT_EQ(lookup(fd, &key, &read), 0);
  EXPECT_EQ(read, 11u);
  EXPECT_EQ(update(fd, &key, &value, 3), -EINVAL);
  EXPECT_EQ(update(fd, &key, &value, 1ull << 40), -EINVAL);
}

TEST_F(MapElem, AFullHashTakesNoNewKeyButNewValues) {
  int64_t fd = make_map(kHash, 4, 4, 3);
  uint32_t value = 7;
  for (uint32_t key = 0; key < 3; key++)
    EXPECT_EQ(update(fd, &key, &value), 0);
  uint32_t fourth = 3, first = 0;
  EXPECT_EQ(update(fd, &fourth, &value), -E2BIG);
  for (int i = 0; i < 10; i++)
    EXPECT_EQ(update(fd, &first, &value), 0);
  EXPECT_EQ(remove(fd, &first), 0);
  EXPECT_EQ(update(fd, &fourth, &value), 0);
}

TEST_F(MapElem, AFullHashUsesTheElementsOfEveryCpu) {
  hostport::set_cpu_count(4);
  int64_t fd = make_map(kHash, 4, 4, 8);
  uint32_t value = 7, ninth = 8;
  for (uint32_t key = 0; key < 8; key++)
    EXPECT_EQ(update(fd, &key, &value), 0);
  EXPECT_EQ(update(fd, &ninth, &value), -E2BIG);
}

TEST_F(MapElem, AnArrayHasAllItsElementsFromTheStart) {
  int64_t fd = make_map(kArray, 4, 12, 3);
  char zero[12] = {}, value[12] = "elevenbytes", read[12];
  uint32_t key = 2, beyond = 3;
  memset(read, 1, sizeof(read));
  EXPECT_EQ(lookup(fd, &key, read), 0);
  EXPECT_EQ(memcmp(read, zero, sizeof(read)), 0);
  EXPECT_EQ(update(fd, &key, value), 0);
  EXPECT_EQ(lookup(fd, &key, read), 0);
  EXPECT_STREQ(read, "elevenbytes");
  EXPECT_EQ(lookup(fd, &beyond, read), -ENOENT);
  EXPECT_EQ(update(fd, &beyond, value), -E2BIG);
  EXPECT_EQ(update(fd, &key, value, KBPF_MAP_UPDATE_NOEXIST), -EEXIST);
  EXPECT_EQ(update(fd, &key, value, KBPF_MAP_UPDATE_EXIST), 0);
  EXPECT_EQ(update(fd, &key, value, 3), -EINVAL);
  EXPECT_EQ(remove(fd, &key), -EINVAL);
}

TEST_F(MapElem, KeysOfAHashAreWalkedOnceEach) {
  int64_t fd = make_map(kHash, 4, 4, 100);
  uint32_t key = 0, next = 0;
  EXPECT_EQ(next_key(fd, nullptr, &next), -ENOENT);
  for (key = 0; key < 100; key++)
    EXPECT_EQ(update(fd, &key, &key), 0);
  std::set<uint32_t> seen;
  for (int64_t result = next_key(fd, nullptr, &next); result == 0; result = next_key(fd, &key, &next)) {
    EXPECT_TRUE(seen.insert(next).second);
    key = next;
  }
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(next_key(fd, &key, &next), -ENOENT);
}

TEST_F(MapElem, AnUnknownKeyOfAHashIsFollowedByTheFirst) {
  int64_t fd = make_map(kHash, 4, 4, 10);
  uint32_t key = 5, unknown = 6, first = 0, next = 0;
  update(fd, &key, &key);
  EXPECT_EQ(next_key(fd, nullptr, &first), 0);
  EXPECT_EQ(next_key(fd, &unknown, &next), 0);
  EXPECT_EQ(next, first);
}

TEST_F(MapElem, KeysOfAnArrayAreItsIndices) {
  int64_t fd = make_map(kArray, 4, 4, 2);
  uint32_t key = 7, next = 9;
  EXPECT_EQ(next_key(fd, nullptr, &next), 0);
  EXPECT_EQ(next, 0u);
  EXPECT_EQ(next_key(fd, &key, &next), 0);
  EXPECT_EQ(next, 0u);
  key = 0;
  EXPECT_EQ(next_key(fd, &key, &next), 0);
  EXPECT_EQ(next, 1u);
  key = 1;
  EXPECT_EQ(next_key(fd, &key, &next), -ENOENT);
}

TEST_F(MapElem, AKeyOrValueThatCannotBeReachedIsABadAddress) {
  int64_t fd = make_map(kHash, 4, 4, 1);
  uint32_t key = 1, value = 1;
  const void *bad = reinterpret_cast<const void *>(kBadAddress);
  EXPECT_EQ(update(fd, bad, &value), -EFAULT);
  EXPECT_EQ(update(fd, &key, bad), -EFAULT);
  EXPECT_EQ(update(fd, nullptr, &value), -EFAULT);
  EXPECT_EQ(update(fd, &key, &value), 0);
  EXPECT_EQ(lookup(fd, &key, const_cast<void *>(bad)), -EFAULT);
  EXPECT_EQ(lookup(fd, bad, &value), -EFAULT);
  EXPECT_EQ(remove(fd, bad), -EFAULT);
  EXPECT_EQ(next_key(fd, nullptr, const_cast<void *>(bad)), -EFAULT);
}

TEST_F(MapElem, LookupTakesNoFlags) {
  uint32_t key = 0, value = 0;
  int64_t fd = make_map(kArray, 4, 4, 1);
  EXPECT_EQ(bpf(MAP_LOOKUP_ELEM, elem_attr(fd, &key, &value, 1)), -EINVAL);
}

TEST_F(MapElem, LargeKeysAndValuesWork) {
  constexpr size_t kKey = 1000, kValue = 100000;
  int64_t fd = make_map(kHash, kKey, kValue, 2);
  std::vector<char> key(kKey, 'k'), value(kValue, 'v'), read(kValue);
  EXPECT_EQ(update(fd, key.data(), value.data()), 0);
  EXPECT_EQ(lookup(fd, key.data(), read.data()), 0);
  EXPECT_EQ(read, value);
  key[kKey - 1] = 'x';
  EXPECT_EQ(lookup(fd, key.data(), read.data()), -ENOENT);
}

TEST_F(MapCreate, EveryAllocationMayFail) {
  for (uint32_t type : {kHash, kArray}) {
    int64_t fd = -1;
    for (int64_t nth = 0; fd < 0; nth++) {
      hostport::fail_allocation(nth);
      fd = make_map(type, 4, 4, 10);
      hostport::fail_allocation(-1);
      if (fd < 0) {
        EXPECT_EQ(fd, -ENOMEM);
        EXPECT_EQ(hostport::open_fds(), 0u);
      }
      ASSERT_LT(nth, 10);
    }
    hostport::close_fd(static_cast<int>(fd));
  }
}

TEST_F(MapElem, EveryAllocationOfALargeAccessMayFail) {
  constexpr size_t kSize = 1000;
  int64_t fd = make_map(kHash, kSize, kSize, 2);
  std::vector<char> key(kSize, 'k'), value(kSize, 'v');
  int failures = 0;
  for (int64_t nth = 0;; nth++) {
    hostport::fail_allocation(nth);
    int64_t result = update(fd, key.data(), value.data());
    hostport::fail_allocation(-1);
    if (result == 0)
      break;
    EXPECT_EQ(result, -ENOMEM);
    failures++;
  }
  EXPECT_EQ(failures, 1); // key and value lie side by side
}

} // namespace
} // namespace kbpf::test
