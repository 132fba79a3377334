// SPDX-License-Identifier: MIT OR Apache-2.0
// BTF that the kernel keeps: what a process loaded (BPF_BTF_LOAD), and the kernel's own, which has the name
// "vmlinux" and the first id.
#pragma once
#include "core/btf/btf.h"
#include "kernel/memory.h"
#include "kernel/memory_charge.h"
#include "kernel/object.h"
#include "kernel/registry.h"
#include <atomic>

namespace kbpf {

class BtfObject final : public Object {
public:
  // bytes: from a process. Errors: those of Btf::parse and check_references; no_memory.
  static Result<Ref<BtfObject>> load(Buffer bytes, TextSink *log);
  // The kernel's own; it trusts its bytes, which live for ever. Once, from kbpf_set_kernel_btf.
  static Result<void> install_kernel(std::span<const std::byte> bytes);
  // Error: not_found, where the kernel has none.
  static Result<Ref<BtfObject>> kernel();

  uint32_t id() const { return id_; }
  bool is_kernel() const { return is_kernel_; }
  std::string_view name() const { return is_kernel_ ? "vmlinux" : ""; }
  std::span<const std::byte> bytes() const { return bytes_; }
  // The kernel's is read at its first use. From system calls. Errors: those of Btf::parse.
  Result<const Btf *> types();

  void destroy() override;

private:
  template <typename T, typename... Args> friend T *allocate_object(Args &&...args);
  template <typename T> friend void free_object(T *object);
  BtfObject();
  ~BtfObject() = default;

  Buffer buffer_;
  std::span<const std::byte> bytes_;
  Arena memory_;
  Btf types_;
  std::atomic<bool> is_read_{false};
  bool is_kernel_ = false;
  MemoryCharge charge_;
  uint32_t id_ = 0;
};

extern Registry<BtfObject> btf_registry; // all that live

} // namespace kbpf
