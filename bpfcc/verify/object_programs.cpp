// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/verify/object_programs.h"
#include "bpfcc/relocator/program_source.h"
#include <algorithm>
#include <cstring>

namespace bpfcc {
namespace {

// The same stand-in as for an image: nothing is ever read at these addresses.
constexpr uint64_t kValueAddress = uint64_t(1) << 32;

// The verifier's rules are those of this version. What else libbpf knows of a kernel is left open.
constexpr kbpf::ConfigValue kLinuxConfig[] = {{"LINUX_KERNEL_VERSION", 6 << 16 | 12 << 8},
                                              {"LINUX_HAS_BPF_COOKIE", 1},
                                              {"LINUX_HAS_SYSCALL_WRAPPER", 1}};

// A plain object is judged by what Linux has, encoded as the relocator leaves it for the verifier.
kbpf::Profile linux_tables() {
  kbpf::Profile profile = kbpf::kLinuxProfile;
  profile.map_encoding = kbpf::kKbpfProfile.map_encoding;
  profile.placement = kbpf::kKbpfProfile.placement;
  profile.config = kLinuxConfig;
  return profile;
}

std::span<const std::byte> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte *>(text.data()), text.size()};
}

std::vector<kbpf::MapRef> map_refs(const kbpf::ObjectView &view) {
  std::vector<kbpf::MapRef> refs;
  for (uint32_t i = 0; i < view.map_count(); i++) {
    kbpf_map_record record = view.map(i);
    kbpf::MapRef ref{};
    ref.type = record.type;
    ref.key_size = record.key_size;
    ref.value_size = record.value_size;
    ref.max_entries = record.max_entries;
    ref.map_flags = record.map_flags;
    ref.handle = i + 1;
    if (record.flags & KBPF_MAP_REC_DATA)
      ref.value_address = kValueAddress * (i + 1);
    if (record.flags & KBPF_MAP_REC_RODATA)
      ref.constants = view.map_contents(i);
    refs.push_back(ref);
  }
  return refs;
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

} // namespace

bool ObjectPrograms::open(const std::string &path, std::string bytes, const JudgedFor &kernel,
                          Diagnostics &diag) {
  options_.kernel_types = kernel.types;
  kernel_ = kernel.objects;
  options_.strict_alignment = kernel.strict_alignment;
  options_.hides_addresses = kernel.hides_addresses;
  storage_.resize(bytes.size() / sizeof(uint64_t) + 1);
  std::memcpy(storage_.data(), bytes.data(), bytes.size());
  bytes_ = {reinterpret_cast<const char *>(storage_.data()), bytes.size()};
  char text[256];
  kbpf::TextBuffer why(text, sizeof text);
  auto is_finished = kbpf::ObjectView::is_kbpf_object(as_bytes(bytes_), why);
  // The relocator says more about what is wrong with a file.
  return is_finished.ok() && *is_finished ? open_finished(path, diag) : open_plain(path, diag);
}

bool ObjectPrograms::open_finished(const std::string &path, Diagnostics &diag) {
  char text[256];
  kbpf::TextBuffer why(text, sizeof text);
  auto view = kbpf::ObjectView::open(as_bytes(bytes_), why);
  if (!view.ok()) {
    diag.error({path, 0, 0, {}}, first_line(why.text()));
    return false;
  }
  view_ = *view;
  maps_ = map_refs(*view_);
  types_ = std::make_unique<FunctionTypes>(*view_);
  use_own_types({reinterpret_cast<const char *>(view_->btf().data()), view_->btf().size()});
  for (uint32_t i = 0; i < view_->prog_count(); i++) {
    kbpf_prog_record record = view_->prog(i);
    kbpf::RawProgram raw{};
    raw.insns = view_->prog_insns(i);
    raw.maps = maps_;
    raw.profile = &kbpf::kKbpfProfile;
    raw.type = raw.profile->prog_type(record.prog_type);
    raw.gpl_compatible = view_->gpl_compatible();
    raw.sleepable = record.flags & KBPF_PROG_REC_SLEEPABLE;
    raw.expected_attach_type = record.expected_attach_type;
    raw.strict_alignment = options_.strict_alignment;
    raw.hides_addresses = options_.hides_addresses;
    types_->describe(*view_, i, raw);
    describe_kernel(record, raw);
    programs_.push_back(
        {view_->string(record.name), raw, nullptr, by_own_types(raw), record.section, record.first_insn});
  }
  return true;
}

