// SPDX-License-Identifier: MIT OR Apache-2.0
// .BTF.ext is a header with three areas, each: the size of a record, then for each code section its name, a
// count and that many records. Records start with the byte offset of an instruction; longer ones than we know
// are legal.
#include "bpfcc/relocator/btf_ext.h"
#include "bpfcc/relocator/btf.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cstring>

namespace bpfcc {
namespace {

constexpr uint16_t kMagic = 0xeb9f;
constexpr uint32_t kMinHeaderSize = 24; // without CO-RE relocations
constexpr uint32_t kCoreHeaderSize = 32;

uint32_t word(std::string_view bytes, size_t offset) {
  uint32_t value;
  memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Calls add(section, insn, record) for each record of the area at offset; its answer is what is wrong with the
// record, empty where nothing is.
template <typename Add> bool parse_area(std::string_view bytes, const char *what, uint32_t header_size,
                                        uint32_t offset, uint32_t size, uint32_t min_record, const Btf &btf,
                                        const BtfExt::CodeSections &sections, std::string &error, Add add) {
  if (size == 0)
    return true;
  auto fail = [&](uint64_t at, std::string_view cause) {
    error = concat(".BTF.ext+", hex(at), ": ", what, ": ", cause);
    return false;
  };
  uint64_t position = uint64_t(header_size) + offset;
  if (position > bytes.size() || size > bytes.size() - position || size < 4)
    return fail(position, "lies outside the section");
  const uint64_t end = position + size;
  uint32_t record_size = word(bytes, position);
  if (record_size < min_record || record_size % 4)
    return fail(position, concat("records of ", record_size, " bytes"));
  position += 4;
  std::unordered_map<std::string_view, size_t> blocks; // seen of each name
  while (position < end) {
    if (end - position < 8)
      return fail(position, "is cut off");
    std::string_view name = btf.string(word(bytes, position));
    uint64_t count = word(bytes, position + 4);
    auto section = sections.find(name);
    if (section == sections.end())
      return fail(position, concat("names ", quoted(name), ", which is no code section"));
    size_t block = std::min(blocks[name]++, section->second.size() - 1);
    const BtfExt::CodeSection &code = section->second[block];
    position += 8;
    if (count == 0)
      return fail(position - 8, concat("no record of ", quoted(name)));
    if (count * record_size > end - position)
      return fail(position, "is cut off");
    for (; count; count--, position += record_size) {
      uint32_t byte_offset = word(bytes, position);
      if (byte_offset % 8 || byte_offset / 8 >= code.slots)
        return fail(position, concat("offset ", hex(byte_offset), " is no instruction of ", quoted(name)));
      std::string wrong = add(code.index, byte_offset / 8, bytes.substr(position, record_size));
      if (!wrong.empty())
        return fail(position, concat("offset ", hex(byte_offset), " of ", quoted(name), ": ", wrong));
    }
  }
  return true;
}

template <typename Record> bool is_before(const Record &a, const Record &b) {
  return a.section != b.section ? a.section < b.section : a.insn < b.insn;
}

// Code is described from its start to its end; kernels take no other order.
template <typename Record> std::string order_fault(const std::vector<Record> &records, const Record &record) {
  if (records.empty() || !is_before(record, records.back()) || record.section != records.back().section)
    return {};
  return "stands behind a record of a later instruction";
}

template <typename Record> bool is_second(const std::vector<Record> &records, const Record &record) {
  return !records.empty() && records.back().section == record.section && records.back().insn == record.insn;
}

std::string missing(std::string_view what, uint32_t number) {
  return concat("names ", what, " ", number, ", which does not exist");
}

template <typename Record> void sort_by_place(std::vector<Record> &records) {
  if (!std::is_sorted(records.begin(), records.end(), is_before<Record>))
    std::sort(records.begin(), records.end(), is_before<Record>);
}

} // namespace

bool BtfExt::parse(std::string_view bytes, const Btf &btf, const CodeSections &sections, std::string &error) {
  *this = BtfExt();
  if (bytes.size() < kMinHeaderSize) {
    error = concat(".BTF.ext: ", bytes.size(), " bytes are too few for its header");
    return false;
  }
  uint32_t header_size = word(bytes, 4);
  if ((word(bytes, 0) & 0xffff) != kMagic || header_size < kMinHeaderSize || header_size > bytes.size()) {
    error = ".BTF.ext: corrupt header";
    return false;
  }
  BtfExt parsed;
  auto area = [&](const char *what, uint32_t at, uint32_t min_record, auto add) {
    return parse_area(bytes, what, header_size, word(bytes, at), word(bytes, at + 4), min_record, btf,
                      sections, error, add);
  };
  auto add_function = [&](uint32_t section, uint32_t insn, std::string_view record) -> std::string {
    FuncInfo info{section, insn, word(record, 4)};
    if (!btf.has_type(info.type))
      return missing("type", info.type);
    if (is_second(parsed.functions, info))
      return "a second record of one function";
    std::string fault = order_fault(parsed.functions, info);
    parsed.functions.push_back(info);
    return fault;
  };
  auto add_line = [&](uint32_t section, uint32_t insn, std::string_view record) -> std::string {
    LineInfo info{section, insn, word(record, 4), word(record, 8), word(record, 12)};
    for (uint32_t text : {info.file, info.text})
      if (!btf.has_string(text))
        return missing("string", text);
    std::string fault = order_fault(parsed.lines, info);
    // What the compiler dropped has its line at the instruction behind it, before that one's own.
    if (is_second(parsed.lines, info))
      parsed.lines.pop_back();
    parsed.lines.push_back(info);
    return fault;
  };
  auto add_core_relo = [&](uint32_t section, uint32_t insn, std::string_view record) -> std::string {
    CoreRelo relo{section, insn, word(record, 4), word(record, 8), word(record, 12)};
    if (!btf.has_type(relo.type))
      return missing("type", relo.type);
    if (!btf.has_string(relo.access))
      return missing("string", relo.access);
    parsed.core_relos.push_back(relo);
    return {};
  };
  bool ok = area("function information", 8, 8, add_function) && area("line information", 16, 16, add_line);
  if (ok && header_size >= kCoreHeaderSize)
    ok = area("CO-RE relocations", 24, 16, add_core_relo);
  if (!ok)
    return false;
  sort_by_place(parsed.functions);
  sort_by_place(parsed.lines);
  sort_by_place(parsed.core_relos);
  auto twice = std::adjacent_find(
      parsed.core_relos.begin(), parsed.core_relos.end(),
      [](const CoreRelo &a, const CoreRelo &b) { return a.section == b.section && a.insn == b.insn; });
  if (twice != parsed.core_relos.end()) {
    error = concat(".BTF.ext: CO-RE relocations: two of one instruction, ", hex(uint64_t(twice->insn) * 8),
                   " of its section");
    return false;
  }
  *this = std::move(parsed);
  return true;
}

const LineInfo *BtfExt::line_at(uint32_t section, uint32_t insn) const {
  auto after = std::upper_bound(lines.begin(), lines.end(), insn, [&](uint32_t slot, const LineInfo &line) {
    return section != line.section ? section < line.section : slot < line.insn;
  });
  if (after == lines.begin() || (after - 1)->section != section)
    return nullptr;
  return &*(after - 1);
}

} // namespace bpfcc
