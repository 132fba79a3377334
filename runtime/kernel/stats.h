// SPDX-License-Identifier: MIT OR Apache-2.0
// Run statistics of programs (BPF_ENABLE_STATS): counted while at least one descriptor asks for them.
#pragma once
#include "kernel/object.h"

namespace kbpf {

class StatsSwitch final : public Object {
public:
  StatsSwitch() : Object(Kind::stats) { users_.fetch_add(1, std::memory_order_relaxed); }
  void destroy() override;

  // [any]
  static bool is_on() { return users_.load(std::memory_order_relaxed) != 0; }

private:
  template <typename T> friend void free_object(T *object);
  ~StatsSwitch() = default;
  static constinit std::atomic<uint32_t> users_;
};

} // namespace kbpf
