// SPDX-License-Identifier: MIT OR Apache-2.0
// Types keep their shape, but for what the compiler leaves to a linker: the sizes of data sections and the
// order of their variables; equal ones become one. The records of .BTF.ext are written anew, because each
// program has its own section now and copies of the functions that it calls. Several sections of one name
// have their blocks in section order.
#include "bpfcc/relocator/rewrite_btf.h"
#include "bpfcc/relocator/btf_ext_writer.h"
#include <algorithm>

namespace bpfcc {
namespace {

// Calls visit(record, slot in the program) for each record of the program's functions.
template <typename Record, typename Visit> void each_record(const Image &image, const Program &program,
                                                            const std::vector<Record> &records, Visit visit) {
  for (const Part &part : program.parts) {
    const Function &function = image.functions[part.function];
    auto record =
        std::lower_bound(records.begin(), records.end(), function, [](const Record &a, const Function &f) {
          return a.section != f.section ? a.section < f.section : a.insn < f.first;
        });
    for (; record != records.end() && record->section == function.section &&
           record->insn < function.first + function.count;
         ++record)
      visit(*record, part.first + record->insn - function.first);
  }
}

// What the finished object refers to: its variables, functions, maps and accesses.
void use_types(const Image &image, BtfTypes &types) {
  std::unordered_map<std::string_view, const Section *> sections;
  for (const Section &section : image.sections)
    sections.try_emplace(section.name, &section);
  for (uint32_t id = 1; id < image.btf.count(); id++) {
    const BtfType &type = image.btf.type(id);
    auto section = sections.find(type.name);
    if (type.kind != BtfKind::datasec || section == sections.end())
      continue;
    types.complete_datasec(id, static_cast<uint32_t>(section->second->size));
    types.use(id);
  }
  for (const Map &map : image.maps) {
    types.use(map.key_type);
    types.use(map.value_type);
  }
  for (const Program &program : image.programs) {
    each_record(image, program, image.btf_ext.functions,
                [&](const FuncInfo &info, uint32_t) { types.use(info.type); });
    each_record(image, program, image.btf_ext.core_relos,
                [&](const CoreRelo &relo, uint32_t) { types.use(relo.type); });
  }
}

// Functions are known by their symbols, also those that __asm__ gave another name than C's.
void rename_functions(const Image &image, BtfTypes &types) {
  for (const Function &function : image.functions)
    if (image.btf.type(function.btf_id).kind == BtfKind::function &&
        !is_name_of(image.btf.type(function.btf_id).name, function.name))
      types.rename(function.btf_id, function.name);
}

// A compiler that does not optimise leaves the names out, and C lets people do so.
void name_parameters(const Image &image, BtfTypes &types) {
  for (uint32_t id = 1; id < image.btf.count(); id++)
    if (image.btf.type(id).kind == BtfKind::function)
      types.name_parameters(image.btf.type(id).size_or_type);
}

std::string write_ext(const Image &image, const std::vector<std::string> &section_names,
                      const BtfTypes &types, BtfStrings &strings) {
  const Btf &btf = image.btf;
  BtfExtWriter writer(strings);
  for (size_t i = 0; i < image.programs.size(); i++) {
    const Program &program = image.programs[i];
    writer.section(section_names[i]);
    each_record(image, program, image.btf_ext.functions, [&](const FuncInfo &info, uint32_t slot) {
      writer.function(slot, types.final_id(info.type));
    });
    each_record(image, program, image.btf_ext.lines, [&](const LineInfo &line, uint32_t slot) {
      writer.line(slot, btf.string(line.file), btf.string(line.text), line.line_column);
    });
    each_record(image, program, image.btf_ext.core_relos, [&](const CoreRelo &relo, uint32_t slot) {
      writer.core_relo(slot, types.final_id(relo.type), btf.string(relo.access), relo.kind);
    });
  }
  return writer.finish();
}

} // namespace

RewrittenBtf rewrite_btf(const Image &image, const std::vector<std::string> &section_names) {
  RewrittenBtf result;
  if (image.btf.empty())
    return result;
  result.types.add(image.btf);
  rename_functions(image, result.types);
  name_parameters(image, result.types);
  result.types.deduplicate();
  result.types.keep_used_only();
  use_types(image, result.types);
  BtfStrings strings;
  std::string types = result.types.write(strings);
  if (types.empty()) // nothing is described, and kernels refuse BTF without a type
    return result;
  result.btf_ext = write_ext(image, section_names, result.types, strings);
  result.btf = make_btf(types, strings.bytes());
  return result;
}

} // namespace bpfcc
