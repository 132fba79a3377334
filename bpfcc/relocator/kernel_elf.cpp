// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions are the symbols of executable sections, variables the objects of others. Descriptors of helpers
// are an array in a section of their own, or, where a linker script has put that section into another, found
// by the names of their symbols. Further names of functions stand in a section of text.
#include "bpfcc/relocator/kernel_elf.h"
#include "bpfcc/relocator/elf_file.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <memory>
#include <unordered_map>

namespace bpfcc {
namespace {

constexpr std::string_view kAliasSection = ".kbpf.aliases";
constexpr std::string_view kTypesStart = "btf_start", kTypesEnd = "btf_end"; // of BTF in another section
constexpr std::string_view kDescriptor = "kbpf_kernel_helper_";              // how their symbols begin
constexpr size_t kMaxMangled = 4096; // bytes; a demangled name may be exponentially longer than its own

// Rust's older scheme is C++'s, with a hash behind the name: 17h and 16 hexadecimal digits.
std::string demangle(const std::string &name) {
  if (!name.starts_with("_Z") || name.size() > kMaxMangled)
    return {};
  int status = 0;
  std::unique_ptr<char, void (*)(void *)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                               free);
  std::string out = text && status == 0 ? text.get() : "";
  constexpr size_t kHash = 19; // with "::"
  if (out.size() > kHash && out.compare(out.size() - kHash, 3, "::h") == 0 &&
      out.find_first_not_of("0123456789abcdef", out.size() - 16) == std::string::npos) {
    out.resize(out.size() - kHash);
    constexpr std::pair<std::string_view, std::string_view> kEscapes[] = {
        {"$LT$", "<"},  {"$GT$", ">"},  {"$RF$", "&"},  {"$BP$", "*"},  {"$LP$", "("},
        {"$RP$", ")"},  {"$C$", ","},   {"$u20$", " "}, {"$u27$", "'"}, {"$u5b$", "["},
        {"$u5d$", "]"}, {"$u7b$", "{"}, {"$u7d$", "}"}, {"..", "::"},   {"_<", "<"}};
    for (auto [escape, character] : kEscapes)
      for (size_t at = out.find(escape); at != std::string::npos;
           at = out.find(escape, at + character.size()))
        out.replace(at, escape.size(), character);
  }
  return out;
}

bool is_local_label(std::string_view name) { return name.starts_with(".L") || name.starts_with("$"); }

std::string add_descriptors(KernelElf &kernel, std::string_view bytes, std::string_view where) {
  if (bytes.size() % sizeof(kbpf_kernel_helper))
    return concat(where, " is no whole number of descriptors of helpers");
  for (size_t at = 0; at < bytes.size(); at += sizeof(kbpf_kernel_helper)) {
    kbpf_kernel_helper helper;
    memcpy(&helper, bytes.data() + at, sizeof helper);
    kbpf::HelperProto proto;
    if (std::string_view fault = kbpf::read_kernel_helper(helper, proto); !fault.empty())
      return concat(where, ": helper ", helper.number, ": ", fault);
    kernel.helpers.push_back(helper);
  }
  return {};
}

} // namespace

std::string_view without_parameters(std::string_view name) {
  size_t end = name.size();
  for (std::string_view qualifier : {" const", " volatile", " &", " &&"})
    if (name.substr(0, end).ends_with(qualifier))
      end -= qualifier.size();
  if (end == 0 || name[end - 1] != ')')
    return name;
  unsigned depth = 0;
  for (size_t at = end; at > 0; at--) {
    depth += name[at - 1] == ')';
    depth -= name[at - 1] == '(';
    if (depth == 0)
      return at > 1 ? name.substr(0, at - 1) : name;
  }
  return name;
}

