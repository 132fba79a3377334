// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/btf_object.h"
#include "core/btf/check.h"
#include "kernel/kbpf.h"

namespace kbpf {
namespace {

constexpr size_t kIndexBudget = 8u << 20;  // bytes of a blob's index of types
constexpr size_t kCheckBudget = 16u << 20; // bytes that checking takes for a while

constinit BtfObject *kernel_object = nullptr; // set once, before any process runs
constinit std::atomic<bool> reading{false};

} // namespace

constinit Registry<BtfObject> btf_registry;

BtfObject::BtfObject() : Object(Kind::btf), memory_(port_block_source(), kIndexBudget) {}

Result<Ref<BtfObject>> BtfObject::load(Buffer bytes, TextSink *log) {
  BtfObject *made = allocate_object<BtfObject>();
  if (!made)
    return Error::no_memory;
  Ref<BtfObject> object = Ref<BtfObject>::adopt(made);
  object->buffer_ = std::move(bytes);
  object->bytes_ = object->buffer_.span();
  object->types_ = KBPF_TRY(Btf::parse(object->bytes_, object->memory_, log));
  Arena scratch(port_block_source(), kCheckBudget);
  KBPF_TRY(check_references(object->types_, scratch, log));
  object->charge_ =
      KBPF_TRY(MemoryCharge::take(sizeof(BtfObject) + object->bytes_.size() + object->memory_.reserved()));
  object->is_read_.store(true, std::memory_order_release);
  KBPF_TRY(btf_registry.add(object.get(), object->id_)); // last: from now on others may open it
  return Result<Ref<BtfObject>>(std::move(object));
}

Result<void> BtfObject::install_kernel(std::span<const std::byte> bytes) {
  BtfObject *made = allocate_object<BtfObject>();
  if (!made)
    return Error::no_memory;
  made->bytes_ = bytes;
  made->is_kernel_ = true;
  KBPF_TRY(btf_registry.add(made, made->id_));
  kernel_object = made;
  return {};
}

Result<Ref<BtfObject>> BtfObject::kernel() {
  if (!kernel_object)
    return Error::not_found;
  return Ref<BtfObject>::share(kernel_object);
}

Result<const Btf *> BtfObject::types() {
  if (is_read_.load(std::memory_order_acquire))
    return &types_;
  while (reading.exchange(true, std::memory_order_acquire))
    kbpf_port_relax();
  Result<void> result;
  if (!is_read_.load(std::memory_order_relaxed)) {
    Result<Btf> parsed = Btf::parse(bytes_, memory_, nullptr);
    if (parsed.ok()) {
      types_ = *parsed;
      is_read_.store(true, std::memory_order_release);
    } else {
      result = parsed.error();
    }
  }
  reading.store(false, std::memory_order_release);
  KBPF_TRY(std::move(result));
  return &types_;
}

void BtfObject::destroy() {
  if (id_)
    btf_registry.remove(id_);
  wait_for_readers();
  free_object(this);
}

} // namespace kbpf

int kbpf_set_kernel_btf(const void *bytes, size_t size) {
  kbpf::Result<void> installed =
      kbpf::BtfObject::install_kernel({static_cast<const std::byte *>(bytes), size});
  return installed.ok() ? 0 : -kbpf::to_errno(installed.error());
}
