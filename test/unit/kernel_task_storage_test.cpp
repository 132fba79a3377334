// SPDX-License-Identifier: MIT OR Apache-2.0
// Maps of type task_storage on the host port: programs name threads by their structures, processes by pidfd.
#include "btf_builder.h"
#include "insn_builders.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint32_t kTaskStorage = 29;
constexpr int kCurrentTask = 158, kGet = 156, kDelete = 157;
constexpr uint64_t kFirst = 0x1000, kSecond = 0x2000; // addresses of structures; nobody looks there

class TaskStorage : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    static const bool prepared = (prepare(), true);
    ASSERT_TRUE(prepared);
    run_as(kFirst, 11);
    hostport::set_task(kFirst, 11);
    hostport::set_task(kSecond, 22);
  }
  static void prepare() {
    static const std::string types = [] {
      BtfBuilder builder;
      const uint32_t integer = builder.integer();
      builder.structure("task_struct", 8, {{"pid", integer, 0}, {"tgid", integer, 32}});
      return builder.build();
    }();
    ASSERT_EQ(kbpf_set_kernel_btf(types.data(), types.size()), 0);
    const int64_t program = load_code(kKprobe, std::vector<Insn>{mov64_imm(R0, 0), exit_insn()});
    hostport::close_fd(static_cast<int>(program));
    hostport::keep_allocations();
  }
  static void run_as(uint64_t object, uint64_t id) {
    hostport::set_current({static_cast<uint32_t>(id), static_cast<uint32_t>(id), 0, 0, "task", id, object});
  }
  static kbpf_attr_map_create attr(uint32_t value_size = 8) {
    return map_attr(kTaskStorage, 4, value_size, 0, KBPF_MAP_F_NO_PREALLOC);
  }
  static int64_t make(uint32_t value_size = 8) { return bpf(MAP_CREATE, attr(value_size)); }

  // Runs a program for the current thread: get(map, task, initial, flags), then adds `added` to the value;
  // the result is 1 where there was none.
  static uint32_t run_get(int64_t map, uint64_t flags, uint64_t added, bool with_initial = false) {
    std::vector<Insn> code = {call_helper(kCurrentTask), mov64_reg(R2, R0), mov64_imm(R3, 0)};
    if (with_initial)
      code.insert(code.end(),
                  {store_imm(KBPF_SIZE_DW, R10, -8, 1000), mov64_reg(R3, R10), add64_imm(R3, -8)});
    for (Insn insn :
         assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0), mov64_imm(R4, static_cast<int64_t>(flags)),
                   call_helper(kGet), jump_imm(KBPF_JMP_JNE, R0, 0, 2), mov64_imm(R0, 1), exit_insn(),
                   mov64_imm(R1, static_cast<int64_t>(added)),
                   atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R0, 0, R1), mov64_imm(R0, 0), exit_insn()}))
      code.push_back(insn);
    return run_code(code);
  }
  static uint32_t run_delete(int64_t map) {
    return run_code(assemble({call_helper(kCurrentTask), mov64_reg(R2, R0),
                         ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0), call_helper(kDelete), exit_insn()}));
  }
  static int64_t value_of(int64_t map, uint64_t object, uint64_t &value) {
    const int fd = hostport::open_pidfd(object);
    const int64_t status = lookup(map, &fd, &value);
    hostport::close_fd(fd);
    return status;
  }
  static uint64_t value_of(int64_t map, uint64_t object) {
    uint64_t value = 0;
    EXPECT_EQ(value_of(map, object, value), 0);
    return value;
  }
};

