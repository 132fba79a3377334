// SPDX-License-Identifier: MIT OR Apache-2.0
// Descriptors of maps that only read or only write (BPF_F_RDONLY, BPF_F_WRONLY): a property of the descriptor, which
// each command asks for, and not of the map.
#include "abi/info.h"
#include "insn_builders.h"
#include "kernel/maps/map.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint32_t kReadOnly = KBPF_MAP_F_RDONLY, kWriteOnly = KBPF_MAP_F_WRONLY;

class MapAccess : public KernelTest {
protected:
  // A hash table with one element, key 1 and value 5.
  int64_t make_hash() {
    const int64_t fd = make_map(kHash, 4, 4, 4);
    EXPECT_EQ(update(fd, &key_, &value_), 0);
    return fd;
  }
  // A second descriptor of the map behind fd.
  static int64_t reopen(int64_t fd, uint32_t flags) {
    kbpf_attr_get_id attr{};
    attr.id = static_cast<const Map *>(hostport_object(fd).get())->id();
    attr.open_flags = flags;
    return bpf(MAP_GET_FD_BY_ID, attr);
  }
  int64_t batch(Command command, int64_t fd) {
    kbpf_attr_map_batch attr{};
    uint32_t out = 0;
    attr.map_fd = static_cast<uint32_t>(fd);
    attr.keys = address(&key_);
    attr.values = address(&value_);
    attr.out_batch = address(&out);
    attr.count = 1;
    return bpf(command, attr);
  }
  static int64_t freeze(int64_t fd) {
    kbpf_attr_map_elem attr{};
    attr.map_fd = static_cast<uint32_t>(fd);
    return bpf(MAP_FREEZE, attr);
  }
  int64_t take(int64_t fd) { return bpf(MAP_LOOKUP_AND_DELETE_ELEM, elem_attr(fd, &key_, &value_)); }
  static Ref<Object> hostport_object(int64_t fd) {
    return Ref<Object>::adopt(hostport::object_of(static_cast<int>(fd)));
  }

  uint32_t key_ = 1, value_ = 5;
};

// Twice each, since the port answers in two ways in turn.
TEST_F(MapAccess, ADescriptorForReadingRefusesEveryChange) {
  const int64_t fd = reopen(make_hash(), kReadOnly);
  ASSERT_GE(fd, 0);
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(update(fd, &key_, &value_), -EPERM);
    EXPECT_EQ(remove(fd, &key_), -EPERM);
    EXPECT_EQ(take(fd), -EPERM);
    EXPECT_EQ(freeze(fd), -EPERM);
    EXPECT_EQ(batch(MAP_UPDATE_BATCH, fd), -EPERM);
    EXPECT_EQ(batch(MAP_DELETE_BATCH, fd), -EPERM);
    EXPECT_EQ(batch(MAP_LOOKUP_AND_DELETE_BATCH, fd), -EPERM);
    uint32_t next = 0, value = 0;
    EXPECT_EQ(next_key(fd, nullptr, &next), 0);
    EXPECT_EQ(lookup(fd, &key_, &value), 0);
    EXPECT_EQ(value, 5u);
    EXPECT_EQ(batch(MAP_LOOKUP_BATCH, fd), -ENOENT); // all of it
  }
}

TEST_F(MapAccess, ADescriptorForWritingRefusesEveryRead) {
  const int64_t fd = reopen(make_hash(), kWriteOnly);
  ASSERT_GE(fd, 0);
  for (int i = 0; i < 2; i++) {
    uint32_t next = 0, value = 0;
    EXPECT_EQ(lookup(fd, &key_, &value), -EPERM);
    EXPECT_EQ(next_key(fd, nullptr, &next), -EPERM);
    EXPECT_EQ(take(fd), -EPERM);
    EXPECT_EQ(batch(MAP_LOOKUP_BATCH, fd), -EPERM);
    EXPECT_EQ(batch(MAP_LOOKUP_AND_DELETE_BATCH, fd), -EPERM);
    EXPECT_EQ(value, 0u);
    EXPECT_EQ(update(fd, &key_, &value_), 0);
    EXPECT_EQ(batch(MAP_UPDATE_BATCH, fd), 0);
    EXPECT_EQ(batch(MAP_DELETE_BATCH, fd), 0);
    EXPECT_EQ(remove(fd, &key_), -ENOENT);
  }
  EXPECT_EQ(freeze(fd), 0);
  EXPECT_EQ(update(fd, &key_, &value_), -EPERM);
}

