// SPDX-License-Identifier: MIT OR Apache-2.0
// What the relocator's passes share: the object as read, what it means, and what becomes of it. Passes fill
// it from top to bottom; what an earlier pass wrote, a later one only reads.
#pragma once
#include "bpfcc/relocator/btf.h"
#include "bpfcc/relocator/btf_ext.h"
#include "bpfcc/relocator/passes.h"
#include "core/isa/insn.h"
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bpfcc {

constexpr uint32_t kNone = UINT32_MAX; // an index that names nothing

// ---- read_elf ----

struct RawReloc {
  uint64_t offset; // in bytes, within the section that it patches
  uint32_t type;   // R_BPF_*
  uint32_t symbol; // index into Image::symbols
};

struct Section {
  std::string_view name;
  uint32_t type = 0;  // SHT_*
  uint64_t flags = 0; // SHF_*
  uint64_t size = 0;  // bytes; a SHT_NOBITS section has a size and no contents
  uint64_t alignment = 1;
  uint64_t entry_size = 0;
  uint32_t info = 0; // SHT_REL: the section that it relocates
  std::string_view contents;
  std::vector<RawReloc> relocs; // of a section that they patch: by ascending offset
};

struct Symbol {
  std::string_view name;
  uint64_t value = 0; // offset in its section
  uint64_t size = 0;
  uint32_t section = 0;   // index, or SHN_UNDEF, SHN_ABS, SHN_COMMON
  uint8_t type = 0;       // STT_*
  uint8_t binding = 0;    // STB_*
  uint8_t visibility = 0; // STV_*
};

// ---- collect_maps ----

enum class MapOrigin : uint8_t {
  btf_defined,  // a variable in .maps
  data_section, // .rodata*, .data*, .bss*: one element whose value is the section
  config,       // .kconfig: one element, the values of the kernel's configuration that the program asks for
  extern_fd,    // zcore: an undefined variable that will hold the map's fd
  inner,        // template of the inner maps of another map
};

struct Map {
  std::string name;
  MapOrigin origin = MapOrigin::btf_defined;
  uint32_t section = 0; // where it stands in the input: .maps, or the data section; 0: undefined symbol
  uint64_t offset = 0;  // in .maps
  uint64_t size = 0;    // bytes of its definition in .maps
  uint32_t type = 0;    // BPF_MAP_TYPE_* number
  uint32_t key_size = 0, value_size = 0, max_entries = 0, map_flags = 0;
  uint32_t key_type = 0, value_type = 0; // BTF ids; 0: not given
  uint32_t pinning = 0, numa_node = 0;
  uint64_t map_extra = 0;
  uint32_t inner_map = kNone;  // index into Image::maps
  bool read_only = false;      // a constant data section
  std::string config;          // the value of a map of that origin
  uint64_t slots_offset = 0;   // of "values" in the definition: what .values = {...} fills
  bool holds_programs = false; // __array(values, int (void *))
};

// ---- collect_programs ----

// A function of the input. Offsets and counts are in 8-byte instruction slots.
struct Function {
  std::string_view name;
  uint32_t symbol = 0;
  uint32_t section = 0;
  uint32_t first = 0;
  uint32_t count = 0;
  bool is_static = false;
  bool is_program = false; // an entry
  uint32_t btf_id = 0;
  uint32_t first_reloc = 0, last_reloc = 0; // range in Image::relocs; set by scan
};

// A function's code within a program.
struct Part {
  uint32_t function; // index into Image::functions
  uint32_t first;    // slot in Program::code
};

// A relocation that stays in the finished object (zcore: a map's fd slot).
struct KeptReloc {
  uint32_t insn;
  uint32_t map;
};

struct Program {
  uint32_t function = 0;                           // its entry; index into Image::functions
  std::string_view section_name;                   // without a leading '?'
  const kbpf::SectionInfo *section_info = nullptr; // null: .text of a profile that keeps programs there
  std::string_view attach_target;
  bool autoload = true;
  std::vector<Part> parts;      // link_subprograms: parts[0] is the entry
  std::vector<kbpf::Insn> code; // link_subprograms copies, apply writes
  std::vector<KeptReloc> kept;  // apply
};

// ---- scan and resolve ----

enum class RelocKind : uint8_t {
  map_ref,      // the address of a map in .maps
  map_value,    // an address in a data section
  extern_ref,   // the address of an undefined symbol
  helper_call,  // by number
  extern_call,  // of an undefined symbol: a helper or a kfunc
  subprog_call, // of a function of this object
  subprog_ref,  // the address of a function of this object: a callback
};

enum class ResolvedKind : uint8_t {
  unresolved, // an error was reported
  map_index,
  map_value,
  map_fd_slot,
  helper,
  subprog_call,
  subprog_ref,
  kernel_variable, // of which the kernel's types tell: index its id there
  constant,        // an address in the kernel: index its lower, offset its upper half
  null_address,    // a weak symbol that nothing defines
  missing_call,    // a call of one: must be dead code
  for_loader,      // stays as it is
};

struct Resolved {
  ResolvedKind kind = ResolvedKind::unresolved;
  uint32_t index = 0;  // map, helper number or function
  uint32_t offset = 0; // map_value: bytes into the value
};

struct Reloc {
  RelocKind kind;
  uint32_t section;
  uint32_t insn;   // slot in the section
  uint32_t symbol; // 0: none
  uint64_t addend; // map_ref, map_value: byte offset in the section; helper_call: the number; subprog_*: the
                   // called function's slot in target_section
  uint32_t target_section;
  Resolved resolved;
};

// An element of a map of maps or programs that is there from the start.
struct Slot {
  uint32_t map;
  uint32_t key;
  bool is_program;
  uint32_t target; // index into Image::programs or maps
};

// ---- synthesize ----

struct OutputSection {
  std::string name;
  uint32_t type = 0;
  uint64_t flags = 0;
  std::string contents;
  uint32_t info = 0, entry_size = 0; // of relocations: the section that they patch
  uint64_t size = 0;                 // of SHT_NOBITS, which has no contents
  uint64_t alignment = 8;
};

struct OutputSymbol {
  std::string_view name;
  uint8_t info = 0;     // ELF64_ST_INFO
  uint32_t section = 0; // index in the output; 0: undefined
  uint64_t value = 0, size = 0;
  uint8_t visibility = 0; // STV_*
};

// The bytes of a relocatable object; sections[0] is ELF's null section, local symbols come first.
std::string lay_out(const std::vector<OutputSection> &sections, const std::vector<OutputSymbol> &symbols);

// ---- the whole ----

struct Image {
  Image(const RelocatorOptions &options, Diagnostics &diag) : options(options), diag(diag) {}

  const RelocatorOptions &options;
  Diagnostics &diag;
  const kbpf::Profile &profile() const { return *options.profile; }

  std::string_view bytes; // the input
  std::vector<Section> sections;
  std::vector<Symbol> symbols;
  uint32_t symtab_section = 0;
  std::string btf_bytes; // .BTF with its own relocations applied
  Btf btf;               // refers to btf_bytes
  BtfExt btf_ext;

  std::vector<Map> maps;
  std::unordered_map<uint32_t, uint32_t> data_maps; // data section -> map
  struct ConfigPlace {
    uint32_t map, offset, size;
  };
  std::unordered_map<std::string_view, ConfigPlace> config; // variable -> where its value is

  std::vector<Function> functions; // by ascending section, then first
  std::vector<Program> programs;
  std::string license;
  bool gpl_compatible = false;

  std::vector<Reloc> relocs; // by ascending section, then insn
  std::vector<Slot> slots;   // by ascending map, then key

  // apply_core: instructions that no kernel accepts (section, slot), and why
  std::map<std::pair<uint32_t, uint32_t>, std::string> poisoned;

  // synthesize
  std::vector<OutputSection> output; // [0] is ELF's null section
  std::vector<OutputSymbol> output_symbols;

  // A section's code as instructions; the caller stays within section.size / 8.
  kbpf::Insn insn(uint32_t section, uint32_t slot) const;
  // The function that holds a slot; kNone where none does.
  uint32_t function_at(uint32_t section, uint32_t slot) const;
};

// The program type that its section names; where all code is in .text, the profile's first.
uint32_t program_type(const Image &image, const Program &program);
// Whether it is loaded as one that may sleep: as in libbpf, where its section's prefix ends in ".s", and all
// of type syscall.
bool is_sleepable(const Image &image, const Program &program);
// As in BPF_PROG_LOAD, as far as it decides what the program may do: 0 where it does not.
uint32_t expected_attach_type(const Program &program);

// Whether a function's type of that name is a symbol's: a compiler's copy of a function has a suffix, name.1.
bool is_name_of(std::string_view type, std::string_view symbol);

bool is_code(const Section &section);
// Those that Linux takes for such (Documentation/process/license-rules.rst, MODULE_LICENSE).
const std::vector<std::string_view> &gpl_compatible_licences();
bool is_data(const Section &section); // becomes a map of one element
} // namespace bpfcc
