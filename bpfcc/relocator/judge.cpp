// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/judge.h"
#include "bpfcc/relocator/btf_types.h"
#include "bpfcc/relocator/map_records.h"
#include "core/btf/check.h"
#include <algorithm>
#include <cstdlib>

namespace bpfcc {
namespace {

constexpr size_t kScratchBudget = size_t(1) << 30; // bytes; the verifier's own limit on work comes first
constexpr size_t kResultBudget = size_t(256) << 20;
constexpr size_t kTypesBudget = size_t(1) << 30;
// What stands for the address of a data map's value: nothing is ever read there.
constexpr uint64_t kValueAddress = uint64_t(1) << 32;

kbpf::BlockSource heap_blocks() {
  return {[](void *, size_t size) { return malloc(size); }, [](void *, void *block, size_t) { free(block); },
          nullptr};
}

// Where the value type has fields of the kernel's. Data sections are structures of variables.
kbpf::SpecialFields special_fields(const Btf &btf, uint32_t value_type) {
  kbpf::SpecialFields fields;
  const auto note = [&](uint32_t type, uint32_t offset) {
    const std::string_view name = btf.type(btf.strip(type)).name;
    if (name == "bpf_spin_lock")
      fields.spin_lock = static_cast<int32_t>(offset);
    else if (name == "bpf_timer")
      fields.timer = static_cast<int32_t>(offset);
  };
  const BtfType &type = btf.type(btf.strip(value_type));
  for (uint32_t i = 0; i < type.count; i++)
    if (type.kind == BtfKind::structure) {
      const BtfMember member = btf.member(type, i);
      note(member.type, member.bit_offset / 8);
    } else if (type.kind == BtfKind::datasec) {
      const BtfSecVar variable = btf.secvar(type, i);
      note(btf.type(variable.type).size_or_type, variable.offset);
    }
  return fields;
}

} // namespace

uint32_t value_type(const Image &image, const Map &map) {
  if (map.origin != MapOrigin::data_section)
    return map.value_type;
  for (uint32_t id = 1; id < image.btf.count(); id++)
    if (const BtfType &type = image.btf.type(id);
        type.kind == BtfKind::datasec && type.name == image.sections[map.section].name)
      return id;
  return 0;
}

std::vector<kbpf::MapRef> map_refs(const Image &image) {
  std::vector<kbpf::MapRef> refs;
  refs.reserve(image.maps.size()); // maps of maps point to others
  for (size_t i = 0; i < image.maps.size(); i++) {
    const Map &map = image.maps[i];
    kbpf::MapRef ref{};
    ref.type = map.type;
    ref.key_size = map.key_size;
    ref.value_size = map.value_size;
    ref.max_entries = map.max_entries;
    ref.map_flags = map.map_flags;
    ref.handle = i + 1;
    ref.fields = special_fields(image.btf, value_type(image, map));
    if (map.inner_map < i) // a template stands before the map that it is for
      ref.inner = &refs[map.inner_map];
    if (map.origin == MapOrigin::config) {
      ref.value_address = kValueAddress * (i + 1);
      ref.constants = std::as_bytes(std::span(map.config));
    }
    if (map.origin == MapOrigin::data_section) {
      ref.value_address = kValueAddress * (i + 1);
      const Section &section = image.sections[map.section];
      if (map.read_only)
        ref.constants = {reinterpret_cast<const std::byte *>(section.contents.data()),
                         section.contents.size()};
    }
    refs.push_back(ref);
  }
  return refs;
}

namespace {

bool names_types(const Image &image) {
  const auto does = [&](const kbpf::Insn &insn) {
    const kbpf::HelperProto *helper =
        insn.is_call() && insn.src() == 0 ? image.profile().helper(static_cast<uint32_t>(insn.imm)) : nullptr;
    return helper && helper->args[0] == KBPF_ARG_LOCAL_TYPE;
  };
  return std::ranges::any_of(image.programs,
                             [&](const Program &p) { return std::ranges::any_of(p.code, does); });
}

} // namespace

// The image's types are not final: data sections have no size yet, and what is declared only has no place.
// All else is complete.
FunctionTypes::FunctionTypes(const Image &image) : arena_(heap_blocks(), kTypesBudget) {
  const bool calls = std::ranges::any_of(image.programs, [](const Program &p) { return p.parts.size() > 1; });
  const bool has_structures = MapRecords::are_in(image) || names_types(image);
  if ((!calls && !has_structures) || image.btf.empty())
    return;
  BtfTypes types;
  types.add(image.btf);
  types.keep_used_only();
  for (const Function &function : image.functions)
    types.use(function.btf_id);
  const auto is_final = [&](uint32_t id) {
    const BtfType &type = image.btf.type(id);
    return type.kind != BtfKind::datasec && !image.btf.is_extern(type);
  };
  for (uint32_t id = 1; has_structures && id < image.btf.count(); id++)
    if (is_final(id) &&
        (image.btf.type(id).kind != BtfKind::decl_tag || is_final(image.btf.type(id).size_or_type)))
      types.use(id);
  BtfStrings strings;
  const std::string written = types.write(strings);
  bytes_ = make_btf(written, strings.bytes());
  for (uint32_t id = 0; has_structures && id < image.btf.count(); id++)
    own_ids_.push_back(types.final_id(id));
  for (const Function &function : image.functions)
    ids_.push_back(types.final_id(function.btf_id));
  parse();
}

FunctionTypes::FunctionTypes(const kbpf::ObjectView &object)
    : arena_(heap_blocks(), kTypesBudget),
      bytes_(reinterpret_cast<const char *>(object.btf().data()), object.btf().size()) {
  if (!bytes_.empty())
    parse();
}

void FunctionTypes::parse() {
  const kbpf::Result<kbpf::Btf> parsed = kbpf::Btf::parse(std::as_bytes(std::span(bytes_)), arena_, nullptr);
  if (parsed.ok() && kbpf::check_references(*parsed, arena_, nullptr).ok())
    btf_ = *parsed;
}

void FunctionTypes::describe(const Program &program, kbpf::RawProgram &raw) {
  if (!btf_)
    return;
  raw.btf = &*btf_;
  raw.own_ids = own_ids_;
  std::span<kbpf_func_info> records = arena_.make_array<kbpf_func_info>(program.parts.size());
  if (!records.data())
    return;
  for (size_t i = 0; i < records.size(); i++)
    records[i] = {program.parts[i].first, ids_[program.parts[i].function]};
  raw.functions = records;
}

void FunctionTypes::describe(const kbpf::ObjectView &object, uint32_t program, kbpf::RawProgram &raw) {
  if (!btf_)
    return;
  if (auto records = object.functions(program, *btf_, arena_); records.ok()) {
    raw.btf = &*btf_;
    raw.functions = *records;
  }
}

kbpf::RawProgram raw_program(const Image &image, const Program &program, const kbpf::ProgTypeInfo &type,
                             std::span<const kbpf::MapRef> maps, FunctionTypes &types,
                             KernelObjects &kernel) {
  kbpf::RawProgram raw{};
  types.describe(program, raw);
  raw.insns = program.code;
  raw.maps = maps;
  raw.profile = &image.profile();
  raw.type = &type;
  raw.gpl_compatible = image.gpl_compatible;
  raw.sleepable = is_sleepable(image, program);
  raw.expected_attach_type = expected_attach_type(program);
  raw.strict_alignment = image.options.strict_alignment;
  raw.hides_addresses = image.options.hides_addresses;
  kernel.describe(program.section_info ? program.section_info->prefix : std::string_view(),
                  program.attach_target, raw);
  return raw;
}

Verdict judge(const kbpf::RawProgram &program, const kbpf::VerifyOptions &options) {
  kbpf::Arena scratch(heap_blocks(), kScratchBudget), results(heap_blocks(), kResultBudget);
  Verdict verdict{};
  auto verified = kbpf::verify(program, options, scratch, results, verdict.rejection, verdict.stats);
  verdict.accepted = verified.ok();
  if (!verified.ok())
    verdict.error = verified.error();
  return verdict;
}

std::string rejection_tag(const kbpf::Rejection &rejection) {
  std::string id = std::to_string(rejection.id);
  return "V" + std::string(id.size() < 3 ? 3 - id.size() : 0, '0') + id + " " +
         (rejection.name ? rejection.name : "");
}

} // namespace bpfcc
