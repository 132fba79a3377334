// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/relocator/check_btf.h"
#include "bpfcc/relocator/btf_types.h"
#include "bpfcc/relocator/core_spec.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include "core/btf/check.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <unordered_set>

namespace bpfcc {
namespace {

constexpr size_t kArenaBudget = size_t(64) << 20;

// The reader logs each type as it reads it: the last line is the refusal's.
class LastLine final : public kbpf::TextSink {
public:
  void append(std::string_view text) override {
    for (char c : text) {
      if (ended_)
        line_.clear();
      ended_ = c == '\n';
      if (!ended_ && (c != '\t' || !line_.empty())) // members are indented
        line_ += c;
    }
  }
  std::string cause() const { return line_.empty() ? line_ : concat(": ", line_); }

private:
  std::string line_;
  bool ended_ = false;
};

class Checker {
public:
  Checker(const Image &image, BtfOrigin origin) : image_(image), origin_(origin) {}
  std::vector<std::string> run();

private:
  // A function's symbol. first and count are in slots.
  struct Extent {
    uint32_t section, first, count;
    std::string_view name;
    bool has_line = false;
  };

  template <typename... Pieces> void fault(const Pieces &...pieces) {
    if (faults_.size() < kMaxBtfFaults)
      faults_.push_back(concat(pieces...));
  }
  std::string place(uint32_t section, uint32_t slot) const {
    return concat(image_.sections[section].name, "+", hex(uint64_t(slot) * sizeof(kbpf::Insn)));
  }
  void collect_functions();
  Extent *function_around(uint32_t section, uint32_t slot);
  bool is_second_half(const Extent &function, uint32_t slot);
  void check_functions();
  void check_lines();
  void check_accesses();
  void check_sections();
  void check_rules();
  void check_needed_once();
  void check_records();
  template <typename Record> std::vector<Record> records(std::string_view section) const;

