// SPDX-License-Identifier: MIT OR Apache-2.0
// What the tests of the kernel room share: the runtime on the host port, and bpf(2) as a user program calls
// it.
#pragma once
#include "abi/attr.h"
#include "abi/insn.h"
#include "hostport/hostport.h"
#include "kernel/kbpf.h"
#include <cerrno>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace kbpf::test {

enum Command : uint64_t {
#define KBPF_COMMAND(number, name, NAME, since, text) NAME = number,
#include "abi/commands.def"
#undef KBPF_COMMAND
};
inline constexpr uint32_t kHash = 1, kArray = 2, kPerCpuHash = 5, kPerCpuArray = 6, kLruHash = 9,
                          kLruPerCpuHash = 10, kLpmTrie = 11, kQueue = 22, kStack = 23, kBloomFilter = 30;
inline constexpr uint32_t kKprobe = 2;

template <typename T> uint64_t address(const T *object) { return reinterpret_cast<uintptr_t>(object); }
// An address that no process has.
inline constexpr uint64_t kBadAddress = 0xffff'ffff'ffff'f000;

template <typename T> int64_t bpf(uint64_t command, const T &attr, uint64_t size = sizeof(T)) {
  return kbpf_syscall(command, address(&attr), size);
}

inline kbpf_attr_map_create map_attr(uint32_t type, uint32_t key_size, uint32_t value_size,
                                     uint32_t max_entries, uint32_t flags = 0) {
  kbpf_attr_map_create attr{};
  attr.map_type = type;
  attr.key_size = key_size;
  attr.value_size = value_size;
  attr.max_entries = max_entries;
  attr.map_flags = flags;
  return attr;
}
inline int64_t make_map(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t max_entries,
                        uint32_t flags = 0) {
  return bpf(MAP_CREATE, map_attr(type, key_size, value_size, max_entries, flags));
}

inline kbpf_attr_map_elem elem_attr(int64_t fd, const void *key, const void *value, uint64_t flags = 0) {
  kbpf_attr_map_elem attr{};
  attr.map_fd = static_cast<uint32_t>(fd);
  attr.key = reinterpret_cast<uintptr_t>(key);
  attr.value = reinterpret_cast<uintptr_t>(value);
  attr.flags = flags;
  return attr;
}
inline int64_t lookup(int64_t fd, const void *key, void *value) {
  return bpf(MAP_LOOKUP_ELEM, elem_attr(fd, key, value));
}
inline int64_t update(int64_t fd, const void *key, const void *value, uint64_t flags = KBPF_MAP_UPDATE_ANY) {
  return bpf(MAP_UPDATE_ELEM, elem_attr(fd, key, value, flags));
}
inline int64_t remove(int64_t fd, const void *key) {
  return bpf(MAP_DELETE_ELEM, elem_attr(fd, key, nullptr));
}
inline int64_t next_key(int64_t fd, const void *key, void *next) {
  return bpf(MAP_GET_NEXT_KEY, elem_attr(fd, key, next));
}

// code: a container of Insn.
template <typename Code>
int64_t load_code(uint32_t type, const Code &code, uint32_t expected_attach_type = 0) {
  kbpf_attr_prog_load attr{};
  attr.prog_type = type;
  attr.insns = address(code.data());
  attr.insn_cnt = static_cast<uint32_t>(code.size());
  attr.license = address("GPL");
  attr.expected_attach_type = expected_attach_type;
  return bpf(PROG_LOAD, attr);
}

// The result of a program of type raw_tracepoint, run once. code: a container of Insn.
template <typename Code> uint32_t run_code(const Code &code) {
  constexpr uint32_t kRawTracepoint = 17;
  const int64_t program = load_code(kRawTracepoint, code);
  EXPECT_GE(program, 0);
  const uint64_t context[12] = {};
  kbpf_attr_prog_test_run attr{};
  attr.prog_fd = static_cast<uint32_t>(program);
  attr.ctx_in = address(context);
  attr.ctx_size_in = sizeof(context);
  EXPECT_EQ(bpf(PROG_TEST_RUN, attr), 0);
  hostport::close_fd(static_cast<int>(program));
  return attr.retval;
}

// Of what hostport::object_of gave.
inline void drop_reference(kbpf_object *object) { Ref<kbpf_object>::adopt(object).reset(); }

// Each test starts and ends with the port as it was: no memory, no descriptor, no lock may stay.
class KernelTest : public testing::Test {
protected:
  void SetUp() override {
    hostport::reset(false);
    static const int initialised = kbpf_init(nullptr);
    ASSERT_EQ(initialised, 0);
    allocations_before_ = hostport::live_allocations();
  }
  void TearDown() override {
    EXPECT_FALSE(hostport::interrupts_off());
    hostport::reset(false);
    EXPECT_EQ(hostport::live_allocations(), allocations_before_);
    EXPECT_EQ(hostport::charged_memory(), 0u);
  }

private:
  size_t allocations_before_ = 0;
};

} // namespace kbpf::test
