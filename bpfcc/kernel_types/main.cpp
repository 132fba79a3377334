// SPDX-License-Identifier: MIT OR Apache-2.0
// kbpf-kernel-types: the BTF of a linked kernel from its DWARF, for kbpf_set_kernel_btf and bpfcc
// --kernel-btf.
//   kbpf-kernel-types KERNEL.elf --output FILE [--names FILE] [--from SYMBOL --to SYMBOL]
//     [--per-cpu-from SYMBOL --per-cpu-to SYMBOL]
// Functions between the symbols --from and --to are described (all without them), global variables with names of C,
// types that they need, and every type that a unit in C names. Variables between --per-cpu-from and --per-cpu-to are in
// the section ".data..percpu" of the BTF, which says that each CPU has one. --names lists "short name, tab, symbol" for each function whose name in
// the BTF is not its symbol. Files that would not change are left alone, so that nothing is rebuilt for them.
#include "bpfcc/kernel_types/converter.h"
#include "core/btf/check.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <llvm/Object/ELFObjectFile.h>
#include <optional>

using namespace bpfcc;

namespace {

[[noreturn]] void fail(std::string_view text) {
  std::cerr << "kbpf-kernel-types: " << text << '\n';
  std::exit(1);
}

constexpr std::string_view kUsage = "usage: kbpf-kernel-types KERNEL.elf --output FILE [--names FILE] "
                                    "[--from SYMBOL --to SYMBOL] [--per-cpu-from SYMBOL --per-cpu-to SYMBOL]";

struct Arguments {
  std::string kernel, output, names, from, to, per_cpu_from, per_cpu_to;
};

Arguments read_arguments(int argc, char **argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i++) {
    std::string_view word = argv[i];
    std::string *value = word == "--output"  ? &arguments.output
                         : word == "--names" ? &arguments.names
                         : word == "--from"  ? &arguments.from
                         : word == "--to"    ? &arguments.to
                         : word == "--per-cpu-from" ? &arguments.per_cpu_from
                         : word == "--per-cpu-to"   ? &arguments.per_cpu_to
                                             : nullptr;
    if (!value && !word.starts_with("-") && arguments.kernel.empty())
      arguments.kernel = word;
    else if (value && i + 1 < argc)
      *value = argv[++i];
    else
      fail(kUsage);
  }
  if (arguments.kernel.empty() || arguments.output.empty() || arguments.from.empty() != arguments.to.empty() ||
      arguments.per_cpu_from.empty() != arguments.per_cpu_to.empty())
    fail(kUsage);
  return arguments;
}

void write_if_changed(const std::string &path, const std::string &bytes) {
  std::ifstream old(path, std::ios::binary);
  if (old && std::string(std::istreambuf_iterator<char>(old), {}) == bytes)
    return;
  std::ofstream file(path, std::ios::binary);
  if (!file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())) || !file.flush())
    fail("cannot write " + path);
}

template <typename T> T checked(llvm::Expected<T> value, const std::string &what) {
  if (!value)
    fail(what + ": " + llvm::toString(value.takeError()));
  return std::move(*value);
}

struct Range {
  uint64_t first, end;
  bool contains(uint64_t address) const { return address >= first && address < end; }
};
// Between the two symbols; `otherwise` where they are not there.
Range range_of(const llvm::object::ObjectFile &object, const std::string &from, const std::string &to,
               Range otherwise) {
  for (const auto &symbol : object.symbols()) {
    std::string name = checked(symbol.getName(), "a symbol's name").str();
    if (name == from)
      otherwise.first = checked(symbol.getAddress(), name);
    if (name == to)
      otherwise.end = checked(symbol.getAddress(), name);
  }
  return otherwise;
}

// Global variables by the file's symbol table, and the sizes of what they are in.
std::vector<TypeConverter::Variable> find_variables(const llvm::object::ObjectFile &object,
                                                    const Arguments &arguments,
                                                    std::map<std::string, uint64_t> &sections) {
  constexpr const char *kPerCpu = ".data..percpu";
  const Range per_cpu = range_of(object, arguments.per_cpu_from, arguments.per_cpu_to, {0, 0});
  std::vector<TypeConverter::Variable> variables;
  for (const llvm::object::ELFSymbolRef symbol : object.symbols()) {
    const std::string name = checked(symbol.getName(), arguments.kernel).str();
    const uint64_t address = checked(symbol.getAddress(), name);
    const auto section = checked(symbol.getSection(), name);
    if (checked(symbol.getType(), name) != llvm::object::SymbolRef::ST_Data || !symbol.getSize() ||
        symbol.getBinding() != llvm::ELF::STB_GLOBAL || section == object.section_end())
      continue;
    if (per_cpu.contains(address)) {
      sections[kPerCpu] = per_cpu.end - per_cpu.first;
      variables.push_back({name, kPerCpu, address - per_cpu.first, symbol.getSize()});
      continue;
    }
    const std::string in = checked(section->getName(), name).str();
    sections[in] = section->getSize();
    variables.push_back({name, in, address - section->getAddress(), symbol.getSize()});
  }
  return variables;
}

// Names of the functions in the range, by the file's symbol table.
std::unordered_set<std::string> function_symbols(const llvm::object::ObjectFile &object,
                                                 const Arguments &arguments) {
  const Range wanted = range_of(object, arguments.from, arguments.to, {0, UINT64_MAX});
  std::unordered_set<std::string> names;
  for (const auto &symbol : object.symbols()) {
    uint64_t address = checked(symbol.getAddress(), arguments.kernel);
    if (checked(symbol.getType(), arguments.kernel) == llvm::object::SymbolRef::ST_Function &&
        wanted.contains(address))
      names.insert(checked(symbol.getName(), arguments.kernel).str());
  }
  return names;
}

class ErrorLog final : public kbpf::TextSink {
public:
  void append(std::string_view text) override { text_ += text; }
  // The end, where the reason stands.
  std::string_view reason() const {
    return std::string_view(text_).substr(text_.size() - std::min(text_.size(), size_t{600}));
  }

private:
  std::string text_;
};

// What a kernel would say of it.
void check(const std::string &btf) {
  kbpf::Arena arena({[](void *, size_t size) { return std::malloc(size); },
                     [](void *, void *block, size_t) { std::free(block); }, nullptr},
                    256u << 20);
  ErrorLog log;
  auto types = kbpf::Btf::parse(std::as_bytes(std::span(btf)), arena, &log);
  if (!types.ok() || !kbpf::check_references(*types, arena, &log).ok())
    fail("the BTF is not valid:\n" + std::string(log.reason()));
}

} // namespace

int main(int argc, char **argv) {
  Arguments arguments = read_arguments(argc, argv);
  auto file = checked(llvm::object::ObjectFile::createObjectFile(arguments.kernel), arguments.kernel);
  auto dwarf = llvm::DWARFContext::create(*file.getBinary());
  TypeBuilder types;
  TypeConverter converter(*dwarf, types);
  auto functions = converter.add_functions(function_symbols(*file.getBinary(), arguments));
  std::map<std::string, uint64_t> sections;
  auto variables = find_variables(*file.getBinary(), arguments, sections);
  converter.add_variables(std::move(variables), sections);
  converter.add_c_types();
  if (!types.count())
    fail(arguments.kernel + ": no types, was it compiled with -g?");
  std::string btf = types.write();
  check(btf);
  write_if_changed(arguments.output, btf);
  if (!arguments.names.empty()) {
    std::string names;
    for (const auto &function : functions)
      if (function.name != function.symbol)
        names += function.name + '\t' + function.symbol + '\n';
    write_if_changed(arguments.names, names);
  }
}
