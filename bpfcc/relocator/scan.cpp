// SPDX-License-Identifier: MIT OR Apache-2.0
// Classifies what each instruction refers to: from relocations, and from calls that the compiler resolved
// itself (by helper number, or within a section). Decides no name and writes no byte: resolve and apply do.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <elf.h>

namespace bpfcc {
namespace {

constexpr uint32_t kAbs64 = 2, kAbs32 = 3, kNoDyld32 = 4; // R_BPF_64_ABS64, ABS32, NODYLD32: for data only
constexpr uint8_t kOpCallRegister = 0x8d;

std::string reloc_name(uint32_t type) {
  switch (type) {
  case R_BPF_NONE:
    return "R_BPF_NONE";
  case R_BPF_64_64:
    return "R_BPF_64_64";
  case kAbs64:
    return "R_BPF_64_ABS64";
  case kAbs32:
    return "R_BPF_64_ABS32";
  case kNoDyld32:
    return "R_BPF_64_NODYLD32";
  case R_BPF_64_32:
    return "R_BPF_64_32";
  default:
    return concat("of unknown type ", type);
  }
}

class FunctionScan {
public:
  FunctionScan(Image &image, Function &function) : image_(image), function_(function) {}
  void run();

private:
  void error(uint32_t slot, std::string_view message) { error_at(image_, function_.section, slot, message); }
  const RawReloc *take_reloc(uint32_t slot);
  void scan_ld_imm64(uint32_t slot, const RawReloc *raw);
  void scan_call(uint32_t slot, const kbpf::Insn &insn, const RawReloc *raw);
  void scan_jump(uint32_t slot, const kbpf::Insn &insn);
  void add(RelocKind kind, uint32_t slot, uint32_t symbol, uint64_t addend, uint32_t target_section = 0) {
    image_.relocs.push_back({kind, function_.section, slot, symbol, addend, target_section, {}});
  }