TEST_F(TaskStorage, AShapeThatItDoesNotHaveIsRefused) {
  auto changed = [](auto change) {
    kbpf_attr_map_create wrong = attr();
    change(wrong);
    return bpf(MAP_CREATE, wrong);
  };
  EXPECT_EQ(changed([](auto &a) { a.map_flags = 0; }), -EINVAL);
  EXPECT_EQ(changed([](auto &a) { a.map_flags |= KBPF_MAP_F_RDONLY; }), -EINVAL);
  EXPECT_EQ(changed([](auto &a) { a.max_entries = 1; }), -EINVAL);
  EXPECT_EQ(changed([](auto &a) { a.key_size = 8; }), -EINVAL);
  EXPECT_EQ(changed([](auto &a) { a.value_size = 0; }), -EINVAL);
  EXPECT_EQ(changed([](auto &a) { a.value_size = 1 << 17; }), -E2BIG);
  EXPECT_GE(make(), 0);
}

TEST_F(TaskStorage, EachThreadHasItsOwnValue) {
  const int64_t map = make();
  EXPECT_EQ(run_get(map, 1, 3), 0u);
  EXPECT_EQ(run_get(map, 1, 4), 0u);
  run_as(kSecond, 22);
  EXPECT_EQ(run_get(map, 1, 100), 0u);
  EXPECT_EQ(value_of(map, kFirst), 7u);
  EXPECT_EQ(value_of(map, kSecond), 100u);
}

TEST_F(TaskStorage, AValueIsMadeWhereItIsAskedFor) {
  const int64_t map = make();
  EXPECT_EQ(run_get(map, 0, 1), 1u);
  EXPECT_EQ(run_get(map, 2, 1), 1u); // no such flag
  EXPECT_EQ(run_get(map, 1, 1, true), 0u);
  EXPECT_EQ(value_of(map, kFirst), 1001u);
  EXPECT_EQ(run_get(map, 1, 1, true), 0u); // it is there: no initial value
  EXPECT_EQ(run_get(map, 0, 1), 0u);
  EXPECT_EQ(value_of(map, kFirst), 1003u);
}

TEST_F(TaskStorage, AValueEndsByDeletionAndIsZeroAgainAfterwards) {
  const int64_t map = make();
  EXPECT_EQ(static_cast<int32_t>(run_delete(map)), -ENOENT);
  EXPECT_EQ(run_get(map, 1, 5), 0u);
  EXPECT_EQ(run_delete(map), 0u);
  uint64_t value;
  EXPECT_EQ(value_of(map, kFirst, value), -ENOENT);
  EXPECT_EQ(run_get(map, 1, 6), 0u);
  EXPECT_EQ(value_of(map, kFirst), 6u);
}

TEST_F(TaskStorage, AValueEndsWithItsThread) {
  const int64_t maps[] = {make(), make()};
  for (int64_t map : maps)
    EXPECT_EQ(run_get(map, 1, 5), 0u);
  hostport::set_task(kFirst, 0);
  kbpf_on_thread_exit(11);
  uint64_t value;
  for (int64_t map : maps)
    EXPECT_EQ(value_of(map, kFirst, value), -ENOENT);
  EXPECT_EQ(run_get(maps[0], 1, 5), 1u); // it is no thread any more
  hostport::set_task(kFirst, 33);        // another one, in the same place
  for (int64_t map : maps)
    EXPECT_EQ(value_of(map, kFirst, value), -ENOENT);
}

TEST_F(TaskStorage, AProcessNamesProcessesByDescriptor) {
  const int64_t map = make();
  int fd = hostport::open_pidfd(kSecond);
  uint64_t value = 9;
  EXPECT_EQ(update(map, &fd, &value, KBPF_MAP_UPDATE_EXIST), -ENOENT);
  EXPECT_EQ(update(map, &fd, &value, KBPF_MAP_UPDATE_NOEXIST), 0);
  EXPECT_EQ(update(map, &fd, &value, KBPF_MAP_UPDATE_NOEXIST), -EEXIST);
  value = 10;
  EXPECT_EQ(update(map, &fd, &value), 0);
  EXPECT_EQ(value_of(map, kSecond), 10u);
  EXPECT_EQ(next_key(map, nullptr, &value), -524); // ENOTSUPP
  EXPECT_EQ(remove(map, &fd), 0);
  EXPECT_EQ(remove(map, &fd), -ENOENT);
  EXPECT_EQ(lookup(map, &fd, &value), -ENOENT);
  int other = static_cast<int>(map), ended = hostport::open_pidfd(0);
  EXPECT_EQ(lookup(map, &other, &value), -EBADF);
  EXPECT_EQ(update(map, &other, &value), -EBADF);
  EXPECT_EQ(remove(map, &other), -EBADF);
  EXPECT_EQ(lookup(map, &ended, &value), -ENOENT);
}

