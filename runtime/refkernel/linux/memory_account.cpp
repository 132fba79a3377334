// SPDX-License-Identifier: MIT OR Apache-2.0
// How much of the kernel's memory the BPF objects of each user take. A process without CAP_SYS_RESOURCE makes
// no more of them than its RLIMIT_MEMLOCK allows its user; the others pay too, and have no limit.
#include "kernel/port.h"
#include "refkernel/linux/process.h"
#include <utility>

namespace refkernel {

namespace {

struct Account { // one for each user that ever had an object
  uint32_t uid = 0;
  uint64_t bytes = 0;
  Account *next = nullptr;
};

SpinLock lock;
Account *first = nullptr;

Account *find(uint32_t uid) {
  Account *account = first;
  while (account && account->uid != uid)
    account = account->next;
  return account;
}

} // namespace

} // namespace refkernel

using namespace refkernel;

int kbpf_port_memory_charge(uint64_t bytes, uint64_t *account) {
  Thread *running = current();
  if (!running || !running->process) {
    *account = 0;
    return 0;
  }
  Process &process = *running->process;
  const uint64_t limit =
      capable(Capability::sys_resource) ? UINT64_MAX : process.limits[kLimitLockedMemory].soft;
  Account *made = try_make<Account>(); // before the lock
  SpinGuard guard(lock);
  Account *payer = find(process.credentials.uid);
  if (!payer && made) {
    payer = std::exchange(made, nullptr);
    payer->uid = process.credentials.uid;
    payer->next = first;
    first = payer;
  }
  destroy(made);
  if (!payer || bytes > limit || payer->bytes > limit - bytes)
    return -static_cast<int>(Errno::enomem);
  payer->bytes += bytes;
  *account = reinterpret_cast<uintptr_t>(payer);
  return 0;
}

void kbpf_port_memory_uncharge(uint64_t account, uint64_t bytes) {
  if (!account)
    return;
  SpinGuard guard(lock);
  reinterpret_cast<Account *>(account)->bytes -= bytes;
}
