// SPDX-License-Identifier: MIT OR Apache-2.0
// From instructions and maps to a Program: the part that all ways of loading share.
#pragma once
#include "abi/limits.h"
#include "core/base/text.h"
#include "core/verifier/verifier.h"
#include "kernel/maps/map.h"
#include "kernel/memory.h"
#include "kernel/program.h"

namespace kbpf {

constexpr size_t kScratchBudget = 64u << 20; // bytes that loading one program may take for a while
constexpr size_t kProgramBudget = 32u << 20; // bytes that it may keep

// One program on its way in. It is larger than a kernel stack likes: make it with create().
class ProgramLoader {
public:
  // Owns the loader. Error: no_memory.
  class Owner {
  public:
    explicit Owner(ProgramLoader *loader) : loader_(loader) {}
    Owner(Owner &&other) noexcept : loader_(std::exchange(other.loader_, nullptr)) {}
    Owner &operator=(Owner &&) = delete;
    ~Owner();
    ProgramLoader *operator->() const { return loader_; }
    ProgramLoader &operator*() const { return *loader_; }

  private:
    ProgramLoader *loader_;
  };
  static Result<Owner> create();

  // Memory for what the loading needs; ends with the loader.
  Arena &scratch() { return scratch_; }

  // Room for count instructions, to be filled by the caller. Errors: too_big, no_memory.
  Result<std::span<Insn>> allocate_insns(size_t count);

  // The map's index for this program; a map that is there already keeps the one it has. Errors: too_big,
  // no_memory.
  Result<uint32_t> add_map(Ref<Map> map);
  uint32_t map_count() const { return map_count_; }

  // Replaces the first slots' src and imm of every map reference in insns: to_index(insn, reference) says
  // which map of this program an ld_imm64 with a map's pseudo register names, as a Result<uint32_t>.
  template <typename ToIndex> static Result<void> resolve_maps(std::span<Insn> insns, ToIndex to_index);

  struct Options {
    const Profile *profile;
    const ProgTypeInfo *type;
    bool gpl_compatible;
    bool sleepable;
    uint32_t log_level;
    TextSink *log; // may be null
    uint32_t expected_attach_type = 0;
    bool strict_alignment = false;
    bool log_stats = false; // as in VerifyOptions
    bool hides_addresses = false;
    TracingTarget tracing = {};
  };
  // What is known of the program's functions and lines, for load(). info is copied. Errors: those of
  // check_program_info.
  Result<void> describe(Ref<BtfObject> btf, const ProgramInfo &info, std::span<const Insn> insns,
                        TextSink *log);
  // Verifies and compiles; the program then holds the maps. name: any. Errors: those of verify() and
  // compile().
  Result<Ref<Program>> load(std::span<const Insn> insns, std::string_view name, const Options &options);

private:
  template <typename T, typename... Args> friend T *allocate_object(Args &&...args);
  template <typename T> friend void free_object(T *object);
  ProgramLoader() : scratch_(port_block_source(), kScratchBudget) {}
  ~ProgramLoader() = default;

  Result<std::span<MapRef>> describe_maps();
  Result<void> fill_fd_slots(std::span<MapRef> refs, Program &program);
  Result<void> hand_maps_to(Program &program);
  Result<void> hand_info_to(Program &program, std::span<const uint32_t> positions);
  Result<void> keep_loaded(Program &program, std::span<const Insn> insns);
  Result<void> hand_functions_to(Program &program, const VerifiedProgram &verified);
  static void enter_fault_list(Program &program);

  Arena scratch_;
  Ref<BtfObject> btf_;
  ProgramInfo info_; // in the caller's memory, until load() copies it
  Ref<Map> maps_[KBPF_MAX_MAPS_PER_PROG];
  uint32_t map_count_ = 0;
};

template <typename ToIndex>
Result<void> ProgramLoader::resolve_maps(std::span<Insn> insns, ToIndex to_index) {
  for (size_t i = 0; i < insns.size(); i++) {
    Insn &insn = insns[i];
    if (!insn.is_ld_imm64())
      continue;
    bool names_value = insn.src() == KBPF_PSEUDO_MAP_VALUE || insn.src() == KBPF_PSEUDO_MAP_IDX_VALUE;
    if (names_value || insn.src() == KBPF_PSEUDO_MAP_FD || insn.src() == KBPF_PSEUDO_MAP_IDX) {
      insn.imm = static_cast<int32_t>(KBPF_TRY(to_index(insn)));
      insn.set_regs(insn.dst(), names_value ? KBPF_PSEUDO_MAP_IDX_VALUE : KBPF_PSEUDO_MAP_IDX);
    }
    i++; // the second slot
  }
  return {};
}

} // namespace kbpf