  const Image &image_;
  const BtfOrigin origin_;
  std::vector<Extent> functions_;                // by ascending section, then first
  std::unordered_set<std::string_view> names_;   // of them
  std::vector<std::vector<bool>> second_halves_; // by section, where asked for
  std::vector<std::string> faults_;
};

void Checker::collect_functions() {
  for (const Symbol &symbol : image_.symbols)
    if (symbol.type == STT_FUNC && symbol.section != SHN_UNDEF && symbol.section < image_.sections.size() &&
        is_code(image_.sections[symbol.section]))
      functions_.push_back({symbol.section, static_cast<uint32_t>(symbol.value / sizeof(kbpf::Insn)),
                            static_cast<uint32_t>(symbol.size / sizeof(kbpf::Insn)), symbol.name});
  for (const Extent &function : functions_)
    names_.insert(function.name);
  std::sort(functions_.begin(), functions_.end(), [](const Extent &a, const Extent &b) {
    return a.section != b.section ? a.section < b.section : a.first < b.first;
  });
}

Checker::Extent *Checker::function_around(uint32_t section, uint32_t slot) {
  auto after =
      std::upper_bound(functions_.begin(), functions_.end(), slot, [&](uint32_t at, const Extent &f) {
        return section != f.section ? section < f.section : at < f.first;
      });
  if (after == functions_.begin())
    return nullptr;
  Extent &function = *(after - 1);
  return function.section == section && slot - function.first < function.count ? &function : nullptr;
}

bool Checker::is_second_half(const Extent &function, uint32_t slot) {
  second_halves_.resize(image_.sections.size());
  std::vector<bool> &halves = second_halves_[function.section];
  if (halves.empty()) {
    halves.resize(image_.sections[function.section].size / sizeof(kbpf::Insn));
    for (uint32_t i = 0; i + 1 < halves.size(); i++)
      if (image_.insn(function.section, i).is_ld_imm64())
        halves[++i] = true;
  }
  return halves[slot];
}

void Checker::check_functions() {
  for (const FuncInfo &info : image_.btf_ext.functions) {
    const Extent *function = function_around(info.section, info.insn);
    if (!function || function->first != info.insn) {
      fault("function information at ", place(info.section, info.insn), ", where no function starts");
      continue;
    }
    const BtfType &type = image_.btf.type(info.type);
    // One that __asm__ gave another name keeps its own in a compiler's BTF, which is then no symbol's.
    bool is_renamed = origin_ != BtfOrigin::finished && !names_.contains(type.name);
    if (type.kind != BtfKind::function || (!is_name_of(type.name, function->name) && !is_renamed))
      fault("function ", quoted(function->name), " at ", place(info.section, info.insn), " has type ",
            info.type, ", ", quoted(type.name));
  }
}

void Checker::check_lines() {
  for (const LineInfo &line : image_.btf_ext.lines) {
    Extent *function = function_around(line.section, line.insn);
    // What a linker overrode is still there, and no function any more.
    if (!function && origin_ != BtfOrigin::finished)
      continue;
    if (!function)
      fault("line information at ", place(line.section, line.insn), ", outside of any function");
    else if (is_second_half(*function, line.insn))
      fault("line information at ", place(line.section, line.insn), ", in the middle of an instruction");
    else if (!function->has_line && line.insn != function->first)
      fault("the first line information of function ", quoted(function->name), " is at ",
            place(line.section, line.insn), ", not at its start");
    if (function)
      function->has_line = true;
    if (image_.btf.string(line.file).empty())
      fault("line information at ", place(line.section, line.insn), " names no file");
  }
  std::vector<FuncInfo> infos = image_.btf_ext.functions;
  for (const Extent &function : functions_) {
    auto info =
        std::lower_bound(infos.begin(), infos.end(), function, [](const FuncInfo &a, const Extent &f) {
          return a.section != f.section ? a.section < f.section : a.insn < f.first;
        });
    bool has_info = info != infos.end() && info->section == function.section && info->insn == function.first;
    if (function.has_line && !has_info)
      fault("function ", quoted(function.name), " has lines and no function information");
  }
}

void Checker::check_accesses() {
  if (image_.btf_ext.core_relos.empty())
    return;
  const Btf no_kernel; // whether the record is sound is a question about the program's own types
  const CoreResolver resolver(image_.btf, no_kernel);
  for (const CoreRelo &relo : image_.btf_ext.core_relos) {
    const Extent *function = function_around(relo.section, relo.insn);
    std::string error;
    if (!function && origin_ != BtfOrigin::finished)
      continue;
    if (!function || is_second_half(*function, relo.insn))
      fault("CO-RE relocation at ", place(relo.section, relo.insn),
            ", where no instruction of a function is");
    else if (!resolver.answer(relo, error) && !error.empty())
      fault("CO-RE relocation at ", place(relo.section, relo.insn), ": ", error);
  }
}

void Checker::check_sections() {
  std::unordered_map<std::string_view, const Section *> sections;
  for (const Section &section : image_.sections)
    sections.try_emplace(section.name, &section);
  for (uint32_t id = 1; id < image_.btf.count(); id++) {
    const BtfType &type = image_.btf.type(id);
    auto section = sections.find(type.name);
    if (type.kind != BtfKind::datasec || section == sections.end())
      continue;
    if (type.size_or_type != section->second->size)
      fault("section ", quoted(type.name), " has ", section->second->size, " bytes, its type says ",
            type.size_or_type);
    uint64_t end = 0;
    for (uint32_t i = 0; i < type.count; i++) {
      BtfSecVar variable = image_.btf.secvar(type, i);
      std::string_view name = image_.btf.type(variable.type).name;
      if (variable.offset < end || uint64_t(variable.offset) + variable.size > section->second->size)
        fault("variable ", quoted(name), " has ", variable.size, " bytes at ", type.name, "+",
              hex(variable.offset), ", behind or outside of what comes before");
      end = uint64_t(variable.offset) + variable.size;
    }
  }
}

// Linux's own rules, by the runtime's reader.
void Checker::check_rules() {
  kbpf::Arena arena({[](void *, size_t size) { return malloc(size); },
                     [](void *, void *block, size_t) { free(block); }, nullptr},
                    kArenaBudget);
  LastLine why;
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte *>(image_.btf_bytes.data()),
                                   image_.btf_bytes.size());
  auto btf = kbpf::Btf::parse(bytes, arena, &why);
  if (!btf.ok())
    return fault("the kernel's reader refuses .BTF: ", kbpf::to_text(btf.error()), why.cause());
  auto sound = kbpf::check_references(*btf, arena, &why);
  if (!sound.ok())
    fault("the kernel's reader refuses a type of .BTF: ", kbpf::to_text(sound.error()), why.cause());
}

// Which type is there twice or for nothing is found by doing it again.
void Checker::check_needed_once() {
  const Btf &btf = image_.btf;
  BtfTypes types;
  types.add(btf);
  types.deduplicate();
  types.keep_used_only();
  for (uint32_t id = 1; id < btf.count(); id++)
    if (btf.type(id).kind == BtfKind::datasec || btf.is_extern(btf.type(id)))
      types.use(id);
  for (const FuncInfo &info : image_.btf_ext.functions)
    types.use(info.type);
  for (const CoreRelo &relo : image_.btf_ext.core_relos)
    types.use(relo.type);
  for (const kbpf_map_record &map : records<kbpf_map_record>(KBPF_SEC_MAPS)) {
    types.use(map.btf_key_type);
    types.use(map.btf_value_type);
  }
  // Those of functions and variables that a linker found no record of, but that others may ask for by name.
  std::unordered_map<std::string_view, bool> global;
  for (const Symbol &symbol : image_.symbols)
    if (symbol.binding != STB_LOCAL)
      global.emplace(symbol.name, true);
  for (uint32_t id = 1; id < btf.count(); id++)
    if ((btf.type(id).kind == BtfKind::function || btf.type(id).kind == BtfKind::variable) &&
        global.contains(btf.type(id).name))
      types.use(id);
  BtfStrings strings;
  types.write(strings);
  for (uint32_t id = 1; id < btf.count(); id++) {
    uint32_t kept = types.final_id(id);
    if (kept == 0)
      fault("type ", id, " (", quoted(btf.type(id).name), ") is there for nothing");
    else if (types.same(id) != id)
      fault("type ", id, " (", quoted(btf.type(id).name), ") is there a second time");
  }
}

template <typename Record> std::vector<Record> Checker::records(std::string_view section) const {
  std::vector<Record> out;
  for (const Section &candidate : image_.sections)
    if (candidate.name == section && candidate.contents.size() % sizeof(Record) == 0) {
      out.resize(candidate.contents.size() / sizeof(Record));
      if (!out.empty())
        memcpy(out.data(), candidate.contents.data(), candidate.contents.size());
    }
  return out;
}

void Checker::check_records() {
  size_t index = 0;
  for (const kbpf_map_record &map : records<kbpf_map_record>(KBPF_SEC_MAPS)) {
    if (map.btf_key_type && image_.btf.size_of(map.btf_key_type) != map.key_size)
      fault("map ", index, " has keys of ", map.key_size, " bytes, its type ", map.btf_key_type,
            " another size");
    if (map.btf_value_type && image_.btf.size_of(map.btf_value_type) != map.value_size)
      fault("map ", index, " has values of ", map.value_size, " bytes, its type ", map.btf_value_type,
            " another size");
    index++;
  }
  index = 0;
  for (const kbpf_prog_record &program : records<kbpf_prog_record>(KBPF_SEC_PROGS)) {
    if (program.func_btf_id && image_.btf.type(program.func_btf_id).kind != BtfKind::function)
      fault("program ", index, " has type ", program.func_btf_id, ", which is no function");
    index++;
  }
}

std::vector<std::string> Checker::run() {
  if (image_.btf.empty())
    return {};
  collect_functions();
  check_functions();
  check_lines();
  check_accesses();
  if (origin_ != BtfOrigin::compiler) {
    check_sections();
    check_needed_once();
  }
  if (origin_ == BtfOrigin::finished) {
    check_rules();
    check_records();
  }
  return std::move(faults_);
}

} // namespace

BtfOrigin btf_origin(const Image &image) {
  bool finished = std::any_of(image.sections.begin(), image.sections.end(),
                              [](const Section &section) { return section.name == KBPF_SEC_MAPS; });
  return finished ? BtfOrigin::finished : BtfOrigin::compiler;
}

std::vector<std::string> check_btf(const Image &image, BtfOrigin origin) {
  return Checker(image, origin).run();
}

void check_written_btf(const Image &image, std::string_view bytes, BtfOrigin origin) {
  RelocatorOptions options;
  options.input_name = image.options.input_name;
  Image written(options, image.diag);
  unsigned before = image.diag.errors();
  read_elf(written, bytes);
  if (image.diag.errors() != before)
    return;
  for (const std::string &fault : check_btf(written, origin))
    error_in_object(image, concat("malformed object: .BTF: ", fault));
}

} // namespace bpfcc