std::string KernelElf::read(std::string_view file, std::string (*demangle_rust)(const std::string &)) {
  ElfFile elf;
  if (std::string error = elf.open(file); !error.empty())
    return error;
  auto name_of = [&](size_t i) { return elf.string(elf.name_table(), elf.section(i).sh_name).value_or(""); };
  std::string_view aliases;
  bool has_descriptors = false;
  for (size_t i = 1; i < elf.section_count(); i++) {
    std::string_view name = name_of(i);
    if (name != ".BTF" && name != kAliasSection && name != KBPF_KERNEL_HELPER_SECTION)
      continue;
    auto contents = elf.contents(i);
    if (!contents)
      return concat("section ", quoted(name), " runs past the end of the file");
    if (name == ".BTF") {
      btf = *contents;
    } else if (name == kAliasSection) {
      aliases = *contents;
    } else {
      has_descriptors = true;
      if (std::string error = add_descriptors(*this, *contents, concat("section ", quoted(name)));
          !error.empty())
        return error;
    }
  }
  for (size_t i = 1; i < elf.section_count(); i++) {
    if (elf.section(i).sh_type != SHT_SYMTAB)
      continue;
    auto symbols = elf.symbols(i);
    if (!symbols)
      return "a malformed symbol table";
    const GElf_Sym *types_start = nullptr, *types_end = nullptr;
    for (const GElf_Sym &symbol : *symbols) {
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= elf.section_count())
        continue;
      auto name = elf.string(elf.section(i).sh_link, symbol.st_name);
      if (!name || name->empty())
        continue;
      if (*name == kTypesStart)
        types_start = &symbol;
      if (*name == kTypesEnd)
        types_end = &symbol;
      const GElf_Shdr &section = elf.section(symbol.st_shndx);
      unsigned type = GELF_ST_TYPE(symbol.st_info);
      if (!has_descriptors && type == STT_OBJECT && name->starts_with(kDescriptor)) {
        auto contents = elf.contents(symbol.st_shndx);
        uint64_t offset = symbol.st_value - section.sh_addr;
        if (!contents || symbol.st_size != sizeof(kbpf_kernel_helper) || offset > contents->size() ||
            symbol.st_size > contents->size() - offset)
          return concat("symbol ", quoted(*name), " is no descriptor of a helper");
        if (std::string error =
                add_descriptors(*this, contents->substr(offset, symbol.st_size), quoted(*name));
            !error.empty())
          return error;
      }
      const bool is_function = section.sh_flags & SHF_EXECINSTR &&
                               (type == STT_FUNC || type == STT_NOTYPE || type == STT_GNU_IFUNC);
      const bool is_object =
          section.sh_flags & SHF_ALLOC && !(section.sh_flags & SHF_EXECINSTR) && type == STT_OBJECT;
      if ((!is_function && !is_object) || is_local_label(*name))
        continue;
      std::string text(*name), demangled = is_function ? demangle(text) : std::string();
      if (is_function && demangle_rust && demangled.empty())
        demangled = demangle_rust(text);
      (is_function ? functions : objects)
          .push_back({symbol.st_value, symbol.st_size, std::move(text), std::move(demangled)});
    }
    if (!btf.empty() || !types_start || !types_end || types_start->st_shndx != types_end->st_shndx)
      continue;
    auto contents = elf.contents(types_start->st_shndx);
    uint64_t offset = types_start->st_value - elf.section(types_start->st_shndx).sh_addr;
    uint64_t size = types_end->st_value - types_start->st_value;
    if (!contents || offset > contents->size() || size > contents->size() - offset)
      return concat("symbols ", quoted(kTypesStart), " and ", quoted(kTypesEnd),
                    " do not bound the kernel's types");
    btf = contents->substr(offset, size);
  }
  auto before = [](const KernelSymbol &a, const KernelSymbol &b) {
    return a.address != b.address ? a.address < b.address : a.name < b.name;
  };
  auto same = [](const KernelSymbol &a, const KernelSymbol &b) {
    return a.address == b.address && a.name == b.name;
  };
  for (std::vector<KernelSymbol> *symbols : {&functions, &objects}) {
    std::sort(symbols->begin(), symbols->end(), before);
    symbols->erase(std::unique(symbols->begin(), symbols->end(), same), symbols->end());
  }
  std::string error = add_aliases(functions, aliases);
  return error.empty() ? error : concat("section ", quoted(kAliasSection), ": ", error);
}

namespace {

// What stands in the '*''s place where name is pattern but for that: an identifier; empty where it is none.
std::string_view identifier_in_place(std::string_view pattern, std::string_view name) {
  const size_t star = pattern.find('*');
  const std::string_view before = pattern.substr(0, star), behind = pattern.substr(star + 1);
  if (name.size() <= before.size() + behind.size() || !name.starts_with(before) || !name.ends_with(behind))
    return {};
  name = name.substr(before.size(), name.size() - before.size() - behind.size());
  const bool identifier =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  return identifier ? name : std::string_view();
}

} // namespace

std::string add_aliases(std::vector<KernelSymbol> &functions, std::string_view text) {
  std::unordered_map<std::string_view, size_t> by_name;
  const size_t count = functions.size();
  for (size_t i = 0; i < count && !text.empty(); i++) {
    by_name.emplace(functions[i].name, i);
    if (!functions[i].demangled.empty()) {
      by_name.emplace(functions[i].demangled, i);
      by_name.emplace(without_parameters(functions[i].demangled), i);
    }
  }
  std::vector<KernelSymbol> aliases;
  for (size_t number = 1; !text.empty(); number++) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, std::min(end, text.find('#')));
    text.remove_prefix(std::min(end + 1, text.size()));
    auto trim = [](std::string_view part) {
      size_t first = part.find_first_not_of(" \t\r"), last = part.find_last_not_of(" \t\r");
      return first == part.npos ? std::string_view() : part.substr(first, last - first + 1);
    };
    if (trim(line).empty())
      continue;
    size_t equals = line.rfind(" = "), tab = line.find('\t', 1); // as kbpf-kernel-types writes it
    size_t end_of_alias = std::min(equals, tab), width = equals <= tab ? 3 : 1;
    if (end_of_alias == line.npos || trim(line.substr(0, end_of_alias)).empty())
      return concat("line ", number, ": expected 'alias = function'");
    std::string_view target = trim(line.substr(end_of_alias + width));
    std::string alias(trim(line.substr(0, end_of_alias)));
    if (const size_t star = alias.find('*'); star != alias.npos && target.find('*') != target.npos) {
      for (size_t i = 0; i < count; i++) {
        const std::string_view name = without_parameters(functions[i].demangled);
        const std::string_view word = identifier_in_place(target, name.empty() ? functions[i].name : name);
        if (!word.empty())
          aliases.push_back({functions[i].address,
                             functions[i].size,
                             concat(alias.substr(0, star), word, alias.substr(star + 1)),
                             {}});
      }
      continue;
    }
    auto found = by_name.find(target);
    if (found == by_name.end())
      return concat("line ", number, ": the kernel has no function ", quoted(target));
    const KernelSymbol &function = functions[found->second];
    aliases.push_back({function.address, function.size, std::move(alias), {}});
  }
  functions.insert(functions.end(), std::make_move_iterator(aliases.begin()),
                   std::make_move_iterator(aliases.end()));
  return {};
}

} // namespace bpfcc