// Word by word lookups have a way of their own.
TEST_F(MapAccess, ADescriptorForWritingRefusesTheLookupOfAWord) {
  const int64_t fd = make_map(kHash, 8, 8, 1, kWriteOnly);
  uint64_t key = 1, value = 7, found = 0;
  ASSERT_EQ(update(fd, &key, &value), 0);
  for (int i = 0; i < 4; i++)
    EXPECT_EQ(lookup(fd, &key, &found), -EPERM);
  EXPECT_EQ(found, 0u);
}

TEST_F(MapAccess, TheFlagsAreTheFirstDescriptorsAndNotTheMaps) {
  const int64_t reads = make_map(kHash, 4, 4, 1, kReadOnly);
  const int64_t writes = make_map(kHash, 4, 4, 1, kWriteOnly);
  uint32_t value = 0;
  EXPECT_EQ(update(reads, &key_, &value_), -EPERM);
  EXPECT_EQ(lookup(writes, &key_, &value), -EPERM);
  EXPECT_EQ(update(reopen(reads, 0), &key_, &value_), 0);
  EXPECT_EQ(lookup(reads, &key_, &value), 0);
  EXPECT_EQ(lookup(reopen(writes, 0), &key_, &value), -ENOENT);
  for (int64_t fd : {reads, writes}) {
    kbpf_map_info info{};
    kbpf_attr_info_by_fd attr{};
    attr.bpf_fd = static_cast<uint32_t>(fd);
    attr.info_len = sizeof(info);
    attr.info = address(&info);
    ASSERT_EQ(bpf(OBJ_GET_INFO_BY_FD, attr), 0);
    EXPECT_EQ(info.map_flags, 0u);
  }
}

TEST_F(MapAccess, ReadingAndWritingOnlyContradictEachOther) {
  EXPECT_EQ(make_map(kHash, 4, 4, 1, kReadOnly | kWriteOnly), -EINVAL);
  EXPECT_EQ(reopen(make_hash(), kReadOnly | kWriteOnly), -EINVAL);
}

TEST_F(MapAccess, ANameOpensWithTheAccessAskedFor) {
  const int64_t fd = make_hash();
  kbpf_attr_obj attr{};
  attr.pathname = address("/sys/fs/bpf/m");
  attr.bpf_fd = static_cast<uint32_t>(fd);
  ASSERT_EQ(bpf(OBJ_PIN, attr), 0);
  attr.bpf_fd = 0;
  attr.file_flags = kReadOnly;
  const int64_t reads = bpf(OBJ_GET, attr);
  attr.file_flags = kWriteOnly;
  const int64_t writes = bpf(OBJ_GET, attr);
  uint32_t value = 0;
  EXPECT_EQ(update(reads, &key_, &value_), -EPERM);
  EXPECT_EQ(lookup(reads, &key_, &value), 0);
  EXPECT_EQ(update(writes, &key_, &value_), 0);
  EXPECT_EQ(lookup(writes, &key_, &value), -EPERM);
}

// What programs may do is said by the flags that end in _PROG.
TEST_F(MapAccess, AProgramUsesAMapThroughADescriptorForReading) {
  const int64_t reads = make_map(kArray, 4, 8, 1, kReadOnly);
  const std::vector<Insn> code = assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, reads, 0),
                                           store_imm(KBPF_SIZE_DW, R1, 0, 77), mov64_imm(R0, 0), exit_insn()});
  constexpr uint32_t kSocketFilter = 1;
  const int64_t program = load_code(kSocketFilter, code);
  ASSERT_GE(program, 0);
  const std::vector<char> packet(14);
  kbpf_attr_prog_test_run run{};
  run.prog_fd = static_cast<uint32_t>(program);
  run.data_in = address(packet.data());
  run.data_size_in = static_cast<uint32_t>(packet.size());
  ASSERT_EQ(bpf(PROG_TEST_RUN, run), 0);
  uint32_t key = 0;
  uint64_t value = 0;
  EXPECT_EQ(lookup(reads, &key, &value), 0);
  EXPECT_EQ(value, 77u);
}

} // namespace
} // namespace kbpf::test
