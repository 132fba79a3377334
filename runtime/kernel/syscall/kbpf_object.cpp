// SPDX-License-Identifier: MIT OR Apache-2.0
// Loading a kbpf object: its tables say everything, nothing in it is looked up but names that the caller
// gave.
#include "abi/attr.h"
#include "core/image/object_view.h"
#include "kernel/helpers/registered.h"
#include "kernel/log.h"
#include "kernel/syscall/object_loader.h"

namespace kbpf {
namespace {

Result<uint32_t> find_program(const ObjectView &object, std::string_view name, TextSink &log) {
  for (uint32_t i = 0; i < object.prog_count(); i++) {
    kbpf_prog_record record = object.prog(i);
    bool wanted =
        name.empty() ? !(record.flags & KBPF_PROG_REC_NO_AUTOLOAD) : object.string(record.name) == name;
    if (wanted)
      return i;
  }
  if (name.empty())
    print(log, "the object has no program that loads by itself; give a name\n");
  else
    print(log, "the object has no program called {}\n", name);
  return Error::not_found;
}

Result<Ref<Map>> create_from_record(const ObjectView &object, uint32_t index, TextSink &log) {
  kbpf_map_record record = object.map(index);
  std::string_view name = object.string(record.name);
  bool read_only = record.flags & KBPF_MAP_REC_RODATA;
  if (record.pinning) {
    print(log, "map {}: pinning is not supported\n", name);
    return Error::not_supported;
  }
  MapSpec spec{record.type, record.key_size, record.value_size, record.max_entries, record.map_flags, {}};
  if (read_only)
    spec.flags |= KBPF_MAP_F_RDONLY_PROG;
  copy_object_name(spec.name, name);
  Ref<Map> inner;
  if (record.inner_map) {
    if (record.inner_map > object.map_count() || object.map(record.inner_map - 1).inner_map) {
      print(log, "map {}: its inner map is none\n", name);
      return Error::bad_object;
    }
    inner = KBPF_TRY(create_from_record(object, record.inner_map - 1, log));
  }
  spec.inner = inner.get();
  Result<Ref<Map>> made = create_map(spec);
  if (!made.ok()) {
    print(log, "map {}: can't be created: {}\n", name, to_text(made.error()));
    return made.error();
  }
  Ref<Map> map = *std::move(made);
  std::span<const std::byte> contents = object.map_contents(index);
  if (!contents.empty()) {
    if (contents.size() != spec.value_size || spec.key_size != sizeof(uint32_t)) {
      print(log, "map {}: {} initial bytes do not fit\n", name, contents.size());
      return Error::bad_object;
    }
    constexpr uint32_t kFirst = 0;
    KBPF_TRY(map->update(&kFirst, contents.data(), KBPF_MAP_UPDATE_ANY));
  }
  if (read_only)
    KBPF_TRY(map->freeze());
  return Result<Ref<Map>>(std::move(map));
}

Result<Ref<Map>> bound_or_created(const ObjectSource &source, const ObjectView &object, uint32_t index) {
  kbpf_map_record record = object.map(index);
  Map *bound = source.bound_map(object.string(record.name));
  if (!bound)
    return create_from_record(object, index, *source.log);
  const MapSpec &spec = bound->spec();
  if (spec.type != record.type || spec.key_size != record.key_size || spec.value_size != record.value_size) {
    print(*source.log, "map {}: the given one has type {}, key {}, value {}; the object needs {}, {}, {}\n",
          object.string(record.name), spec.type, spec.key_size, spec.value_size, record.type, record.key_size,
          record.value_size);
    return Error::invalid;
  }
  return Ref<Map>::share(bound);
}

constexpr uint32_t kNotResolved = ~0u;

// Which functions are global, the object's types say; which line an instruction is of, for backtraces, its
// lines do. Without types, or with some that don't fit, all functions are walked at each call; without lines
// there are none.
Result<void> describe_functions(const ObjectView &object, uint32_t number, std::span<const Insn> insns,
                                ProgramLoader &loader) {
  std::span<const std::byte> types = object.btf();
  if (types.empty() || types.size() > KBPF_BTF_MAX_SIZE)
    return {};
  Buffer bytes = KBPF_TRY(Buffer::create(types.size()));
  memcpy(bytes.data(), types.data(), types.size());
  Result<Ref<BtfObject>> btf = BtfObject::load(std::move(bytes), nullptr);
  if (!btf.ok())
    return btf.error() == Error::no_memory ? btf.error() : Result<void>();
  Result<std::span<const kbpf_func_info>> functions =
      object.functions(number, *KBPF_TRY((*btf)->types()), loader.scratch());
  if (!functions.ok())
    return functions.error() == Error::no_memory ? functions.error() : Result<void>();
  Result<std::span<const kbpf_line_info>> lines =
      object.lines(number, *KBPF_TRY((*btf)->types()), loader.scratch());
  if (!lines.ok() && lines.error() == Error::no_memory)
    return lines.error();
  if (lines.ok() && !lines->empty()) {
    Result<void> described =
        loader.describe(Ref<BtfObject>::share(btf->get()), {*functions, *lines}, insns, nullptr);
    if (described.ok() || described.error() == Error::no_memory)
      return described;
  }
  Result<void> described = loader.describe(*std::move(btf), {*functions, {}}, insns, nullptr);
  return described.ok() || described.error() != Error::no_memory ? Result<void>() : described;
}

// A tracing program's target is a name of the kernel's BTF.
Result<TracingTarget> find_target(const ObjectView &object, const kbpf_prog_record &record, TextSink &log) {
  constexpr uint32_t kTracing = 26;
  const uint32_t attach_type = attach_type_of(record.attach_kind);
  if (record.prog_type != kTracing)
    return TracingTarget{};
  const std::string_view name = object.string(record.attach_target);
  if (!attach_type || name.empty()) {
    print(log, "program {}: its section names no target, which a tracing program is loaded for\n",
          object.string(record.name));
    return Error::invalid;
  }
  Result<Ref<BtfObject>> kernel = BtfObject::kernel();
  if (!kernel.ok()) {
    log.append("this kernel has no BTF of its own\n");
    return Error::invalid;
  }
  const Btf &types = *KBPF_TRY((*kernel)->types());
  const uint32_t id = find_tracing_type(types, attach_type, name);
  if (!id) {
    print(log, "the kernel's BTF has no {} {}\n", attach_type == KBPF_TRACE_RAW_TP ? "event" : "function",
          name);
    return Error::not_found;
  }
  return find_tracing_target(types, attach_type, id, &log);
}

} // namespace

Result<Ref<Program>> load_kbpf_object(const ObjectSource &source, ProgramLoader &loader) {
  ObjectView object = KBPF_TRY(ObjectView::open(source.bytes, *source.log));
  uint32_t number = KBPF_TRY(find_program(object, source.prog_name, *source.log));
  kbpf_prog_record record = object.prog(number);
  const ProgTypeInfo *type = kernel_profile().prog_type(record.prog_type);
  if (!type) {
    print(*source.log, "program type {} is not known\n", record.prog_type);
    return Error::invalid;
  }

  std::span<const Insn> code = object.prog_insns(number);
  std::span<Insn> insns = KBPF_TRY(loader.allocate_insns(code.size()));
  memcpy(insns.data(), code.data(), code.size_bytes());

  // Only the maps that this program names come to be.
  std::span<uint32_t> indices = loader.scratch().make_array<uint32_t>(object.map_count());
  if (!indices.data())
    return Error::no_memory;
  for (uint32_t &index : indices)
    index = kNotResolved;
  KBPF_TRY(ProgramLoader::resolve_maps(insns, [&](const Insn &insn) -> Result<uint32_t> {
    uint32_t index = static_cast<uint32_t>(insn.imm);
    bool by_index = insn.src() == KBPF_PSEUDO_MAP_IDX || insn.src() == KBPF_PSEUDO_MAP_IDX_VALUE;
    if (!by_index || index >= object.map_count()) {
      print(*source.log, "a map reference names no map of the object\n");
      return Error::bad_object;
    }
    if (indices[index] == kNotResolved)
      indices[index] = KBPF_TRY(loader.add_map(KBPF_TRY(bound_or_created(source, object, index))));
    return indices[index];
  }));
  log_info("map resolution finished: {} of {} maps", loader.map_count(), object.map_count());
  log_info("relocation finished: {} instructions", insns.size());

  KBPF_TRY(describe_functions(object, number, insns, loader));
  ProgramLoader::Options options{&kernel_profile(),       type,
                                 object.gpl_compatible(), (record.flags & KBPF_PROG_REC_SLEEPABLE) != 0,
                                 source.log_level,        source.log};
  options.tracing = KBPF_TRY(find_target(object, record, *source.log));
  options.expected_attach_type = options.tracing.attach_type;
  return loader.load(insns, object.string(record.name), options);
}

} // namespace kbpf
