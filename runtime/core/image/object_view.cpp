// SPDX-License-Identifier: MIT OR Apache-2.0
// open() checks every record and every reference between records, so that the accessors cannot fail and the
// kernel needs no check of its own beyond what its maps and the verifier decide.
#include "core/image/object_view.h"
#include "abi/limits.h"

namespace kbpf {
namespace {

constexpr uint32_t kKnownMapFlags = KBPF_MAP_REC_RODATA | KBPF_MAP_REC_DATA | KBPF_MAP_REC_INNER;
constexpr uint32_t kKnownProgFlags = KBPF_PROG_REC_SLEEPABLE | KBPF_PROG_REC_NO_AUTOLOAD;
static_assert(sizeof(kbpf_abi_record) == 32 && sizeof(kbpf_map_record) == 64 &&
              sizeof(kbpf_prog_record) == 64);

template <typename... Args> Error refuse(TextSink &why, std::string_view format, const Args &...args) {
  print(why, format, args...);
  return Error::bad_object;
}

template <typename T> T record_at(ByteView records, uint32_t index) {
  Result<T> record = records.read<T>(uint64_t{index} * sizeof(T));
  return record.ok() ? *record : T{};
}

// The bytes of a section of ours; empty where the object has none.
Result<ByteView> own_section(const elf::ElfView &elf, std::string_view name, bool required, TextSink &why) {
  Result<std::optional<elf::Section>> found = elf.find(name);
  if (!found.ok())
    return refuse(why, "more than one section is called {}", name);
  if (!*found) {
    if (required)
      return refuse(why, "section {} is missing", name);
    return ByteView();
  }
  return (*found)->bytes;
}

Result<uint32_t> record_count(ByteView bytes, size_t record_size, std::string_view name, TextSink &why) {
  if (bytes.size() % record_size != 0)
    return refuse(why, "{} has {} bytes, not a multiple of {}", name, bytes.size(), record_size);
  return static_cast<uint32_t>(bytes.size() / record_size);
}

} // namespace

Result<bool> ObjectView::is_kbpf_object(std::span<const std::byte> bytes, TextSink &why) {
  elf::ElfView elf = KBPF_TRY(elf::ElfView::open(bytes, why));
  Result<std::optional<elf::Section>> found = elf.find(KBPF_SEC_ABI);
  if (!found.ok())
    return true; // open() says what is wrong
  if (!*found)
    return false;
  Result<kbpf_abi_record> record = (*found)->bytes.read<kbpf_abi_record>(0);
  return !record.ok() || record->profile != KBPF_PROFILE_ZCORE;
}

Result<ObjectView> ObjectView::open(std::span<const std::byte> bytes, TextSink &why) {
  ObjectView view;
  view.elf_ = KBPF_TRY(elf::ElfView::open(bytes, why));
  ByteView abi = KBPF_TRY(own_section(view.elf_, KBPF_SEC_ABI, true, why));
  if (abi.size() != sizeof(kbpf_abi_record))
    return refuse(why, "{} has {} bytes, not {}", KBPF_SEC_ABI, abi.size(), sizeof(kbpf_abi_record));
  view.abi_ = record_at<kbpf_abi_record>(abi, 0);
  KBPF_TRY(view.check_abi(why));

  view.strtab_ = KBPF_TRY(own_section(view.elf_, KBPF_SEC_STRTAB, true, why));
  view.maps_ = KBPF_TRY(own_section(view.elf_, KBPF_SEC_MAPS, false, why));
  view.progs_ = KBPF_TRY(own_section(view.elf_, KBPF_SEC_PROGS, true, why));
  view.slots_ = KBPF_TRY(own_section(view.elf_, KBPF_SEC_SLOTS, false, why));
  view.btf_ = KBPF_TRY(own_section(view.elf_, ".BTF", false, why));
  view.btf_ext_ = KBPF_TRY(own_section(view.elf_, ".BTF.ext", false, why));
  view.map_count_ = KBPF_TRY(record_count(view.maps_, sizeof(kbpf_map_record), KBPF_SEC_MAPS, why));
  view.prog_count_ = KBPF_TRY(record_count(view.progs_, sizeof(kbpf_prog_record), KBPF_SEC_PROGS, why));
  view.slot_count_ = KBPF_TRY(record_count(view.slots_, sizeof(kbpf_slot_record), KBPF_SEC_SLOTS, why));
  if (view.prog_count_ == 0)
    return refuse(why, "the object has no program");

  for (uint32_t i = 0; i < view.map_count_; i++)
    KBPF_TRY(view.check_map(i, why));
  // Programs do not share code; the sum also bounds the time that reading them takes.
  uint64_t room = bytes.size() / sizeof(Insn);
  for (uint32_t i = 0; i < view.prog_count_; i++) {
    KBPF_TRY(view.check_prog(i, why));
    uint32_t count = view.prog(i).insn_count;
    if (count > room)
      return refuse(why, "program {} ({}) overlaps another one", i, view.string(view.prog(i).name));
    room -= count;
    KBPF_TRY(view.check_code(i, why));
  }
  for (uint32_t i = 0; i < view.slot_count_; i++)
    KBPF_TRY(view.check_slot(i, why));
  KBPF_TRY(view.check_relocations(why));
  return view;
}

Result<void> ObjectView::check_abi(TextSink &why) const {
  if (abi_.magic != KBPF_OBJECT_MAGIC)
    return refuse(why, "{} does not begin with its magic", KBPF_SEC_ABI);
  if (abi_.format != KBPF_OBJECT_FORMAT) {
    print(why, "object format {} is not known, this reader has {}", abi_.format, KBPF_OBJECT_FORMAT);
    return Error::not_supported;
  }
  if (abi_.profile != KBPF_PROFILE_KBPF) {
    const Profile *profile = find_profile(uint32_t{abi_.profile});
    print(why, "the object is for the profile {} ({}), not for kbpf", profile ? profile->name : "unknown",
          abi_.profile);
    return Error::not_supported;
  }
  if (abi_.abi_version == 0 || abi_.abi_version > KBPF_ABI_VERSION) {
    print(why, "the object needs ABI version {}, this kernel has {}", abi_.abi_version, KBPF_ABI_VERSION);
    return Error::not_supported;
  }
  if (abi_.flags & ~KBPF_OBJECT_GPL_COMPATIBLE || abi_.reserved != 0)
    return refuse(why, "{} has reserved bits set", KBPF_SEC_ABI);
  return {};
}

Result<void> ObjectView::check_map(uint32_t index, TextSink &why) const {
  kbpf_map_record record = map(index);
  if (!elf::read_name(strtab_, record.name).ok())
    return refuse(why, "map {}: its name is not in {}", index, KBPF_SEC_STRTAB);
  std::string_view name = string(record.name);
  if (record.reserved != 0 || record.flags & ~kKnownMapFlags || record.pinning > 1)
    return refuse(why, "map {} ({}): reserved bits are set", index, name);
  if (record.inner_map > map_count_ || record.inner_map == index + 1)
    return refuse(why, "map {} ({}): inner map {} does not exist", index, name, record.inner_map);
  if (record.inner_map != 0 && map(record.inner_map - 1).inner_map != 0)
    return refuse(why, "map {} ({}): its inner map has inner maps", index, name);
  if (record.init_section == 0)
    return {};
  if (!(record.flags & KBPF_MAP_REC_DATA))
    return refuse(why, "map {} ({}): only a data map has initial contents", index, name);
  if (record.init_section >= elf_.section_count())
    return refuse(why, "map {} ({}): section {} does not exist", index, name, record.init_section);
  elf::Section contents = elf_.section(record.init_section);
  if (contents.header.sh_type != elf::kProgBits || !(contents.header.sh_flags & elf::kAlloc) ||
      contents.bytes.size() != record.value_size)
    return refuse(why, "map {} ({}): section {} has {} bytes of contents, a value has {}", index, name,
                  contents.name, contents.bytes.size(), record.value_size);
  return {};
}

Result<void> ObjectView::check_prog(uint32_t index, TextSink &why) const {
  kbpf_prog_record record = prog(index);
  if (!elf::read_name(strtab_, record.name).ok())
    return refuse(why, "program {}: its name is not in {}", index, KBPF_SEC_STRTAB);
  std::string_view name = string(record.name);
  if (!elf::read_name(strtab_, record.section_name).ok() ||
      !elf::read_name(strtab_, record.attach_target).ok())
    return refuse(why, "program {} ({}): a name is not in {}", index, name, KBPF_SEC_STRTAB);
  for (uint32_t reserved : record.reserved)
    if (reserved != 0)
      return refuse(why, "program {} ({}): reserved bytes are not zero", index, name);
  if (record.flags & ~kKnownProgFlags)
    return refuse(why, "program {} ({}): flags {x} are not known", index, name, record.flags);
  if (!kKbpfProfile.prog_type(record.prog_type)) {
    print(why, "program {} ({}): program type {} is not known", index, name, record.prog_type);
    return Error::not_supported;
  }
  if (record.attach_kind != KBPF_NO_ATTACH && !kKbpfProfile.attach_kind(record.attach_kind)) {
    print(why, "program {} ({}): attach kind {} is not known", index, name, record.attach_kind);
    return Error::not_supported;
  }
  if (record.section == 0 || record.section >= elf_.section_count())
    return refuse(why, "program {} ({}): section {} does not exist", index, name, record.section);
  elf::Section code = elf_.section(record.section);
  if (code.header.sh_type != elf::kProgBits || !(code.header.sh_flags & elf::kAlloc) ||
      code.header.sh_offset % sizeof(Insn) != 0)
    return refuse(why, "program {} ({}): section {} holds no aligned code", index, name, code.name);
  if (record.insn_count == 0 || record.insn_count > KBPF_MAX_INSNS)
    return refuse(why, "program {} ({}): {} instructions; 1 to {} are possible", index, name,
                  record.insn_count, KBPF_MAX_INSNS);
  uint64_t available = code.bytes.size() / sizeof(Insn);
  if (record.first_insn > available || record.insn_count > available - record.first_insn)
    return refuse(why, "program {} ({}): instructions {} to {} are outside of section {}, which has {}",
                  index, name, record.first_insn, uint64_t{record.first_insn} + record.insn_count, code.name,
                  available);
  return {};
}

Result<void> ObjectView::check_slot(uint32_t index, TextSink &why) const {
  kbpf_slot_record record = slot(index);
  if (record.map >= map_count_)
    return refuse(why, "slot {}: map {} does not exist", index, record.map);
  if (record.kind != KBPF_SLOT_MAP && record.kind != KBPF_SLOT_PROG)
    return refuse(why, "slot {}: kind {} is not known", index, record.kind);
  if (record.target >= (record.kind == KBPF_SLOT_MAP ? map_count_ : prog_count_))
    return refuse(why, "slot {}: {} {} does not exist", index,
                  record.kind == KBPF_SLOT_MAP ? "map" : "program", record.target);
  return {};
}

Result<void> ObjectView::check_code(uint32_t index, TextSink &why) const {
  std::span<const Insn> insns = prog_insns(index);
  for (size_t i = 0; i < insns.size(); i++) {
    if (!insns[i].is_ld_imm64())
      continue;
    std::string_view name = string(prog(index).name);
    if (i + 1 == insns.size())
      return refuse(why, "program {} ({}): instruction {} is cut off", index, name, i);
    uint8_t source = insns[i].src();
    bool map_reference = source == KBPF_PSEUDO_MAP_IDX || source == KBPF_PSEUDO_MAP_IDX_VALUE;
    if (map_reference && static_cast<uint32_t>(insns[i].imm) >= map_count_)
      return refuse(why, "program {} ({}): instruction {} refers to map {} of {}", index, name, i,
                    insns[i].imm, map_count_);
    i++;
  }
  return {};
}

// An object is loaded as it is: code or data that still waits for a relocation would run unrelocated.
// Sections of programs and of map contents are allocated ones (checked with the records), those of debug
// information are not.
Result<void> ObjectView::check_relocations(TextSink &why) const {
  for (uint32_t i = 1; i < elf_.section_count(); i++) {
    elf::Section section = elf_.section(i);
    bool relocations = section.header.sh_type == elf::kRel || section.header.sh_type == elf::kRela;
    if (!relocations || section.bytes.size() == 0 || section.header.sh_info >= elf_.section_count())
      continue;
    elf::Section target = elf_.section(section.header.sh_info);
    if (target.header.sh_flags & elf::kAlloc)
      return refuse(why, "section {} is left unrelocated", target.name);
  }
  return {};
}

kbpf_map_record ObjectView::map(uint32_t index) const { return record_at<kbpf_map_record>(maps_, index); }

kbpf_prog_record ObjectView::prog(uint32_t index) const { return record_at<kbpf_prog_record>(progs_, index); }

kbpf_slot_record ObjectView::slot(uint32_t index) const { return record_at<kbpf_slot_record>(slots_, index); }

std::span<const std::byte> ObjectView::map_contents(uint32_t index) const {
  uint32_t section = map(index).init_section;
  return section == 0 ? std::span<const std::byte>() : elf_.section(section).bytes.span();
}

std::span<const Insn> ObjectView::prog_insns(uint32_t index) const {
  kbpf_prog_record record = prog(index);
  ByteView code = elf_.section(record.section).bytes;
  return {reinterpret_cast<const Insn *>(code.data()) + record.first_insn, record.insn_count};
}

std::string_view ObjectView::string(uint32_t offset) const {
  Result<std::string_view> text = elf::read_name(strtab_, offset);
  return text.ok() ? *text : std::string_view();
}

std::span<const std::byte> ObjectView::btf() const { return btf_.span(); }
std::span<const std::byte> ObjectView::btf_ext() const { return btf_ext_.span(); }

} // namespace kbpf