TEST_F(TaskStorage, AFullMapTakesNoMoreThreads) {
  constexpr uint32_t kRoom = 64; // of values this large
  const int64_t map = make(32768);
  std::vector<std::byte> value(32768);
  for (uint32_t i = 0; i <= kRoom; i++) {
    const uint64_t object = 0x10000 + 0x100 * i;
    hostport::set_task(object, 1000 + i);
    int fd = hostport::open_pidfd(object);
    EXPECT_EQ(update(map, &fd, value.data()), i < kRoom ? 0 : -E2BIG);
  }
  EXPECT_EQ(run_get(map, 1, 1), 1u);
  kbpf_on_thread_exit(1000);
  EXPECT_EQ(run_get(map, 1, 1), 0u);
}

// As libbpf asks for, to find out whether there is such a type.
TEST_F(TaskStorage, AValueMayHaveALock) {
  BtfBuilder types;
  const uint32_t integer = types.integer();
  const uint32_t lock = types.structure("bpf_spin_lock", 4, {{"val", integer, 0}});
  const uint32_t value_type = types.structure("val", 8, {{"cnt", integer, 0}, {"l", lock, 32}});
  const std::string bytes = types.build();
  kbpf_attr_btf_load btf{};
  btf.btf = address(bytes.data());
  btf.btf_size = static_cast<uint32_t>(bytes.size());
  kbpf_attr_map_create typed = attr();
  typed.btf_fd = static_cast<uint32_t>(bpf(BTF_LOAD, btf));
  typed.btf_key_type_id = integer;
  typed.btf_value_type_id = value_type;
  const int64_t map = bpf(MAP_CREATE, typed);
  ASSERT_GE(map, 0);
  int fd = hostport::open_pidfd(kSecond);
  const uint32_t stored[2] = {7, 99};
  uint32_t read[2] = {};
  EXPECT_EQ(update(map, &fd, stored), 0);
  EXPECT_EQ(lookup(map, &fd, read), 0);
  EXPECT_EQ(read[0], 7u);
  EXPECT_EQ(read[1], 0u); // the lock is the kernel's
  const uint32_t other[2] = {8, 99};
  EXPECT_EQ(update(map, &fd, other, KBPF_MAP_ELEM_LOCK), 0);
  EXPECT_EQ(bpf(MAP_LOOKUP_ELEM, elem_attr(fd = static_cast<int>(map), &fd, read, 0)), -EBADF);
  fd = hostport::open_pidfd(kSecond);
  EXPECT_EQ(bpf(MAP_LOOKUP_ELEM, elem_attr(map, &fd, read, KBPF_MAP_ELEM_LOCK)), 0);
  EXPECT_EQ(read[0], 8u);
  const int64_t unlocked = make();
  EXPECT_EQ(bpf(MAP_LOOKUP_ELEM, elem_attr(unlocked, &fd, read, KBPF_MAP_ELEM_LOCK)), -EINVAL);
}

TEST_F(TaskStorage, EveryAllocationMayFail) {
  for (int64_t nth = 0;; nth++) {
    hostport::fail_allocation(nth);
    const int64_t map = make();
    hostport::fail_allocation(-1);
    if (map >= 0) {
      EXPECT_GT(nth, 2);
      break;
    }
    EXPECT_EQ(map, -ENOMEM);
    EXPECT_EQ(hostport::charged_memory(), 0u);
  }
}

} // namespace
} // namespace kbpf::test
