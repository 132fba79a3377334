// SPDX-License-Identifier: MIT OR Apache-2.0
// A link: a program at a place, for as long as something refers to the link (a descriptor, a name in the bpf
// file system). Where the place is a perf event, the link keeps that too.
#pragma once
#include "abi/info.h"
#include "kernel/memory.h"
#include "kernel/memory_charge.h"
#include "kernel/object.h"
#include "kernel/probes/probe_event.h"
#include "kernel/registry.h"

namespace kbpf {

class Link final : public Object {
public:
  enum class Type : uint32_t {
    raw_tracepoint = 1,
    tracing = 2,
    perf_event = 7,
    kprobe_multi = 8
  }; // Linux's numbers

  // Errors: what attaching says, no_memory.
  static Result<Ref<Link>> to_event(Ref<Program> program, kbpf_event &event, uint64_t cookie);
  static Result<Ref<Link>> to_perf_event(Ref<Program> program, Ref<RunningEvent> event, uint64_t cookie);
  // To the function that the program was loaded for.
  static Result<Ref<Link>> to_function(Ref<Program> program, uint64_t cookie, TextSink &why);
  // One place of a link to many, as it was asked for.
  struct Place {
    probes::Target target;
    uint64_t cookie;
  };
  // places: an array of Place. All or none are attached.
  static Result<Ref<Link>> to_places(Ref<Program> program, Buffer places, uint32_t count, bool at_return,
                                     TextSink &why);

  Type type() const { return type_; }
  uint32_t id() const { return id_; } // unique among the links that live; not 0
  const Program &program() const { return *program_; }
  const kbpf_event *event() const { return event_; }           // raw_tracepoint
  const RunningEvent *perf_event() const { return perf_.get(); } // perf_event
  std::span<const Place> places() const {                      // kprobe_multi, tracing
    return {reinterpret_cast<const Place *>(places_.data()), place_count_};
  }
  bool at_return() const { return at_return_; }
  uint64_t cookie() const { return cookie_; }

  void destroy() override;

private:
  template <typename T, typename... Args> friend T *allocate_object(Args &&...args);
  template <typename T> friend void free_object(T *object);
  Link(Type type, Ref<Program> program) : Object(Kind::link), type_(type), program_(std::move(program)) {}
  ~Link() = default;
  static Result<Ref<Link>> create(Type type, Ref<Program> program);
  Result<void> attach_places(Buffer places, uint32_t count, TextSink &why);
  Result<void> publish();
  AttachOwner owner() const { return {this, cookie_}; }

  const Type type_;
  Ref<Program> program_;
  uint64_t cookie_ = 0;
  kbpf_event *event_ = nullptr;
  MemoryCharge charge_;
  Ref<RunningEvent> perf_;
  Buffer places_;
  uint32_t place_count_ = 0; // attached ones
  bool at_return_ = false;
  uint32_t id_ = 0;
};

extern Registry<Link> link_registry; // all that live

} // namespace kbpf
