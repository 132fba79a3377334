// SPDX-License-Identifier: MIT OR Apache-2.0
// A look at a process's areas from anywhere, such as a probe in the middle of mmap(2): it takes no lock and
// waits for nobody. Every word is read by a fault-safe copy, and what was read is thrown away where the lock
// was taken meanwhile.
#include "kernel/port.h"
#include "refkernel/machine/noprobe.h"
#include "refkernel/mm/space_state.h"
#include "refkernel/mm/vm_area_struct.h"
#include "refkernel/sched/thread.h"
#include <cstddef>

namespace refkernel {
namespace {

constexpr int kEnoent = -2, kEbusy = -16;
constexpr unsigned kMostAreas = 1u << 16; // more than that takes too long with interrupts off

template <typename T> REFKERNEL_NOPROBE bool read(T &to, uint64_t from) {
  return kbpf_port_read_kernel(&to, from, sizeof(to)) == 0;
}

struct AreaFields {
  uintptr_t start, end;
  uint32_t prot;
  bool shared;
  uint64_t offset;
};

REFKERNEL_NOPROBE bool read_area(uint64_t area, AreaFields &fields, uint64_t &next) {
  return read(fields.start, area + offsetof(Area, start)) && read(fields.end, area + offsetof(Area, end)) &&
         read(fields.prot, area + offsetof(Area, prot)) &&
         read(fields.shared, area + offsetof(Area, shared)) &&
         read(fields.offset, area + offsetof(Area, offset)) && read(next, area + offsetof(Area, next));
}

} // namespace

// A friend of the classes whose members it reads.
struct AreaFinder {
  static int of_thread(uint64_t thread, uint64_t address, vm_area_struct &found);
  static int find(uint64_t state, uint64_t address, vm_area_struct &found);
};

// 0 and the area, kEnoent, or kEbusy.
REFKERNEL_NOPROBE int AreaFinder::find(uint64_t state, uint64_t address, vm_area_struct &found) {
  using State = AddressSpace::State;
  const uint64_t turns = state + offsetof(State, lock) + offsetof(Mutex, turns_);
  uint32_t before = 1, after = 0;
  uint64_t area = 0;
  if (!read(before, turns) || before % 2)
    return kEbusy;
  std::atomic_thread_fence(std::memory_order_acquire);
  AreaFields fields{};
  bool is_found = false;
  unsigned left = kMostAreas;
  if (!read(area, state + offsetof(State, areas) + offsetof(AreaList, first_)))
    return kEbusy;
  while (area && !is_found && left--) {
    uint64_t next = 0;
    if (!read_area(area, fields, next))
      return kEbusy;
    if (address < fields.start)
      break;
    is_found = address < fields.end;
    area = next;
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  if (!read(after, turns) || after != before || (area && !is_found && address >= fields.start))
    return kEbusy;
  if (!is_found)
    return kEnoent;
  found.vm_start = fields.start;
  found.vm_end = fields.end;
  found.vm_flags = (fields.prot & kProtRead ? VM_READ : 0u) | (fields.prot & kProtWrite ? VM_WRITE : 0u) |
                   (fields.prot & kProtExec ? VM_EXEC : 0u) | (fields.shared ? VM_SHARED : 0u);
  found.vm_pgoff = fields.offset / kPageSize;
  return 0;
}

REFKERNEL_NOPROBE int AreaFinder::of_thread(uint64_t thread, uint64_t address, vm_area_struct &found) {
  uint64_t space = 0, state = 0;
  if (!read(space, thread + offsetof(Thread, space)) || !space ||
      !read(state, space + offsetof(AddressSpace, state_)) || !state)
    return kEnoent;
  return find(state, address, found);
}

} // namespace refkernel

using namespace refkernel;

REFKERNEL_NOPROBE int kbpf_port_find_area(uint64_t object, uint64_t address,
                                          void (*visit)(void *user, uint64_t area), void *user) {
  if (!kbpf_port_task_id(object))
    return kEnoent;
  vm_area_struct area;
  const int result = AreaFinder::of_thread(object - offsetof(Thread, task), address, area);
  if (result == 0)
    visit(user, reinterpret_cast<uintptr_t>(&area));
  return result;
}
