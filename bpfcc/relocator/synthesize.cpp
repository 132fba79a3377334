// SPDX-License-Identifier: MIT OR Apache-2.0
// Everything that the finished object holds, as sections and symbols: code, initial data, and the tables that
// a kernel reads instead of resolving names (runtime/abi/object.h). write_elf only lays it out.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/rewrite_btf.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <elf.h>

namespace bpfcc {
namespace {

constexpr size_t kMaxPrograms = 32768; // each has a section, and ELF's short section numbers end at 65279

class Synthesis {
public:
  explicit Synthesis(Image &image) : image_(image) { image_.output.emplace_back(); }
  void run();

private:
  bool has_tables() const { return image_.profile().map_encoding == kbpf::MapEncoding::pseudo_map_idx; }
  void add_programs();
  void add_data();
  void add_abi_record();
  void add_tables();
  void add_map_relocs();
  uint32_t map_symbol(uint32_t map);
  uint32_t add_section(std::string_view name, uint64_t flags, std::string contents);
  uint32_t string(std::string_view text);
  uint32_t needed_version() const;
  kbpf_map_record map_record(const Map &map);
  kbpf_prog_record prog_record(uint32_t index);

  Image &image_;
  RewrittenBtf btf_;
  std::unordered_map<uint32_t, uint32_t> data_sections_; // input section -> output section
  std::unordered_map<uint32_t, uint32_t> map_symbols_;   // map -> output symbol
  uint32_t config_section_ = 0;                          // output section
  std::string strtab_ = std::string(1, '\0');
  std::unordered_map<std::string, uint32_t> strings_;
};

template <typename Record> void append_record(std::string &out, const Record &record) {
  out.append(reinterpret_cast<const char *>(&record), sizeof record);
}

void Synthesis::run() {
  add_programs();
  std::vector<std::string> names;
  names.reserve(image_.programs.size());
  for (size_t i = 0; i < image_.programs.size(); i++)
    names.push_back(image_.output[i + 1].name);
  if (has_tables())
    add_data();
  btf_ = rewrite_btf(image_, names);
  if (!btf_.btf.empty())
    add_section(".BTF", 0, std::move(btf_.btf));
  if (!btf_.btf_ext.empty())
    add_section(".BTF.ext", 0, std::move(btf_.btf_ext));
  if (has_tables()) {
    add_tables();
  } else {
    add_abi_record();
    add_map_relocs();
  }
}

uint32_t Synthesis::add_section(std::string_view name, uint64_t flags, std::string contents) {
  OutputSection section;
  section.name = name;
  section.type = SHT_PROGBITS;
  section.flags = flags;
  section.contents = std::move(contents);
  image_.output.push_back(std::move(section));
  return static_cast<uint32_t>(image_.output.size() - 1);
}

// Program i stands in output section i + 1. Local symbols come first, as ELF wants it.
void Synthesis::add_programs() {
  bool text_only = image_.profile().placement == kbpf::ProgramPlacement::text_only;
  std::vector<OutputSymbol> entries;
  image_.output_symbols.emplace_back();
  for (const Program &program : image_.programs) {
    std::string code(reinterpret_cast<const char *>(program.code.data()),
                     program.code.size() * sizeof(kbpf::Insn));
    uint32_t section =
        add_section(text_only ? ".text" : program.section_name, SHF_ALLOC | SHF_EXECINSTR, std::move(code));
    for (const Part &part : program.parts) {
      const Function &function = image_.functions[part.function];
      bool entry = &part == &program.parts.front();
      OutputSymbol symbol;
      symbol.name = function.name;
      symbol.info = ELF64_ST_INFO(entry ? STB_GLOBAL : STB_LOCAL, STT_FUNC);
      symbol.section = section;
      symbol.value = uint64_t(part.first) * 8;
      symbol.size = uint64_t(function.count) * 8;
      (entry ? entries : image_.output_symbols).push_back(symbol);
    }
  }
  image_.output_symbols.insert(image_.output_symbols.end(), entries.begin(), entries.end());
}

void Synthesis::add_data() {
  for (uint32_t i = 1; i < image_.sections.size(); i++) {
    const Section &section = image_.sections[i];
    if (section.type != SHT_PROGBITS)
      continue;
    if (image_.data_maps.contains(i))
      data_sections_[i] =
          add_section(section.name, section.flags & (SHF_ALLOC | SHF_WRITE), std::string(section.contents));
    else if (section.name == "license" || section.name == "version")
      add_section(section.name, section.flags & (SHF_ALLOC | SHF_WRITE), std::string(section.contents));
  }
  for (const Map &map : image_.maps)
    if (map.origin == MapOrigin::config)
      config_section_ = add_section(map.name, SHF_ALLOC, map.config);
}

uint32_t Synthesis::string(std::string_view text) {
  if (text.empty())
    return 0;
  auto [found, added] = strings_.try_emplace(std::string(text), static_cast<uint32_t>(strtab_.size()));
  if (added)
    strtab_.append(text).push_back('\0');
  return found->second;
}

kbpf_map_record Synthesis::map_record(const Map &map) {
  kbpf_map_record record{};
  record.name = string(map.name);
  record.type = map.type;
  record.key_size = map.key_size;
  record.value_size = map.value_size;
  record.max_entries = map.max_entries;
  record.map_flags = map.map_flags;
  record.inner_map = map.inner_map == kNone ? 0 : map.inner_map + 1;
  record.pinning = map.pinning;
  record.btf_key_type = btf_.types.final_id(map.key_type);
  record.btf_value_type = btf_.types.final_id(map.value_type);
  record.map_extra = map.map_extra;
  record.numa_node = map.numa_node;
  if (map.origin == MapOrigin::inner)
    record.flags |= KBPF_MAP_REC_INNER;
  if (map.origin == MapOrigin::data_section) {
    record.flags |= KBPF_MAP_REC_DATA | (map.read_only ? KBPF_MAP_REC_RODATA : 0);
    auto contents = data_sections_.find(map.section);
    record.init_section = contents == data_sections_.end() ? 0 : contents->second;
  }
  if (map.origin == MapOrigin::config) {
    record.flags |= KBPF_MAP_REC_DATA | KBPF_MAP_REC_RODATA;
    record.init_section = config_section_;
  }
  return record;
}

kbpf_prog_record Synthesis::prog_record(uint32_t index) {
  const Program &program = image_.programs[index];
  const Function &entry = image_.functions[program.function];
  kbpf_prog_record record{};
  record.name = string(entry.name);
  record.section_name = string(program.section_name);
  record.section = index + 1;
  record.insn_count = static_cast<uint32_t>(program.code.size());
  record.prog_type = program_type(image_, program);
  record.attach_kind = program.section_info ? program.section_info->attach_kind : KBPF_NO_ATTACH;
  record.attach_target = string(program.attach_target);
  record.expected_attach_type = expected_attach_type(program);
  record.flags = program.autoload ? 0 : KBPF_PROG_REC_NO_AUTOLOAD;
  if (is_sleepable(image_, program))
    record.flags |= KBPF_PROG_REC_SLEEPABLE;
  record.func_btf_id = btf_.types.final_id(entry.btf_id);
  return record;
}

// The highest "since" among the table entries that the object uses.
uint32_t Synthesis::needed_version() const {
  const kbpf::Profile &profile = image_.profile();
  uint32_t version = 1;
  auto use = [&](const auto *entry) {
    if (entry)
      version = std::max(version, entry->since);
  };
  for (const Map &map : image_.maps)
    use(profile.map_type(map.type));
  for (const Program &program : image_.programs) {
    use(program.section_info);
    use(profile.prog_type(program_type(image_, program)));
  }
  for (const Reloc &reloc : image_.relocs)
    if (reloc.resolved.kind == ResolvedKind::helper)
      use(profile.helper(reloc.resolved.index));
  return version;
}

void Synthesis::add_abi_record() {
  std::string abi;
  kbpf_abi_record record{};
  record.magic = KBPF_OBJECT_MAGIC;
  record.format = KBPF_OBJECT_FORMAT;
  record.profile = static_cast<kbpf_u16>(image_.profile().number);
  record.abi_version = needed_version();
  record.flags = image_.gpl_compatible ? KBPF_OBJECT_GPL_COMPATIBLE : 0;
  record.tables_digest = image_.profile().tables_digest;
  append_record(abi, record);
  add_section(KBPF_SEC_ABI, 0, std::move(abi));
}

void Synthesis::add_tables() {
  std::string maps, programs, slots;
  for (const Map &map : image_.maps)
    append_record(maps, map_record(map));
  for (uint32_t i = 0; i < image_.programs.size(); i++)
    append_record(programs, prog_record(i));
  add_abi_record();
  add_section(KBPF_SEC_MAPS, 0, std::move(maps));
  add_section(KBPF_SEC_PROGS, 0, std::move(programs));
  for (const Slot &slot : image_.slots)
    append_record(slots, kbpf_slot_record{slot.map, slot.key,
                                          slot.is_program ? KBPF_SLOT_PROG : KBPF_SLOT_MAP, slot.target});
  if (!slots.empty())
    add_section(KBPF_SEC_SLOTS, 0, std::move(slots));
  add_section(KBPF_SEC_STRTAB, 0, std::move(strtab_));
}

uint32_t Synthesis::map_symbol(uint32_t map) {
  auto [found, added] = map_symbols_.try_emplace(map, static_cast<uint32_t>(image_.output_symbols.size()));
  if (added) {
    OutputSymbol symbol;
    symbol.name = image_.maps[map].name;
    symbol.info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
    image_.output_symbols.push_back(symbol);
  }
  return found->second;
}

void Synthesis::add_map_relocs() {
  for (uint32_t i = 0; i < image_.programs.size(); i++) {
    std::string relocs;
    for (const KeptReloc &kept : image_.programs[i].kept) {
      Elf64_Rel reloc{};
      reloc.r_offset = uint64_t(kept.insn) * 8;
      reloc.r_info = ELF64_R_INFO(uint64_t(map_symbol(kept.map)), R_BPF_64_64);
      append_record(relocs, reloc);
    }
    if (relocs.empty())
      continue;
    uint32_t index = add_section(".rel" + image_.output[i + 1].name, SHF_INFO_LINK, std::move(relocs));
    image_.output[index].type = SHT_REL;
    image_.output[index].info = i + 1;
    image_.output[index].entry_size = sizeof(Elf64_Rel);
  }
}

} // namespace

void synthesize(Image &image) {
  if (image.profile().placement == kbpf::ProgramPlacement::as_written)
    return;
  if (image.programs.size() > kMaxPrograms)
    return error_in_object(
        image, concat(image.programs.size(), " programs in one object; the limit is ", kMaxPrograms));
  Synthesis(image).run();
}

} // namespace bpfcc