void ObjectPrograms::use_own_types(std::string_view types) {
  if (!kernel_)
    kernel_ = &own_.emplace(types, KernelObjects::Source::object);
}

// A finished object says by its sections' names what its programs are attached to.
void ObjectPrograms::describe_kernel(const kbpf_prog_record &record, kbpf::RawProgram &raw) {
  std::string_view target;
  const kbpf::SectionInfo *section = raw.profile->section(view_->string(record.section_name), &target);
  if (raw.type && section)
    kernel_->describe(section->prefix, target, raw);
}

bool ObjectPrograms::by_own_types(const kbpf::RawProgram &raw) const {
  return own_ && (raw.kernel_btf || raw.follows_numbers);
}

bool ObjectPrograms::open_plain(const std::string &path, Diagnostics &diag) {
  static const kbpf::Profile kTables = linux_tables();
  options_.profile = &kTables;
  options_.input_name = path;
  options_.is_unfinished = true;
  image_ = std::make_unique<Image>(options_, diag);
  image_->bytes = bytes_;
  const unsigned errors_before = diag.errors();
  read_elf(*image_, bytes_);
  if (diag.errors() != errors_before)
    return false;
  for (auto *pass : {collect_maps, collect_programs, scan, resolve})
    pass(*image_);
  if (diag.errors() != errors_before)
    return false;
  link_subprograms(*image_);
  apply(*image_);
  apply_core(*image_);
  if (diag.errors() != errors_before)
    return false;
  maps_ = map_refs(*image_);
  types_ = std::make_unique<FunctionTypes>(*image_);
  use_own_types(image_->btf.bytes());
  kernel_->describe_maps(*image_, *types_, maps_);
  for (const Program &program : image_->programs) {
    kbpf::RawProgram raw{};
    if (const kbpf::ProgTypeInfo *type = image_->profile().prog_type(program_type(*image_, program)))
      raw = raw_program(*image_, program, *type, maps_, *types_, *kernel_);
    programs_.push_back({image_->functions[program.function].name, raw, &program, by_own_types(raw)});
  }
  return true;
}

std::optional<ProgramLines> ObjectPrograms::lines(const NamedProgram &program) {
  if (program.linked)
    return ProgramLines(*image_, program.linked, 0, 0);
  if (!image_) { // what is wrong with the lines is no reason to judge no program
    silent_.set_silent();
    image_ = std::make_unique<Image>(options_, silent_);
    image_->bytes = bytes_;
    read_elf(*image_, bytes_);
  }
  if (silent_.errors() || program.section >= image_->sections.size())
    return std::nullopt;
  return ProgramLines(*image_, nullptr, program.section, program.first);
}

const LineInfo *ProgramLines::record(uint32_t insn) const {
  if (!program_)
    return image_.btf_ext.line_at(section_, first_ + insn);
  const ProgramSource::Place place = ProgramSource(image_, *program_).place(insn);
  return place.function ? image_.btf_ext.line_at(place.function->section, place.slot) : nullptr;
}

bool ProgramLines::find(uint32_t insn, kbpf::SourceLine &line) const {
  const LineInfo *found = record(insn);
  if (!found)
    return false;
  std::string_view text = image_.btf.string(found->text), file = image_.btf.string(found->file);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  line = {text, file.substr(file.rfind('/') + 1), found->line()};
  return true;
}

} // namespace bpfcc
