// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/program_loader.h"
#include "abi/object.h"
#include "core/verifier/inline_call.h"
#include "kernel/helpers/helpers.h"
#include <algorithm>
#include <cstring>

namespace kbpf {
namespace {

// Lines of C by the caller's records, for the verifier's log.
class RecordedLines final : public SourceLines {
public:
  RecordedLines(const Btf *types, const ProgramInfo &info) : types_(types), info_(info) {}
  bool find(uint32_t insn, SourceLine &line) const override {
    const kbpf_line_info *record = types_ ? line_at(info_, insn) : nullptr;
    if (!record)
      return false;
    std::string_view text = types_->string(record->line_off), file = types_->string(record->file_name_off);
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    line = {text, file.substr(file.rfind('/') + 1), record->line_col >> 10};
    return true;
  }

private:
  const Btf *types_; // null: there are no records
  const ProgramInfo &info_;
};

} // namespace

ProgramLoader::Owner::~Owner() {
  if (loader_)
    free_object(loader_);
}

Result<ProgramLoader::Owner> ProgramLoader::create() {
  ProgramLoader *loader = allocate_object<ProgramLoader>();
  if (!loader)
    return Error::no_memory;
  return Owner(loader);
}

Result<std::span<Insn>> ProgramLoader::allocate_insns(size_t count) {
  if (count == 0 || count > KBPF_MAX_INSNS)
    return Error::too_big;
  std::span<Insn> insns = scratch_.make_array<Insn>(count);
  if (!insns.data())
    return Error::no_memory;
  return insns;
}

Result<uint32_t> ProgramLoader::add_map(Ref<Map> map) {
  for (uint32_t i = 0; i < map_count_; i++)
    if (maps_[i].get() == map.get())
      return i;
  if (map_count_ == KBPF_MAX_MAPS_PER_PROG)
    return Error::too_big;
  maps_[map_count_] = std::move(map);
  return map_count_++;
}

Result<std::span<MapRef>> ProgramLoader::describe_maps() {
  std::span<MapRef> refs = scratch_.make_array<MapRef>(map_count_);
  if (!refs.data())
    return Error::no_memory;
  for (uint32_t i = 0; i < map_count_; i++)
    refs[i] = maps_[i]->ref();
  return refs;
}

// The u32 that a zcore program loads to name a map. Programs may read and never write it: the verifier sees
// to that.
Result<void> ProgramLoader::fill_fd_slots(std::span<MapRef> refs, Program &program) {
  std::span<uint32_t> slots = program.memory_.make_array<uint32_t>(refs.size());
  if (!slots.data())
    return Error::no_memory;
  for (size_t i = 0; i < refs.size(); i++) {
    slots[i] = refs[i].fd;
    refs[i].fd_slot = reinterpret_cast<uintptr_t>(&slots[i]);
  }
  return {};
}

Result<void> ProgramLoader::hand_maps_to(Program &program) {
  std::span<Map *> maps = program.memory_.make_array<Map *>(map_count_);
  if (!maps.data())
    return Error::no_memory;
  for (uint32_t i = 0; i < map_count_; i++)
    maps[i] = maps_[i].release();
  program.maps_ = maps.data();
  program.map_count_ = map_count_;
  map_count_ = 0;
  return {};
}

Result<void> ProgramLoader::describe(Ref<BtfObject> btf, const ProgramInfo &info, std::span<const Insn> insns,
                                     TextSink *log) {
  KBPF_TRY(check_program_info(*KBPF_TRY(btf->types()), info, insns, scratch_, log));
  btf_ = std::move(btf);
  info_ = info;
  return {};
}

// The verifier has put instructions before others: functions and lines begin where theirs are now.
template <typename T> Result<std::span<const T>> copy_moved(Arena &memory, std::span<const T> from,
                                                            std::span<const uint32_t> positions) {
  std::span<T> to = memory.make_array<T>(from.size());
  if (!to.data())
    return Error::no_memory;
  for (size_t i = 0; i < from.size(); i++) {
    to[i] = from[i];
    to[i].insn_off = positions[from[i].insn_off];
  }
  return std::span<const T>(to);
}

Result<void> ProgramLoader::hand_info_to(Program &program, std::span<const uint32_t> positions) {
  if (!btf_)
    return {};
  program.info_.functions = KBPF_TRY(copy_moved(program.memory_, info_.functions, positions));
  program.info_.lines = KBPF_TRY(copy_moved(program.memory_, info_.lines, positions));
  program.types_ = KBPF_TRY(btf_->types());
  program.btf_ = std::move(btf_);
  return {};
}

Result<void> ProgramLoader::hand_functions_to(Program &program, const VerifiedProgram &verified) {
  std::span<Program::Function> functions =
      program.memory_.make_array<Program::Function>(verified.subprograms().size());
  program.tags_ = program.memory_.make_array<std::atomic<uint64_t>>(1 + verified.subprograms().size());
  if (!functions.data() || !program.tags_.data())
    return Error::no_memory;
  for (size_t i = 0; i < functions.size(); i++)
    functions[i] = {verified.subprograms()[i].first, verified.subprograms()[i].count};
  program.functions_ = functions;
  return {};
}

// What the program's tag is of.
Result<void> ProgramLoader::keep_loaded(Program &program, std::span<const Insn> insns) {
  program.loaded_ = program.insns_;
  if (insns.size() == program.insns_.size() &&
      memcmp(insns.data(), program.insns_.data(), insns.size_bytes()) == 0)
    return {};
  std::span<Insn> kept = program.memory_.make_unset_array<Insn>(insns.size());
  if (!kept.data())
    return Error::no_memory;
  memcpy(kept.data(), insns.data(), insns.size_bytes());
  program.loaded_ = kept;
  return {};
}

// Of a VAR of the kernel's BTF; 0 where the kernel has none of that name.
uint64_t variable_address(uint32_t id) {
  Result<Ref<BtfObject>> kernel = BtfObject::kernel();
  Result<const Btf *> types = kernel.ok() ? (*kernel)->types() : Result<const Btf *>(kernel.error());
  if (!types.ok())
    return 0;
  const std::string_view name = (*types)->name((*types)->type(id));
  return kbpf_port_variable(name.data(), name.size());
}

Result<Ref<Program>> ProgramLoader::load(std::span<const Insn> insns, std::string_view name,
                                         const Options &options) {
  Program *made = allocate_object<Program>();
  if (!made)
    return Error::no_memory;
  Ref<Program> program = Ref<Program>::adopt(made);
  program->profile_ = options.profile;
  program->type_ = options.type;
  copy_object_name(program->name_, name);

  std::span<MapRef> refs = KBPF_TRY(describe_maps());
  if (options.profile->map_encoding == MapEncoding::undefined_symbol)
    KBPF_TRY(fill_fd_slots(refs, *program));

  RawProgram raw{insns, refs, options.profile, options.type, options.gpl_compatible, options.sleepable};
  raw.expected_attach_type = options.expected_attach_type;
  raw.strict_alignment = options.strict_alignment;
  raw.hides_addresses = options.hides_addresses;
  if (Result<Ref<BtfObject>> kernel = BtfObject::kernel(); kernel.ok())
    raw.kernel_btf = KBPF_TRY((*kernel)->types());
  raw.variable_address = variable_address;
  raw.attach_btf_id = options.tracing.btf_id;
  if (options.profile->number == KBPF_PROFILE_KBPF)
    raw.told = told_helpers() | kQuietSubmit;
  if (btf_) {
    raw.btf = KBPF_TRY(btf_->types());
    raw.functions = info_.functions;
  }
  VerifyOptions verify_options;
  verify_options.log_level = options.log_level;
  verify_options.log = options.log;
  verify_options.max_processed_insns = options.profile->max_processed_insns;
  if (btf_) {
    verify_options.positions = scratch_.make_array<uint32_t>(insns.size());
    if (!verify_options.positions.data())
      return Error::no_memory;
  }
  verify_options.log_stats = options.log_stats;
  verify_options.time_ns = kbpf_port_time_ns;
  const RecordedLines lines(btf_.get() ? KBPF_TRY(btf_->types()) : nullptr, info_);
  verify_options.lines = &lines;
  Rejection rejection{};
  VerifyStats stats{};
  VerifiedProgram verified =
      KBPF_TRY(verify(raw, verify_options, scratch_, program->memory_, rejection, stats));

  KBPF_TRY(hand_info_to(*program, verify_options.positions));
  program->code_ = KBPF_TRY(compile(verified, program->info_.lines, scratch_, program->memory_));
  if (!program->code_.entry) {
    const VerifiedProgram *kept = program->memory_.make<VerifiedProgram>(verified);
    if (!kept)
      return Error::no_memory;
    program->interpreted_ =
        KBPF_TRY(translate(*kept, helper_environment(*options.profile), program->memory_));
  }
  program->tracing_ = options.tracing;
  for (uint32_t i = 0; i < map_count_; i++)
    KBPF_TRY(maps_[i]->bind(*program));
  KBPF_TRY(hand_maps_to(*program));
  program->insns_ = verified.insns();
  program->makes_tail_calls_ = std::any_of(program->insns_.begin(), program->insns_.end(),
                                           [](const Insn &insn) { return insn.is_tail_call(); });
  program->record_.verified_insns = stats.processed_insns;
  program->record_.context_bytes = stats.context_bytes;
  program->record_.gpl_compatible = options.gpl_compatible;
  program->record_.expected_attach_type = options.expected_attach_type;
  program->record_.sleepable = options.sleepable;
  program->record_.load_time = kbpf_port_time_ns();
  kbpf_thread loaded_by;
  kbpf_port_current(&loaded_by);
  program->record_.uid = loaded_by.uid;
  KBPF_TRY(keep_loaded(*program, insns));
  KBPF_TRY(hand_functions_to(*program, verified));
  program->charge_ = KBPF_TRY(
      MemoryCharge::take(sizeof(Program) + program->memory_.reserved() + program->code_.memory.taken()));
  enter_fault_list(*program);
  KBPF_TRY(program_registry.add(program.get(), program->id_)); // last: from now on others may open it
  return Result<Ref<Program>>(std::move(program));
}

} // namespace kbpf
