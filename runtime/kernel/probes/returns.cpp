// SPDX-License-Identifier: MIT OR Apache-2.0
// Two structures without locks. A thread's stack of pending returns is found through a set-associative table:
// its id can only be in one of two sets of eight, each a cache line of ids; only the thread itself writes its
// entry, so there is nothing to delete in the middle of a search. Free pending returns are a stack whose head
// carries a tag that changes with every operation, so that a head that was popped and pushed meanwhile is not
// mistaken for itself.
#include "kernel/probes/returns.h"
#include "kernel/port.h"
#include "kernel/probes/jump_entry.h"
#include "kernel/probes/slots.h"
#include <atomic>
#include <new>

namespace kbpf::probes {
namespace {

constexpr uint32_t kSets = 256, kWays = 8;
constexpr uint32_t kPendingReturns = 4096;

struct PendingReturn {
  std::atomic<uint32_t> next_free{0}; // index; 0: none
  uint32_t below = 0;                 // the thread's next older one; 0: none
  uint64_t return_address = 0;
  uint64_t stack_pointer = 0; // at entry, and again at the return: the calling convention preserves it
  ProbedCall call;
  bool has_arguments = false; // in SavedArguments, at the same index
  uint8_t argument_count = 0;
};

struct SavedArguments {
  uint64_t of_call[kPendingReturns + 1][TracingTarget::kMaxArguments];
};

struct alignas(64) ThreadSet {
  std::atomic<uint64_t> ids[kWays] = {}; // 0: free
  uint32_t newest[kWays] = {};           // index of a PendingReturn; touched by the thread of that id only
  std::atomic<uint32_t> claimed{0};      // entries that are taken; more for a moment
};

struct Returns {
  explicit Returns(uintptr_t trampoline_address) : trampoline(trampoline_address) {}
  const uintptr_t trampoline;
  std::atomic<uint64_t> free{0}; // tag << 32 | index
  ThreadSet sets[kSets];
  PendingReturn pending[kPendingReturns + 1]; // [0] is not used
};

constinit std::atomic<Returns *> shared{nullptr};
constinit std::atomic<SavedArguments *> saved_arguments{nullptr};

uint32_t take_pending(Returns &returns) {
  uint64_t head = returns.free.load(std::memory_order_acquire);
  for (;;) {
    const uint32_t index = static_cast<uint32_t>(head);
    if (!index)
      return 0;
    const uint64_t next = returns.pending[index].next_free.load(std::memory_order_relaxed);
    const uint64_t changed = ((head >> 32) + 1) << 32 | next;
    if (returns.free.compare_exchange_weak(head, changed, std::memory_order_acquire,
                                           std::memory_order_acquire))
      return index;
  }
}

void give_pending(Returns &returns, uint32_t index) {
  uint64_t head = returns.free.load(std::memory_order_relaxed);
  uint64_t changed;
  do {
    returns.pending[index].next_free.store(static_cast<uint32_t>(head), std::memory_order_relaxed);
    changed = ((head >> 32) + 1) << 32 | index;
  } while (!returns.free.compare_exchange_weak(head, changed, std::memory_order_release,
                                               std::memory_order_relaxed));
}

// The entry of one thread in the table.
struct ThreadEntry {
  std::atomic<uint64_t> *id = nullptr;
  uint32_t *newest = nullptr;
  ThreadSet *set = nullptr;
  explicit operator bool() const { return id; }
};

ThreadSet &set_of(Returns &returns, uint64_t thread_id, unsigned choice) {
  const uint64_t hash = thread_id * 0x9e3779b97f4a7c15;
  return returns.sets[hash >> (choice == 0 ? 56 : 40) & (kSets - 1)];
}

ThreadEntry find_thread(Returns &returns, uint64_t thread_id) {
  for (unsigned choice = 0; choice < 2; choice++) {
    ThreadSet &set = set_of(returns, thread_id, choice);
    if (!set.claimed.load(std::memory_order_relaxed))
      continue;
    for (uint32_t way = 0; way < kWays; way++)
      if (set.ids[way].load(std::memory_order_relaxed) == thread_id)
        return {&set.ids[way], &set.newest[way], &set};
  }
  return {};
}

ThreadEntry claim_thread(Returns &returns, uint64_t thread_id) {
  for (unsigned choice = 0; choice < 2; choice++) {
    ThreadSet &set = set_of(returns, thread_id, choice);
    set.claimed.fetch_add(1, std::memory_order_relaxed);
    for (uint32_t way = 0; way < kWays; way++) {
      uint64_t unused = 0;
      if (set.ids[way].load(std::memory_order_relaxed) == 0 &&
          set.ids[way].compare_exchange_strong(unused, thread_id, std::memory_order_acquire))
        return {&set.ids[way], &set.newest[way], &set};
    }
    set.claimed.fetch_sub(1, std::memory_order_relaxed);
  }
  return {};
}

// Drops the thread's newest pending return, and its entry with the last one.
void drop_newest(Returns &returns, const ThreadEntry &thread) {
  const uint32_t index = *thread.newest;
  *thread.newest = returns.pending[index].below;
  if (!*thread.newest) {
    thread.id->store(0, std::memory_order_release);
    thread.set->claimed.fetch_sub(1, std::memory_order_relaxed);
  }
  give_pending(returns, index);
}

} // namespace

Result<void> prepare_returns() {
  if (shared.load(std::memory_order_relaxed))
    return {};
  void *memory = kbpf_port_alloc(sizeof(Returns), alignof(Returns));
  if (!memory)
    return Error::no_memory;
  Result<uintptr_t> trampoline = return_stub() ? Result<uintptr_t>(return_stub()) : make_breakpoint_slot();
  if (!trampoline) {
    kbpf_port_free(memory, sizeof(Returns), alignof(Returns));
    return trampoline.error();
  }
  Returns *returns = new (memory) Returns(*trampoline);
  for (uint32_t index = kPendingReturns; index > 0; index--)
    give_pending(*returns, index);
  shared.store(returns, std::memory_order_release);
  return {};
}

Result<void> prepare_arguments() {
  if (saved_arguments.load(std::memory_order_relaxed))
    return {};
  void *memory = kbpf_port_alloc(sizeof(SavedArguments), alignof(SavedArguments));
  if (!memory)
    return Error::no_memory;
  saved_arguments.store(new (memory) SavedArguments, std::memory_order_release);
  return {};
}

bool divert_return(kbpf_regs &regs, const ProbedCall &call, const uint64_t *arguments, uint32_t count) {
  Returns *returns = shared.load(std::memory_order_acquire);
  const uint64_t thread_id = kbpf_port_thread_id();
  if (!returns || !thread_id)
    return false;
  const uint32_t index = take_pending(*returns);
  if (!index)
    return false;
  ThreadEntry thread = find_thread(*returns, thread_id);
  if (!thread)
    thread = claim_thread(*returns, thread_id);
  if (!thread) {
    give_pending(*returns, index);
    return false;
  }
  PendingReturn &pending = returns->pending[index];
  pending.below = *thread.newest;
  pending.return_address = regs.x[0];
  pending.stack_pointer = regs.x[1];
  pending.call = call;
  SavedArguments *saved = arguments ? saved_arguments.load(std::memory_order_acquire) : nullptr;
  pending.has_arguments = saved;
  if (saved) {
    pending.argument_count = static_cast<uint8_t>(count);
    for (uint32_t i = 0; i < count; i++)
      saved->of_call[index][i] = arguments[i];
  }
  *thread.newest = index;
  regs.x[0] = returns->trampoline;
  return true;
}

bool is_trampoline(uintptr_t pc) {
  const Returns *returns = shared.load(std::memory_order_acquire);
  return returns && pc == returns->trampoline;
}

PendingReturns::PendingReturns() : PendingReturns(kbpf_port_thread_id()) {}

PendingReturns::PendingReturns(uint64_t thread_id) : index_(0), left_(kPendingReturns) {
  Returns *returns = shared.load(std::memory_order_acquire);
  if (const ThreadEntry thread = returns ? find_thread(*returns, thread_id) : ThreadEntry{})
    index_ = *thread.newest;
}

uintptr_t PendingReturns::next() {
  Returns *returns = shared.load(std::memory_order_acquire);
  while (index_ && left_) {
    const PendingReturn &pending = returns->pending[index_];
    index_ = pending.below;
    left_--;
    if (pending.return_address != returns->trampoline) // of a tail call: the one below has it
      return pending.return_address;
  }
  return 0;
}

bool end_call(kbpf_regs &regs, EndedCall &ended) {
  Returns *returns = shared.load(std::memory_order_acquire);
  const ThreadEntry thread = returns ? find_thread(*returns, kbpf_port_thread_id()) : ThreadEntry{};
  if (!thread)
    return false;

  // What lies above the match belongs to calls that never returned.
  const uint64_t stack_pointer = regs.x[1];
  uint32_t match = *thread.newest;
  while (match && returns->pending[match].stack_pointer != stack_pointer)
    match = returns->pending[match].below;
  // A tail call was entered with ra at the trampoline already: the caller is the one of the call below.
  uint32_t outermost = match;
  while (outermost && returns->pending[outermost].return_address == returns->trampoline)
    outermost = returns->pending[outermost].below;
  if (!match || !outermost)
    return false;
  while (*thread.newest != match)
    drop_newest(*returns, thread);

  ended.call = returns->pending[match].call;
  ended.has_arguments = returns->pending[match].has_arguments;
  if (ended.has_arguments) {
    const auto &words = saved_arguments.load(std::memory_order_relaxed)->of_call[match];
    ended.arguments.count = returns->pending[match].argument_count;
    for (uint32_t i = 0; i < ended.arguments.count; i++)
      ended.arguments.words[i] = words[i];
  }
  ended.last = match == outermost;
  regs.epc = regs.x[0] = returns->pending[outermost].return_address;
  drop_newest(*returns, thread);
  return true;
}

void forget_thread(uint64_t thread_id) {
  Returns *returns = shared.load(std::memory_order_acquire);
  if (!returns || !thread_id)
    return;
  const ThreadEntry thread = find_thread(*returns, thread_id);
  if (!thread)
    return;
  uint32_t index = *thread.newest;
  while (index) {
    const uint32_t below = returns->pending[index].below;
    drop_newest(*returns, thread);
    index = below;
  }
}

} // namespace kbpf::probes
