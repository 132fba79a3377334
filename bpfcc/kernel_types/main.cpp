// SPDX-License-Identifier: MIT OR Apache-2.0
// kbpf-kernel-types: the BTF of a linked kernel from its DWARF, for kbpf_set_kernel_btf and bpfcc
// --kernel-btf.
//   kbpf-kernel-types KERNEL.elf --output FILE [--names FILE] [--from SYMBOL --to SYMBOL]
// Functions between the symbols --from and --to are described (all without them), types that they need, and
// every type that a unit in C names. --names lists "short name, tab, symbol" for each function whose name in
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

struct Arguments {
  std::string kernel, output, names, from, to;
};

Arguments read_arguments(int argc, char **argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i++) {
    std::string_view word = argv[i];
    std::string *value = word == "--output"  ? &arguments.output
                         : word == "--names" ? &arguments.names
                         : word == "--from"  ? &arguments.from
                         : word == "--to"    ? &arguments.to
                                             : nullptr;
    if (!value && !word.starts_with("-") && arguments.kernel.empty())
      arguments.kernel = word;
    else if (value && i + 1 < argc)
      *value = argv[++i];
    else
      fail("usage: kbpf-kernel-types KERNEL.elf --output FILE [--names FILE] [--from SYMBOL --to SYMBOL]");
  }
  if (arguments.kernel.empty() || arguments.output.empty() || arguments.from.empty() != arguments.to.empty())
    fail("usage: kbpf-kernel-types KERNEL.elf --output FILE [--names FILE] [--from SYMBOL --to SYMBOL]");
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

// Names of the functions in the range, by the file's symbol table.
std::unordered_set<std::string> function_symbols(const llvm::object::ObjectFile &object,
                                                 const Arguments &arguments) {
  uint64_t first = 0, end = UINT64_MAX;
  for (const auto &symbol : object.symbols()) {
    std::string name = checked(symbol.getName(), arguments.kernel).str();
    if (name == arguments.from)
      first = checked(symbol.getAddress(), arguments.kernel);
    if (name == arguments.to)
      end = checked(symbol.getAddress(), arguments.kernel);
  }
  std::unordered_set<std::string> names;
  for (const auto &symbol : object.symbols()) {
    uint64_t address = checked(symbol.getAddress(), arguments.kernel);
    if (checked(symbol.getType(), arguments.kernel) == llvm::object::SymbolRef::ST_Function &&
        address >= first && address < end)
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
