// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/stack_walk.h"
#include "kernel/port.h"
#include "kernel/probes/returns.h"

namespace kbpf {
namespace {

struct FrameRecord {
  uint64_t caller_fp, return_address;
};

using Read = int (*)(void *to, uint64_t from, size_t size);

// The record of the frame at fp; false where there is none.
bool read_frame(Read read, uint64_t fp, FrameRecord &record) {
  return fp % 8 == 0 && fp > sizeof(record) && read(&record, fp - sizeof(record), sizeof(record)) == 0;
}

// Addresses of the kernel's code, as a walk comes by them.
class KernelWalk {
public:
  KernelWalk(probes::PendingReturns pending, std::span<uint64_t> addresses)
      : pending_(pending), addresses_(addresses) {}
  void add_first(uint64_t pc) { addresses_[count_++] = pc; }
  // False at the end of the room, or where the address is not code.
  bool add(uint64_t address) {
    if (probes::is_trampoline(address))
      address = pending_.next();
    kbpf_symbol symbol;
    if (count_ == addresses_.size() || kbpf_port_symbol_at(address, &symbol) != 0)
      return false;
    addresses_[count_++] = address;
    return true;
  }
  size_t follow(uint64_t fp) {
    FrameRecord record;
    while (read_frame(kbpf_port_read_kernel, fp, record)) {
      if (!add(record.return_address) || record.caller_fp <= fp)
        break;
      fp = record.caller_fp;
    }
    return count_;
  }
  size_t count() const { return count_; }

private:
  probes::PendingReturns pending_;
  const std::span<uint64_t> addresses_;
  size_t count_ = 0;
};

} // namespace

size_t walk_kernel_stack(const kbpf_regs &regs, std::span<uint64_t> addresses) {
  if (addresses.empty())
    return 0;
  KernelWalk walk({}, addresses);
  walk.add_first(regs.epc);
  kbpf_symbol symbol;
  // A function that has just been entered has no frame yet: fp is its caller's.
  if (kbpf_port_symbol_at(regs.epc, &symbol) == 0 && symbol.address == regs.epc && !walk.add(regs.x[kRegRa]))
    return walk.count();
  return walk.follow(regs.x[kRegFp]);
}

size_t walk_stopped_stack(uint64_t thread_id, uint64_t pc, uint64_t fp, std::span<uint64_t> addresses) {
  if (addresses.empty())
    return 0;
  KernelWalk walk(probes::PendingReturns(thread_id), addresses);
  return walk.add(pc) ? walk.follow(fp) : 0;
}

size_t walk_user_stack(std::span<uint64_t> addresses) {
  const kbpf_regs *regs = kbpf_port_user_regs();
  size_t count = 0;
  if (!regs || addresses.empty())
    return 0;
  addresses[count++] = regs->epc;
  // System calls are made by functions that commonly have no frame: the register tells their caller.
  uint64_t innermost = regs->x[kRegRa];
  if (innermost && count < addresses.size())
    addresses[count++] = innermost;
  FrameRecord record;
  for (uint64_t fp = regs->x[kRegFp];
       count < addresses.size() && read_frame(kbpf_port_read_user, fp, record) && record.return_address;) {
    if (record.return_address != innermost)
      addresses[count++] = record.return_address;
    innermost = 0;
    if (record.caller_fp <= fp)
      break;
    fp = record.caller_fp;
  }
  return count;
}

} // namespace kbpf
