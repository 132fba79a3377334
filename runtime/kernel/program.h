// SPDX-License-Identifier: MIT OR Apache-2.0
// A loaded program: verified, compiled, holding references on its maps.
#pragma once
#include "core/base/arena.h"
#include "core/btf/program_info.h"
#include "core/interp/callback.h"
#include "core/interp/interp.h"
#include "core/verifier/program.h"
#include "kernel/btf_object.h"
#include "kernel/engine.h"
#include "kernel/kbpf.h"
#include "kernel/memory_charge.h"
#include "kernel/object.h"
#include "kernel/probes/tracing_target.h"
#include "kernel/registry.h"
#include "kernel/stats.h"
#include <array>
#include <span>
#include <string_view>

namespace kbpf {

class Map;

class Program final : public Object {
public:
  // From a ReadSection (interrupts off). context: as the program type says (docs/abi.md). Returns r0.
  uint64_t run(void *context) const {
    if (code_.entry && !StatsSwitch::is_on()) [[likely]]
      return code_.entry(context);
    return run_slowly(context);
  }
  uint32_t id() const { return id_; } // unique among the programs that live; not 0
  const Profile &profile() const { return *profile_; }
  const ProgTypeInfo &type() const { return *type_; }
  const char *name() const { return name_; }
  std::span<Map *const> maps() const { return {maps_, map_count_}; }
  // What a slot of a program array holds (ProgArrayLayout).
  uint64_t tail_target() const {
    return code_.entry ? code_.tail_entry : reinterpret_cast<uintptr_t>(interpreted_);
  }
  size_t code_bytes() const { return code_.size; } // of machine code; 0: interpreted
  std::span<const Insn> insns() const { return insns_; }
  // How it came here, and what it did while statistics were on.
  struct Record {
    uint64_t load_time = 0; // ns since boot
    uint32_t uid = 0;
    bool gpl_compatible = false;
    uint32_t verified_insns = 0;
    uint32_t context_bytes = 0;        // of its context that it accesses, from the start
    uint32_t expected_attach_type = 0; // as the loader gave it
    bool sleepable = false;
  };
  const Record &record() const { return record_; }
  // Goes on in programs that are not known, on the same context: these may look at all of it.
  bool makes_tail_calls() const { return makes_tail_calls_; }
  const MachineCode &code() const { return code_; }
  // Where each of its functions begins; the entry is the first one.
  struct Function {
    uint32_t first; // instruction
    uint32_t count;
  };
  // [any] Linux's tags of the program and of each function: SHA-1 over the instructions, which costs more
  // than all the rest of loading. So they are computed when somebody asks for the first time. A program of
  // one function has its own tag; of several, each has that of its verified code, as on Linux.
  using Tag = std::array<uint8_t, 8>;
  Tag tag() const { return remembered_tag(0, loaded_); }
  Tag tag(size_t function) const {
    return functions_.size() == 1 ? tag()
                                  : remembered_tag(1 + function, insns_.subspan(functions_[function].first,
                                                                                functions_[function].count));
  }
  std::span<const Function> functions() const { return functions_; }
  std::string_view function_name(size_t number) const; // [any] "F" where nobody told it, as on Linux
  uint64_t memory() const { return charge_.bytes(); }  // that it takes
  // The types of its functions and the lines of its code; null and empty where the loader gave none.
  BtfObject *btf() const { return btf_.get(); }
  const ProgramInfo &info() const { return info_; }
  const TracingTarget &tracing() const { return tracing_; } // of a program of type tracing
  // [any] A place of the program was reached while this CPU was in another program, or in the runtime.
  void count_missed_run() const { missed_runs_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t missed_runs() const { return missed_runs_.load(std::memory_order_relaxed); }
  const Btf *types() const { return types_; } // [any] of btf(); null where there is none
  uint64_t run_count() const { return run_count_.load(std::memory_order_relaxed); }
  uint64_t run_time_ns() const { return run_time_ns_.load(std::memory_order_relaxed); }
  void destroy() override; // waits for readers, then frees
  // [any] With a reference; null where no program that lives has that function.
  static Ref<Program> of_callback(const LastingCallback &callback);
  Program *next_released = nullptr; // release_program_later()'s

private:
  friend class ProgramLoader;
  friend bool resume_program_fault(kbpf_regs &regs);
  template <typename T, typename... Args> friend T *allocate_object(Args &&...args);
  template <typename T> friend void free_object(T *object);
  Program();
  ~Program() = default;
  uint64_t run_slowly(void *context) const; // interpreted, or counted
  uint64_t run_code(void *context) const;
  Tag remembered_tag(size_t number, std::span<const Insn> insns) const;

  const Profile *profile_ = nullptr;
  const ProgTypeInfo *type_ = nullptr;
  char name_[KBPF_OBJ_NAME_LEN] = {};
  MachineCode code_;
  const InterpreterCode *interpreted_ = nullptr; // null where there is machine code
  Arena memory_;         // of the tables below, of interpreted_, of the fault table and the fd slots
  Map **maps_ = nullptr; // one reference on each
  size_t map_count_ = 0;
  std::span<const Insn> insns_;  // as verified
  std::span<const Insn> loaded_; // as they came, maps by their place in maps_; insns_ where nothing changed
  std::span<std::atomic<uint64_t>> tags_; // of the program, and of each function; 0: not computed yet
  std::span<const Function> functions_;   // in memory_
  Record record_;
  Ref<BtfObject> btf_;
  const Btf *types_ = nullptr; // of btf_
  ProgramInfo info_;           // in memory_
  MemoryCharge charge_;
  uint32_t id_ = 0;
  TracingTarget tracing_;
  mutable std::atomic<uint64_t> missed_runs_{0};
  mutable std::atomic<uint64_t> run_count_{0}, run_time_ns_{0}; // by run()
  bool makes_tail_calls_ = false;
  bool in_fault_list_ = false;
  std::atomic<Program *> next_in_fault_list_{nullptr};
};

extern Registry<Program> program_registry; // all programs that live

} // namespace kbpf
