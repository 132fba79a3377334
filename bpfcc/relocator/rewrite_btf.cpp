// SPDX-License-Identifier: MIT OR Apache-2.0
// Types stay as they are, but for what the compiler leaves to a linker: the sizes of data sections and the
// order of their variables. The records of .BTF.ext are written anew, because each program has its own
// section now and copies of the functions that it calls. Several sections of one name have their blocks in
// section order.
#include "bpfcc/relocator/rewrite_btf.h"
#include <algorithm>
#include <cstring>

namespace bpfcc {
namespace {

constexpr uint32_t kBtfHeaderSize = 24, kExtHeaderSize = 32;
constexpr uint16_t kMagic = 0xeb9f;

void put(std::string &out, uint32_t value) {
  out.append(reinterpret_cast<const char *>(&value), sizeof value);
}
void put_magic(std::string &out) { // magic, version 1, no flags
  put(out, kMagic | 1u << 16);
}

// Fills in what the types of data sections leave open.
void complete_datasecs(const Image &image, std::string &types, uint32_t types_offset) {
  std::unordered_map<std::string_view, const Section *> sections;
  for (const Section &section : image.sections)
    sections.try_emplace(section.name, &section);
  for (uint32_t id = 1; id < image.btf.count(); id++) {
    const BtfType &type = image.btf.type(id);
    auto section = sections.find(type.name);
    if (type.kind != BtfKind::datasec || section == sections.end())
      continue;
    std::vector<BtfSecVar> variables;
    variables.reserve(type.count);
    for (uint32_t i = 0; i < type.count; i++)
      variables.push_back(image.btf.secvar(type, i));
    std::sort(variables.begin(), variables.end(),
              [](const BtfSecVar &a, const BtfSecVar &b) { return a.offset < b.offset; });
    char *tail = types.data() + (type.extra - types_offset);
    uint32_t size = static_cast<uint32_t>(section->second->size);
    memcpy(tail - sizeof size, &size, sizeof size);
    if (!variables.empty())
      memcpy(tail, variables.data(), variables.size() * sizeof(BtfSecVar));
  }
}
static_assert(sizeof(BtfSecVar) == 12, "as in the file");

class Strings {
public:
  explicit Strings(const Btf &btf) : bytes_(btf.bytes().substr(btf.strings_offset(), btf.strings_size())) {
    for (size_t at = 0; at < bytes_.size(); at += strlen(bytes_.data() + at) + 1)
      offsets_.try_emplace(bytes_.data() + at, static_cast<uint32_t>(at));
  }
  uint32_t offset(const std::string &name) {
    auto [found, added] = offsets_.try_emplace(name, static_cast<uint32_t>(bytes_.size()));
    if (added)
      bytes_.append(name.c_str(), name.size() + 1);
    return found->second;
  }
  const std::string &bytes() const { return bytes_; }

private:
  std::string bytes_;
  std::unordered_map<std::string, uint32_t> offsets_;
};

// The records of one kind that lie in the program's functions, each with its place in the program.
template <typename Record, typename Write> std::string
block(const Image &image, const Program &program, const std::vector<Record> &records, Write write) {
  std::string out;
  for (const Part &part : program.parts) {
    const Function &function = image.functions[part.function];
    auto record =
        std::lower_bound(records.begin(), records.end(), function, [](const Record &a, const Function &f) {
          return a.section != f.section ? a.section < f.section : a.insn < f.first;
        });
    for (; record != records.end() && record->section == function.section &&
           record->insn < function.first + function.count;
         ++record) {
      put(out, (part.first + record->insn - function.first) * 8);
      write(out, *record);
    }
  }
  return out;
}

template <typename Record, typename Write>
std::string area(const Image &image, const std::vector<std::string> &names, Strings &strings,
                 const std::vector<Record> &records, uint32_t record_size, Write write) {
  if (records.empty())
    return {};
  std::string out;
  put(out, record_size);
  for (size_t i = 0; i < image.programs.size(); i++) {
    std::string written = block(image, image.programs[i], records, write);
    if (written.empty())
      continue;
    put(out, strings.offset(names[i]));
    put(out, static_cast<uint32_t>(written.size() / record_size));
    out += written;
  }
  return out;
}

std::string rewrite_ext(const Image &image, const std::vector<std::string> &names, Strings &strings) {
  std::string functions = area(image, names, strings, image.btf_ext.functions, 8,
                               [](std::string &out, const FuncInfo &info) { put(out, info.type); });
  std::string lines =
      area(image, names, strings, image.btf_ext.lines, 16, [](std::string &out, const LineInfo &info) {
        put(out, info.file);
        put(out, info.text);
        put(out, info.line_column);
      });
  std::string relos =
      area(image, names, strings, image.btf_ext.core_relos, 16, [](std::string &out, const CoreRelo &relo) {
        put(out, relo.type);
        put(out, relo.access);
        put(out, relo.kind);
      });
  if (functions.empty() && lines.empty() && relos.empty())
    return {};
  std::string out;
  put_magic(out);
  put(out, kExtHeaderSize);
  uint32_t offset = 0;
  for (const std::string *part : {&functions, &lines, &relos}) {
    put(out, offset);
    put(out, static_cast<uint32_t>(part->size()));
    offset += static_cast<uint32_t>(part->size());
  }
  return out + functions + lines + relos;
}

} // namespace

RewrittenBtf rewrite_btf(const Image &image, const std::vector<std::string> &section_names) {
  if (image.btf.empty())
    return {};
  Strings strings(image.btf);
  RewrittenBtf result;
  result.btf_ext = rewrite_ext(image, section_names, strings);

  std::string types(image.btf.bytes().substr(image.btf.types_offset(), image.btf.types_size()));
  complete_datasecs(image, types, image.btf.types_offset());
  put_magic(result.btf);
  for (uint32_t word : {kBtfHeaderSize, 0u, static_cast<uint32_t>(types.size()),
                        static_cast<uint32_t>(types.size()), static_cast<uint32_t>(strings.bytes().size())})
    put(result.btf, word);
  result.btf += types;
  result.btf += strings.bytes();
  return result;
}

} // namespace bpfcc
