// SPDX-License-Identifier: MIT OR Apache-2.0
// What an object takes of its user's share of memory. The port keeps the accounts and says where the limit
// is; a map pays at once for all that it can hold.
#pragma once
#include "core/base/result.h"
#include "kernel/port.h"
#include <utility>

namespace kbpf {

class MemoryCharge {
public:
  MemoryCharge() = default;
  MemoryCharge(MemoryCharge &&other) noexcept
      : bytes_(std::exchange(other.bytes_, 0)), account_(other.account_) {}
  MemoryCharge &operator=(MemoryCharge &&other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(account_, other.account_);
    return *this;
  }
  MemoryCharge(const MemoryCharge &) = delete;
  MemoryCharge &operator=(const MemoryCharge &) = delete;
  ~MemoryCharge() {
    if (bytes_)
      kbpf_port_memory_uncharge(account_, bytes_);
  }

  // The calling process's user pays until the charge ends. Error: no_memory, beyond the user's limit.
  static Result<MemoryCharge> take(uint64_t bytes) {
    MemoryCharge charge;
    if (bytes && kbpf_port_memory_charge(bytes, &charge.account_) != 0)
      return Error::no_memory;
    charge.bytes_ = bytes;
    return charge;
  }
  uint64_t bytes() const { return bytes_; }

private:
  uint64_t bytes_ = 0, account_ = 0;
};

} // namespace kbpf
