// SPDX-License-Identifier: MIT OR Apache-2.0
// What a BPF file descriptor stands for: a reference-counted map, program, perf event, BTF, link, probe
// event, or the switch of the statistics.
// kbpf_object of the C interface is this type.
#pragma once
#include "core/base/result.h"
#include <atomic>
#include <cstdint>

struct kbpf_object {
  enum class Kind : uint8_t { map, program, stats, perf_event, btf, link, probe_event };
  explicit kbpf_object(Kind object_kind) : kind(object_kind) {}
  // The last reference is gone; from a system call, readers may still run: waits for them.
  virtual void destroy() = 0;
  // Memory that processes may map, and readiness: kbpf_object_map, _unmap, _page and _poll in kbpf.h.
  virtual kbpf::Result<void> begin_mapping(uint64_t, uint64_t, bool) { return kbpf::Error::not_supported; }
  virtual void end_mapping(uint64_t, uint64_t, bool) {}
  virtual void *mapped_page(uint64_t) { return nullptr; }
  virtual uint32_t poll_events() { return kPollError; }
  virtual uint32_t poll_generation() { return 0; }
  // Events of perf_event_open(2).
  virtual kbpf::Result<void> enable_event(bool) { return kbpf::Error::invalid; }
  static constexpr uint32_t kPollReadable = 0x41, kPollError = 8;
  const Kind kind;
  std::atomic<uint32_t> references{1};
  // Those of the references that are descriptors or names, or that the port holds for a moment.
  std::atomic<uint32_t> users{0};
  // No descriptor and no name is left; programs may still use the object. From a system call.
  virtual void last_user_gone() {}
  void drop_user() {
    if (users.fetch_sub(1, std::memory_order_acq_rel) == 1)
      last_user_gone();
  }

protected:
  ~kbpf_object() = default;
};

namespace kbpf {
using Object = kbpf_object;

// Owns one reference.
template <typename T> class Ref {
public:
  Ref() = default;
  static Ref adopt(T *object) { // takes over the caller's reference
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  static Ref share(T *object) { // takes a new one
    if (object)
      object->references.fetch_add(1, std::memory_order_relaxed);
    return adopt(object);
  }
  // Takes a new one of an object that may be about to end, inside a ReadSection; null where it is.
  static Ref share_living(T *object) {
    uint32_t count = object ? object->references.load(std::memory_order_relaxed) : 0;
    while (count && !object->references.compare_exchange_weak(count, count + 1, std::memory_order_relaxed))
      ;
    return adopt(count ? object : nullptr);
  }
  Ref(Ref &&other) noexcept : object_(other.object_) { other.object_ = nullptr; }
  Ref &operator=(Ref &&other) noexcept {
    if (this != &other) {
      reset();
      object_ = other.object_;
      other.object_ = nullptr;
    }
    return *this;
  }
  Ref(const Ref &) = delete;
  Ref &operator=(const Ref &) = delete;
  ~Ref() { reset(); }
  void reset() {
    if (object_ && object_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      object_->destroy();
    object_ = nullptr;
  }
  T *release() { // gives the reference to the caller
    T *object = object_;
    object_ = nullptr;
    return object;
  }
  T *get() const { return object_; }
  T *operator->() const { return object_; }
  T &operator*() const { return *object_; }
  explicit operator bool() const { return object_; }

private:
  T *object_ = nullptr;
};

// What the port stored with a reference of the runtime's own.
inline Ref<Object> adopt_from_port(Object *object) {
  Ref<Object> ref = Ref<Object>::adopt(object);
  object->drop_user();
  return ref;
}
// The object behind a descriptor, of any kind. Errors: bad_fd, invalid.
Result<Ref<Object>> object_from_fd(uint32_t fd);

} // namespace kbpf
