// SPDX-License-Identifier: MIT OR Apache-2.0
// Stacks of the probed kernel code, and of the process that it runs for.
#include "kernel/helpers/helpers.h"
#include "kernel/maps/stack_trace.h"
#include "kernel/port.h"
#include "kernel/run_context.h"
#include "kernel/stack_walk.h"
#include <algorithm>
#include <cstring>

namespace kbpf::helpers {
namespace {

enum : uint64_t { kSkipMask = 0xff, kUserStack = 1 << 8, kCompareHash = 1 << 9, kReplace = 1 << 10 };

// The addresses behind the first (flags & kSkipMask), at most limit. Error: bad_address where there are none.
Result<std::span<uint64_t>> take_stack(uint64_t (&addresses)[kMaxStackDepth], uint64_t flags, size_t limit) {
  const kbpf_regs *regs = current_run().regs;
  const size_t skipped = flags & kSkipMask, wanted = std::min(limit + skipped, kMaxStackDepth);
  size_t count = 0;
  if (flags & kUserStack)
    count = walk_user_stack({addresses, wanted});
  else if (regs)
    count = walk_kernel_stack(*regs, {addresses, wanted});
  if (count <= skipped)
    return Error::bad_address;
  return std::span(addresses + skipped, count - skipped);
}

// The same of any task; an empty stack where it runs elsewhere.
Result<std::span<uint64_t>> take_task_stack(uint64_t (&addresses)[kMaxStackDepth], uint64_t task,
                                            uint64_t flags, size_t limit) {
  kbpf_thread thread;
  kbpf_port_current(&thread);
  if (task == thread.object)
    return take_stack(addresses, flags, limit);
  if (flags & kUserStack)
    return Error::unsupported_operation;
  const uint64_t id = kbpf_port_task_id(task);
  uint64_t pc = 0, fp = 0;
  const int status = kbpf_port_task_stopped(task, &pc, &fp);
  if (!id || status == -to_errno(Error::not_found))
    return Error::bad_address;
  const size_t skipped = flags & kSkipMask, wanted = std::min(limit + skipped, kMaxStackDepth);
  const size_t count = status == 0 ? walk_stopped_stack(id, pc, fp, {addresses, wanted}) : 0;
  if (count < skipped)
    return Error::bad_address;
  return std::span(addresses + skipped, count - skipped);
}

uint64_t copy_stack(uint64_t buffer, uint64_t size, Result<std::span<uint64_t>> stack) {
  if (!stack.ok())
    return helper_error(stack.error());
  memcpy(pointer<void>(buffer), stack->data(), std::min<size_t>(stack->size_bytes(), size));
  return stack->size_bytes();
}

// Clears the buffer; false where the arguments are wrong.
bool begin_copy(uint64_t buffer, uint64_t size, uint64_t flags) {
  memset(pointer<void>(buffer), 0, size);
  return !(flags & ~(kSkipMask | kUserStack)) && size % sizeof(uint64_t) == 0;
}

} // namespace

uint64_t get_stackid(uint64_t, uint64_t map, uint64_t flags, uint64_t, uint64_t) {
  if (flags & ~(kSkipMask | kUserStack | kCompareHash | kReplace))
    return helper_error(Error::invalid);
  auto &stacks = *static_cast<maps::StackTraceMap *>(pointer<Map>(map));
  uint64_t addresses[kMaxStackDepth];
  Result<std::span<uint64_t>> stack = take_stack(addresses, flags, stacks.depth());
  if (!stack.ok())
    return helper_error(stack.error());
  Result<uint32_t> number = stacks.store(*stack, flags & kCompareHash, flags & kReplace);
  return number.ok() ? *number : helper_error(number.error());
}

uint64_t get_stack(uint64_t, uint64_t buffer, uint64_t size, uint64_t flags, uint64_t) {
  const size_t room = static_cast<uint32_t>(size);
  if (!begin_copy(buffer, room, flags))
    return helper_error(Error::invalid);
  uint64_t addresses[kMaxStackDepth];
  return room ? copy_stack(buffer, room, take_stack(addresses, flags, room / sizeof(uint64_t))) : 0;
}

uint64_t get_task_stack(uint64_t task, uint64_t buffer, uint64_t size, uint64_t flags, uint64_t) {
  const size_t room = static_cast<uint32_t>(size);
  if (!begin_copy(buffer, room, flags))
    return helper_error(Error::invalid);
  uint64_t addresses[kMaxStackDepth];
  return room ? copy_stack(buffer, room, take_task_stack(addresses, task, flags, room / sizeof(uint64_t)))
              : 0;
}

} // namespace kbpf::helpers