  Image &image_;
  Function &function_;
  size_t next_raw_ = 0;
};

void FunctionScan::run() {
  const std::vector<RawReloc> &raws = image_.sections[function_.section].relocs;
  next_raw_ = static_cast<size_t>(
      std::lower_bound(raws.begin(), raws.end(), uint64_t(function_.first) * 8,
                       [](const RawReloc &raw, uint64_t offset) { return raw.offset < offset; }) -
      raws.begin());
  function_.first_reloc = static_cast<uint32_t>(image_.relocs.size());
  const uint32_t end = function_.first + function_.count;
  for (uint32_t slot = function_.first; slot < end; slot++) {
    kbpf::Insn insn = image_.insn(function_.section, slot);
    const RawReloc *raw = take_reloc(slot);
    if (insn.is_ld_imm64()) {
      if (slot + 1 == end)
        error(slot, "malformed object: a 64-bit load without its second half");
      else if (take_reloc(slot + 1))
        error(slot, "malformed object: a relocation in the second half of a 64-bit load");
      else
        scan_ld_imm64(slot, raw);
      slot++;
    } else if (insn.is_call()) {
      scan_call(slot, insn, raw);
    } else if (insn.opcode == kOpCallRegister) {
      error(
          slot,
          "call through a pointer; a BPF program can only call functions that are known when it is compiled");
    } else if (raw) {
      error(slot, concat("relocation ", reloc_name(raw->type), " on an instruction that holds no address"));
    } else if (insn.is_jump_class() && !insn.is_exit()) {
      scan_jump(slot, insn);
    }
    if (!image_.profile().atomics && insn.cls() == KBPF_CLASS_STX && insn.mode() == KBPF_MODE_ATOMIC)
      error(slot,
            concat("atomic operation; kernels of profile ", quoted(image_.profile().name), " have none"));
  }
  function_.last_reloc = static_cast<uint32_t>(image_.relocs.size());
}

// The relocation of this slot, at any of its bytes; several, or one at an odd place, are errors.
const RawReloc *FunctionScan::take_reloc(uint32_t slot) {
  const std::vector<RawReloc> &raws = image_.sections[function_.section].relocs;
  const RawReloc *found = nullptr;
  for (; next_raw_ < raws.size() && raws[next_raw_].offset < (uint64_t(slot) + 1) * 8; next_raw_++) {
    const RawReloc &raw = raws[next_raw_];
    if (raw.type == R_BPF_NONE)
      continue;
    if (raw.offset % 8)
      error(slot, concat("malformed object: relocation at ", image_.sections[function_.section].name, "+",
                         hex(raw.offset), ", inside an instruction"));
    else if (found)
      error(slot, "malformed object: two relocations on one instruction");
    else
      found = &raw;
  }
  return found;
}

void FunctionScan::scan_ld_imm64(uint32_t slot, const RawReloc *raw) {
  kbpf::Insn low = image_.insn(function_.section, slot), high = image_.insn(function_.section, slot + 1);
  if (!raw) {
    if (low.src() != 0)
      error(slot, concat("a 64-bit load with pseudo source ", unsigned(low.src()), " and no relocation"));
    return;
  }
  if (raw->type != R_BPF_64_64)
    return error(slot,
                 concat("relocation ", reloc_name(raw->type), " on a 64-bit load; expected R_BPF_64_64"));
  const Symbol &symbol = image_.symbols[raw->symbol];
  uint64_t A = static_cast<uint32_t>(low.imm) | uint64_t(static_cast<uint32_t>(high.imm)) << 32;
  if (symbol.section == SHN_UNDEF)
    return add(RelocKind::extern_ref, slot, raw->symbol, A);
  if (symbol.section >= image_.sections.size())
    return error(slot, concat("symbol ", quoted(symbol.name), " stands in no section",
                              symbol.section == SHN_COMMON ? "; compile with -fno-common" : ""));
  const Section &target = image_.sections[symbol.section];
  uint64_t place = symbol.value + A;
  if (is_code(target)) {
    if (place % 8 || place / 8 > UINT32_MAX)
      return error(slot, concat("address of ", quoted(symbol.name), " + ", A, " is no instruction"));
    return add(RelocKind::subprog_ref, slot, raw->symbol, place / 8, symbol.section);
  }
  RelocKind kind = target.name == ".maps" ? RelocKind::map_ref : RelocKind::map_value;
  add(kind, slot, raw->symbol, place, symbol.section);
}

void FunctionScan::scan_call(uint32_t slot, const kbpf::Insn &insn, const RawReloc *raw) {
  if (!raw) {
    if (insn.src() == 0)
      return add(RelocKind::helper_call, slot, 0, static_cast<uint32_t>(insn.imm));
    if (insn.src() == KBPF_PSEUDO_CALL) // resolved by the assembler: the callee stands in the same section
      return add(RelocKind::subprog_call, slot, 0, static_cast<uint64_t>(int64_t(slot) + 1 + insn.imm),
                 function_.section);
    return error(slot, concat("a call with pseudo source ", unsigned(insn.src()), " and no relocation"));
  }
  if (raw->type != R_BPF_64_32)
    return error(slot, concat("relocation ", reloc_name(raw->type), " on a call; expected R_BPF_64_32"));
  const Symbol &symbol = image_.symbols[raw->symbol];
  if (symbol.section == SHN_UNDEF)
    return add(RelocKind::extern_call, slot, raw->symbol, 0);
  if (symbol.section >= image_.sections.size() || !is_code(image_.sections[symbol.section]) ||
      symbol.value % 8)
    return error(slot, concat("call of ", quoted(symbol.name), ", which is no function"));
  // imm counts slots from the symbol, less one: -1 is the symbol itself.
  uint64_t S = symbol.value / 8;
  add(RelocKind::subprog_call, slot, raw->symbol, S + static_cast<uint64_t>(int64_t(insn.imm) + 1),
      symbol.section);
}

// Functions are moved one by one, so a jump may not leave its own.
void FunctionScan::scan_jump(uint32_t slot, const kbpf::Insn &insn) {
  bool is_long = insn.cls() == KBPF_CLASS_JMP32 && insn.code() == KBPF_JMP_JA;
  int64_t target = int64_t(slot) + 1 + (is_long ? insn.imm : insn.off);
  if (target < function_.first || target >= int64_t(function_.first) + function_.count)
    error(slot, concat("malformed object: a jump out of function ", quoted(function_.name)));
}

// Pointers in initialised data would need a loader that patches data.
void scan_data(Image &image, uint32_t index) {
  const Section &section = image.sections[index];
  bool libbpf = image.profile().map_encoding == kbpf::MapEncoding::libbpf;
  for (const RawReloc &raw : section.relocs)
    report_at_data(image, libbpf ? Severity::warning : Severity::error, index, raw.offset,
                   concat("initial value at ", section.name, "+", hex(raw.offset), " is the address of ",
                          quoted(image.symbols[raw.symbol].name), ", which no loader fills in (",
                          reloc_name(raw.type), ")"));
}

} // namespace

void scan(Image &image) {
  // Without calls between functions the object will hold the entry only.
  for (Function &function : image.functions)
    if (image.profile().subprograms || function.is_program)
      FunctionScan(image, function).run();
  for (uint32_t i = 1; i < image.sections.size(); i++)
    if (is_data(image.sections[i]) && image.profile().global_data && !image.options.is_unfinished)
      scan_data(image, i);
}

} // namespace bpfcc
