// SPDX-License-Identifier: MIT OR Apache-2.0
// Making and freeing threads. A new thread's saved registers lead the first switch to it into thread_start
// (trap.S).
#include "refkernel/sched/thread.h"
#include "core/base/text.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/machine/noprobe.h"
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/kernel_map.h"
#include "refkernel/sched/scheduler.h"
#include <cstring>

extern "C" char thread_start[];

namespace refkernel {
namespace {

std::atomic<uint64_t> next_id{1};

kbpf::Result<Ref<Thread>> create_thread(const char *name) {
  Ref<Thread> thread = Ref<Thread>::adopt(try_make<Thread>());
  if (!thread)
    return kbpf::Error::no_memory;
  thread->sched = try_make<Thread::SchedState>();
  if (!thread->sched)
    return kbpf::Error::no_memory;
  thread->sched->thread = thread.get();
  uintptr_t top = allocate_stack();
  if (!top)
    return kbpf::Error::no_memory;
  thread->sched->kernel_stack_top = top;
  thread->sched->saved[0] = reinterpret_cast<uintptr_t>(thread_start);
  thread->sched->saved[1] = top;
  thread->id = next_id.fetch_add(1);
  task_struct &task = thread->task;
  task.flags = PF_KTHREAD;
  task.real_parent = task.parent = task.group_leader = &task;
  task.start_time = task.start_boottime = now_ns();
  kbpf::TextBuffer(task.comm, sizeof(task.comm)).append(name);
  return thread;
}

} // namespace

static_assert(offsetof(Thread::SchedState, thread) == kOffsetOfThread);

Thread::~Thread() {
  if (!sched)
    return;
  if (sched->kernel_stack_top)
    free_stack(sched->kernel_stack_top);
  destroy(sched);
}

kbpf::Result<Ref<Thread>> create_kernel_thread(const char *name, void (*entry)(void *), void *argument) {
  Ref<Thread> thread = KBPF_TRY(create_thread(name));
  thread->sched->entry = entry;
  thread->sched->argument = argument;
  return thread;
}

kbpf::Result<Ref<Thread>> create_user_thread(const char *name, Ref<AddressSpace> space, Process *process,
                                             const TrapFrame &frame, Thread *fp_from) {
  Ref<Thread> thread = KBPF_TRY(create_thread(name));
  Thread::SchedState &state = *thread->sched;
  thread->space = std::move(space);
  thread->process = process;
  thread->user_frame = reinterpret_cast<TrapFrame *>(state.kernel_stack_top - sizeof(TrapFrame));
  *thread->user_frame = frame;
  // User mode, interrupts on there, floating point usable; the rest as this hart has it.
  uintptr_t status = REFKERNEL_CSR_READ(sstatus) & ~(kStatusSpp | kStatusSie | kStatusSum | kStatusFs);
  thread->user_frame->status = status | kStatusSpie | kStatusFsClean;
  state.saved[1] = reinterpret_cast<uintptr_t>(thread->user_frame);
  state.has_fp = true;
  state.allowed.store(allowed_harts(*current()), std::memory_order_relaxed);
  thread->task.flags = 0;
  if (fp_from)
    copy_fp(state, *fp_from);
  return thread;
}

Thread *create_idle_thread(Hart &hart) {
  char name[16];
  kbpf::TextBuffer text(name, sizeof(name));
  kbpf::print(text, "swapper/{}", hart.index); // Linux's name
  auto thread = create_thread(name);
  if (!thread)
    return nullptr;
  Thread::SchedState &state = *(*thread)->sched;
  set_hart(state, hart);
  state.overflow_stack = hart.overflow_stack;
  return (*thread).release();
}

} // namespace refkernel
