// SPDX-License-Identifier: MIT OR Apache-2.0
// Ids of programs and maps, what the kernel tells of them, and run statistics.
#include "abi/info.h"
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/program.h"
#include "kernel/sha1.h"
#include "kernel_fixture.h"
#include <set>

namespace kbpf::test {
namespace {

class ObjectInfo : public KernelTest {
protected:
  int64_t load(const std::vector<Insn> &code, const char *name = "named") {
    kbpf_attr_prog_load attr{};
    attr.prog_type = kKprobe;
    attr.insns = address(code.data());
    attr.insn_cnt = static_cast<uint32_t>(code.size());
    attr.license = address("GPL");
    strncpy(attr.prog_name, name, sizeof(attr.prog_name) - 1);
    return bpf(PROG_LOAD, attr);
  }
  template <typename Info> int64_t info_of(int64_t fd, Info &info, uint32_t room = sizeof(Info)) {
    info_attr_ = {};
    info_attr_.bpf_fd = static_cast<uint32_t>(fd);
    info_attr_.info_len = room;
    info_attr_.info = address(&info);
    return bpf(OBJ_GET_INFO_BY_FD, info_attr_);
  }
  uint32_t id_of_map(int64_t fd) {
    kbpf_map_info info{};
    EXPECT_EQ(info_of(fd, info), 0);
    return info.id;
  }
  int64_t by_id(Command command, uint32_t id) {
    kbpf_attr_get_id attr{id, 0, 0};
    return bpf(command, attr);
  }
  std::set<uint32_t> all_ids(Command command) {
    std::set<uint32_t> ids;
    kbpf_attr_get_id attr{};
    while (bpf(command, attr) == 0) {
      EXPECT_GT(attr.next_id, attr.id);
      ids.insert(attr.next_id);
      attr.id = attr.next_id;
    }
    EXPECT_EQ(bpf(command, attr), -ENOENT);
    return ids;
  }
  kbpf_attr_info_by_fd info_attr_;
  const std::vector<Insn> return_42 = assemble({mov64_imm(R0, 42), exit_insn()});
};

TEST_F(ObjectInfo, AMapIsDescribed) {
  kbpf_attr_map_create attr = map_attr(kHash, 4, 8, 10, KBPF_MAP_F_NO_PREALLOC);
  strcpy(attr.map_name, "counts");
  int64_t fd = bpf(MAP_CREATE, attr);
  kbpf_map_info info{};
  EXPECT_EQ(info_of(fd, info), 0);
  EXPECT_EQ(info.type, kHash);
  EXPECT_EQ(info.key_size, 4u);
  EXPECT_EQ(info.value_size, 8u);
  EXPECT_EQ(info.max_entries, 10u);
  EXPECT_EQ(info.map_flags, KBPF_MAP_F_NO_PREALLOC);
  EXPECT_STREQ(info.name, "counts");
  EXPECT_NE(info.id, 0u);
}

TEST_F(ObjectInfo, AProgramIsDescribed) {
  hostport::set_time_ns(5000);
  int64_t map = make_map(kArray, 4, 8, 1);
  std::vector<Insn> code = assemble({ld_map(R1, 0), mov64_imm(R0, 42), exit_insn()});
  code[0].set_regs(R1, KBPF_PSEUDO_MAP_FD);
  code[0].imm = static_cast<int32_t>(map);
  int64_t fd = load(code);
  ASSERT_GE(fd, 0);
  kbpf_prog_info info{};
  uint32_t map_ids[4] = {};
  Insn shown[8] = {};
  info.nr_map_ids = 4;
  info.map_ids = address(map_ids);
  info.xlated_prog_len = sizeof(shown);
  info.xlated_prog_insns = address(shown);
  EXPECT_EQ(info_of(fd, info), 0);
  EXPECT_EQ(info.type, kKprobe);
  EXPECT_STREQ(info.name, "named");
  EXPECT_EQ(info.load_time, 5000u);
  EXPECT_EQ(info.created_by_uid, 1000u);
  EXPECT_EQ(info.gpl_compatible, 1u);
  EXPECT_GT(info.verified_insns, 0u);
  ASSERT_EQ(info.nr_map_ids, 1u);
  EXPECT_EQ(map_ids[0], id_of_map(map));
  // No kernel address is shown.
  ASSERT_EQ(info.xlated_prog_len, 4 * sizeof(Insn));
  EXPECT_EQ(shown[0].src(), KBPF_PSEUDO_MAP_FD);
  EXPECT_EQ(shown[0].imm, static_cast<int32_t>(map_ids[0]));
  EXPECT_EQ(shown[1].imm, 0);
  EXPECT_EQ(shown[2].imm, 42);
}

TEST_F(ObjectInfo, ProgramsOfTheSameInstructionsHaveTheSameTag) {
  kbpf_prog_info first{}, second{}, other{};
  EXPECT_EQ(info_of(load(return_42, "a"), first), 0);
  EXPECT_EQ(info_of(load(return_42, "b"), second), 0);
  EXPECT_EQ(info_of(load(assemble({mov64_imm(R0, 43), exit_insn()})), other), 0);
  EXPECT_EQ(memcmp(first.tag, second.tag, 8), 0);
  EXPECT_NE(memcmp(first.tag, other.tag, 8), 0);
  EXPECT_NE(first.id, second.id);
}

// As on Linux: SHA-1 over the instructions as they were loaded, with 0 for the fds of maps.
TEST_F(ObjectInfo, ATagIsThatOfTheLoadedInstructionsWithoutFds) {
  std::vector<Insn> code = assemble({ld_map(R1, 0), mov64_imm(R0, 42), exit_insn()});
  code[0].set_regs(R1, KBPF_PSEUDO_MAP_FD);
  code[0].imm = 0;
  Sha1 sha;
  sha.add(code.data(), code.size() * sizeof(Insn));
  uint8_t digest[20];
  sha.finish(digest);
  for (int64_t map : {make_map(kArray, 4, 8, 1), make_map(kHash, 4, 8, 1)}) {
    code[0].imm = static_cast<int32_t>(map);
    kbpf_prog_info info{};
    EXPECT_EQ(info_of(load(code), info), 0);
    EXPECT_EQ(memcmp(info.tag, digest, 8), 0);
  }
}

TEST_F(ObjectInfo, Sha1HasTheKnownDigests) {
  auto digest_of = [](std::string_view text) {
    Sha1 sha;
    sha.add(text.data(), text.size());
    uint8_t digest[20];
    sha.finish(digest);
    std::string hex;
    for (uint8_t byte : digest) {
      char pair[3];
      snprintf(pair, sizeof(pair), "%02x", byte);
      hex += pair;
    }
    return hex;
  };
  EXPECT_EQ(digest_of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest_of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST_F(ObjectInfo, AShorterInfoGetsWhatFits) {
  int64_t fd = make_map(kHash, 4, 8, 10);
  uint32_t words[4] = {0, 0, 0, 77};
  EXPECT_EQ(info_of(fd, words, 12), 0);
  EXPECT_EQ(words[2], 4u);
  EXPECT_EQ(words[3], 77u);
  EXPECT_EQ(info_attr_.info_len, 12u);
}

TEST_F(ObjectInfo, ALongerInfoMustEndInZeros) {
  int64_t fd = make_map(kHash, 4, 8, 10);
  struct {
    kbpf_map_info info;
    uint64_t more;
  } longer{};
  EXPECT_EQ(info_of(fd, longer), 0);
  EXPECT_EQ(info_attr_.info_len, sizeof(kbpf_map_info));
  longer.more = 1;
  EXPECT_EQ(info_of(fd, longer), -E2BIG);
}

TEST_F(ObjectInfo, ADescriptorOfSomethingElseIsInvalid) {
  kbpf_map_info info{};
  EXPECT_EQ(info_of(hostport::open_foreign_fd(), info), -EINVAL);
  EXPECT_EQ(info_of(99, info), -EBADF);
}

TEST_F(ObjectInfo, EveryLivingMapIsWalkedOver) {
  std::set<uint32_t> expected;
  int64_t first = make_map(kHash, 4, 8, 1);
  for (int i = 0; i < 3; i++)
    expected.insert(id_of_map(make_map(kArray, 4, 8, 1)));
  hostport::close_fd(static_cast<int>(first));
  EXPECT_EQ(all_ids(MAP_GET_NEXT_ID), expected);
}

TEST_F(ObjectInfo, AnIdIsNotUsedAgainAtOnce) {
  int64_t fd = make_map(kHash, 4, 8, 1);
  uint32_t id = id_of_map(fd);
  hostport::close_fd(static_cast<int>(fd));
  EXPECT_EQ(by_id(MAP_GET_FD_BY_ID, id), -ENOENT);
  EXPECT_NE(id_of_map(make_map(kHash, 4, 8, 1)), id);
}

TEST_F(ObjectInfo, AnIdOpensItsObject) {
  int64_t map = make_map(kHash, 4, 8, 1);
  uint32_t key = 1;
  uint64_t value = 5, read = 0;
  EXPECT_EQ(update(map, &key, &value), 0);
  int64_t again = by_id(MAP_GET_FD_BY_ID, id_of_map(map));
  ASSERT_GE(again, 0);
  hostport::close_fd(static_cast<int>(map)); // the other descriptor keeps it
  EXPECT_EQ(lookup(again, &key, &read), 0);
  EXPECT_EQ(read, 5u);

  int64_t program = load(return_42);
  kbpf_prog_info info{}, of_other{};
  EXPECT_EQ(info_of(program, info), 0);
  EXPECT_EQ(all_ids(PROG_GET_NEXT_ID), std::set<uint32_t>{info.id});
  EXPECT_EQ(info_of(by_id(PROG_GET_FD_BY_ID, info.id), of_other), 0);
  EXPECT_EQ(of_other.id, info.id);
}

TEST_F(ObjectInfo, IdsNeedPermission) {
  uint32_t id = id_of_map(make_map(kHash, 4, 8, 1));
  hostport::set_may_use_bpf(false);
  EXPECT_EQ(by_id(MAP_GET_FD_BY_ID, id), -EPERM);
  EXPECT_EQ(by_id(MAP_GET_NEXT_ID, 0), -EPERM);
  EXPECT_EQ(bpf(ENABLE_STATS, kbpf_attr_enable_stats{0}), -EPERM);
}

TEST_F(ObjectInfo, RunsAreCountedWhileStatisticsAreOn) {
  int64_t fd = load(return_42);
  auto run = [&] {
    Ref<Program> program =
        Ref<Program>::adopt(static_cast<Program *>(hostport::object_of(static_cast<int>(fd))));
    kbpf_regs context{};
    ReadSection section;
    EXPECT_EQ(program->run(&context), 42u);
  };
  kbpf_prog_info info{};
  run();
  EXPECT_EQ(bpf(ENABLE_STATS, kbpf_attr_enable_stats{1}), -EINVAL);
  int64_t stats = bpf(ENABLE_STATS, kbpf_attr_enable_stats{0});
  ASSERT_GE(stats, 0);
  run();
  run();
  hostport::close_fd(static_cast<int>(stats));
  run();
  EXPECT_EQ(info_of(fd, info), 0);
  EXPECT_EQ(info.run_cnt, 2u);
}

} // namespace
} // namespace kbpf::test
