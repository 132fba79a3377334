// SPDX-License-Identifier: MIT OR Apache-2.0
// What is inlined has an abstract entry: a subprogram with DW_AT_inline.
#include "bpfcc/frontend/inlined_functions.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/DebugInfo/DWARF/DWARFUnit.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Object/ObjectFile.h"
#include <algorithm>
#include <cstdlib>
#include <memory>

namespace bpfcc {
namespace {
using namespace llvm;

void add_names(const DWARFDie &die, std::vector<std::string> &names) {
  std::optional<uint64_t> inlined = dwarf::toUnsigned(die.find(dwarf::DW_AT_inline));
  if (!inlined || (*inlined != dwarf::DW_INL_inlined && *inlined != dwarf::DW_INL_declared_inlined))
    return;
  if (const char *name = die.getLinkageName()) {
    names.push_back(demangle(name));
    names.push_back(name);
  }
  if (const char *name = die.getShortName())
    names.push_back(name);
}

} // namespace

std::string demangle_rust(const std::string &name) {
  constexpr size_t kMaxMangled = 4096; // bytes: what it stands for may be much longer
  if (!name.starts_with("_R") || name.size() > kMaxMangled)
    return {};
  std::unique_ptr<char, void (*)(void *)> text(rustDemangle(name), std::free);
  return text ? text.get() : std::string();
}

std::vector<std::string> inlined_functions(std::string_view elf) {
  std::vector<std::string> names;
  Expected<std::unique_ptr<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(StringRef(elf), "kernel"));
  if (!file) {
    consumeError(file.takeError());
    return names;
  }
  auto ignore = [](Error error) { consumeError(std::move(error)); };
  std::unique_ptr<DWARFContext> context = DWARFContext::create(
      **file, DWARFContext::ProcessDebugRelocations::Process, nullptr, "", ignore, ignore);
  for (const std::unique_ptr<DWARFUnit> &unit : context->compile_units())
    for (const DWARFDebugInfoEntry &entry : unit->dies()) {
      DWARFDie die(unit.get(), &entry);
      if (die.getTag() == dwarf::DW_TAG_subprogram)
        add_names(die, names);
    }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

} // namespace bpfcc
