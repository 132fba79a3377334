// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/frontend/dwarf.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/DebugInfo/DWARF/DWARFExpression.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/LEB128.h"
#include <map>
#include <optional>

namespace bpfcc {
namespace {
using namespace llvm;

constexpr uint64_t kSlot = 8; // bytes
constexpr unsigned kMostScopes = 10000, kMostDepth = 100, kFramePointer = 10;

class FunctionReader {
public:
  // stack_size: of the function's frame; none: not known.
  FunctionReader(DWARFUnit &unit, const DWARFDebugLine::LineTable *lines, uint64_t start,
                 std::optional<uint64_t> stack_size)
      : unit_(unit), lines_(lines), start_(start), stack_size_(stack_size) {}

  FunctionDebugInfo read(DWARFDie function) {
    function_.scopes.push_back({0, name_of(function), {}, ranges_of(function)});
    if (!function_.scopes[0].slots.empty())
      function_.slot_count = function_.scopes[0].slots[0].end;
    children(function, 0, 0);
    return std::move(function_);
  }

private:
  static std::string name_of(DWARFDie die) {
    const char *name = die.getName(DINameKind::ShortName);
    return name ? name : "";
  }

  FunctionDebugInfo::Range slots_of(uint64_t low, uint64_t high) const {
    low = std::max(low, start_), high = std::max(high, low);
    return {static_cast<uint32_t>((low - start_) / kSlot), static_cast<uint32_t>((high - start_) / kSlot)};
  }

  std::vector<FunctionDebugInfo::Range> ranges_of(DWARFDie die) const {
    std::vector<FunctionDebugInfo::Range> slots;
    Expected<DWARFAddressRangesVector> ranges = die.getAddressRanges();
    if (!ranges) {
      consumeError(ranges.takeError());
      return slots;
    }
    for (const DWARFAddressRange &range : *ranges)
      slots.push_back(slots_of(range.LowPC, range.HighPC));
    return slots;
  }

  void children(DWARFDie die, uint32_t scope, unsigned depth) {
    if (depth > kMostDepth)
      return;
    for (DWARFDie child : die.children()) {
      switch (child.getTag()) {
      case dwarf::DW_TAG_lexical_block:
        children(child, scope, depth + 1);
        break;
      case dwarf::DW_TAG_inlined_subroutine:
        inlined(child, scope, depth);
        break;
      case dwarf::DW_TAG_formal_parameter:
      case dwarf::DW_TAG_variable:
        variable(child, scope);
        break;
      default:
        break;
      }
    }
  }

  void inlined(DWARFDie die, uint32_t parent, unsigned depth) {
    if (function_.scopes.size() >= kMostScopes)
      return;
    FunctionDebugInfo::Scope scope{parent, name_of(die), {}, ranges_of(die)};
    uint32_t file = 0, line = 0, column = 0, discriminator = 0;
    die.getCallerFrame(file, line, column, discriminator);
    if (lines_)
      lines_->getFileNameByIndex(file, unit_.getCompilationDir() ? unit_.getCompilationDir() : "",
                                 DILineInfoSpecifier::FileLineInfoKind::RelativeFilePath, scope.call.file);
    if (StringRef(scope.call.file).starts_with("./"))
      scope.call.file.erase(0, 2);
    scope.call.line = line;
    scope.call.column = column;
    function_.scopes.push_back(std::move(scope));
    children(die, static_cast<uint32_t>(function_.scopes.size() - 1), depth + 1);
  }

  void variable(DWARFDie die, uint32_t scope) {
    FunctionDebugInfo::Variable variable{name_of(die), scope, {}};
    measure(die.getAttributeValueAsReferencedDie(dwarf::DW_AT_type), variable);
    Expected<DWARFLocationExpressionsVector> locations = die.getLocations(dwarf::DW_AT_location);
    if (!locations) {
      consumeError(locations.takeError());
      return;
    }
    for (const DWARFLocationExpression &location : *locations) {
      FunctionDebugInfo::Place place{};
      if (!place_of(location.Expr, place))
        continue;
      place.slots = location.Range ? slots_of(location.Range->LowPC, location.Range->HighPC)
                                   : FunctionDebugInfo::Range{0, UINT32_MAX};
      variable.places.push_back(place);
    }
    if (!variable.name.empty() && !variable.places.empty())
      function_.variables.push_back(std::move(variable));
  }

  void measure(DWARFDie type, FunctionDebugInfo::Variable &variable) const {
    const uint64_t pointer_size = unit_.getAddressByteSize();
    if (type)
      variable.size = type.getTypeSize(pointer_size).value_or(0);
    for (unsigned depth = 0; type && depth < kMostDepth; depth++) {
      DWARFDie inner = type.getAttributeValueAsReferencedDie(dwarf::DW_AT_type);
      if (type.getTag() == dwarf::DW_TAG_array_type) {
        variable.element_size = inner ? inner.getTypeSize(pointer_size).value_or(0) : 0;
        return;
      }
      if (type.getTag() != dwarf::DW_TAG_typedef && type.getTag() != dwarf::DW_TAG_const_type &&
          type.getTag() != dwarf::DW_TAG_volatile_type)
        return;
      type = inner;
    }
  }

  // A register as it is, or memory of the stack. What is computed from them is left out. LLVM's BPF target
  // counts from the lowest byte of the frame, whose base it says is r10.
  bool place_of(ArrayRef<uint8_t> bytes, FunctionDebugInfo::Place &place) const {
    DataExtractor data(toStringRef(bytes), unit_.isLittleEndian(), unit_.getAddressByteSize());
    DWARFExpression expression(data, unit_.getAddressByteSize(), unit_.getFormat());
    auto operation = expression.begin();
    if (operation == expression.end() || operation->isError())
      return false;
    const uint8_t code = operation->getCode();
    const bool is_register = code >= dwarf::DW_OP_reg0 && code <= dwarf::DW_OP_reg31;
    const bool is_based = code >= dwarf::DW_OP_breg0 && code <= dwarf::DW_OP_breg31;
    if (is_register)
      place = {FunctionDebugInfo::Place::Kind::reg, {}, uint32_t(code - dwarf::DW_OP_reg0), 0};
    else if (is_based && code == dwarf::DW_OP_breg0 + kFramePointer)
      place = {
          FunctionDebugInfo::Place::Kind::stack, {}, kFramePointer, int64_t(operation->getRawOperand(0))};
    else if (is_based && operation->getRawOperand(0) == 0)
      place = {FunctionDebugInfo::Place::Kind::reg, {}, uint32_t(code - dwarf::DW_OP_breg0), 0};
    else if (code == dwarf::DW_OP_fbreg)
      place = {
          FunctionDebugInfo::Place::Kind::stack, {}, kFramePointer, int64_t(operation->getRawOperand(0))};
    else
      return false;
    const bool on_stack = place.kind == FunctionDebugInfo::Place::Kind::stack;
    ++operation;
    if (on_stack && !stack_size_)
      return false;
    if (on_stack)
      place.offset -= static_cast<int64_t>(*stack_size_);
    if (operation == expression.end())
      return is_register || on_stack;
    const bool is_value = operation->getCode() == dwarf::DW_OP_stack_value;
    return is_based && !on_stack && is_value && ++operation == expression.end();
  }

  DWARFUnit &unit_;
  const DWARFDebugLine::LineTable *lines_;
  uint64_t start_;
  std::optional<uint64_t> stack_size_;
  FunctionDebugInfo function_;
};

using StackSizes =
    std::map<std::pair<uint64_t, uint64_t>, uint64_t>; // by section and first byte of a function

template <typename T> std::optional<T> value_of(Expected<T> expected) {
  if (expected)
    return std::move(*expected);
  consumeError(expected.takeError());
  return std::nullopt;
}

// What -fstack-size-section has left: for each function its address, relocated, and a ULEB128.
StackSizes read_stack_sizes(const object::ObjectFile &object) {
  StackSizes sizes;
  for (const object::SectionRef &section : object.sections()) {
    const std::optional<object::section_iterator> target = value_of(section.getRelocatedSection());
    if (!target || *target == object.section_end() || value_of((*target)->getName()) != ".stack_sizes")
      continue;
    const std::optional<StringRef> contents = value_of((*target)->getContents());
    if (!contents)
      continue;
    for (const object::RelocationRef &relocation : section.relocations()) {
      const uint64_t at = relocation.getOffset();
      const object::symbol_iterator symbol = relocation.getSymbol();
      if (symbol == object.symbol_end() || contents->size() < sizeof(uint64_t) + 1 ||
          at > contents->size() - sizeof(uint64_t) - 1)
        continue;
      const std::optional<object::section_iterator> code = value_of(symbol->getSection());
      const std::optional<uint64_t> base = value_of(symbol->getValue());
      if (!code || *code == object.section_end() || !base)
        continue;
      const char *error = nullptr;
      const uint64_t addend = support::endian::read64le(contents->bytes_begin() + at);
      const uint64_t size = decodeULEB128(contents->bytes_begin() + at + sizeof(uint64_t), nullptr,
                                          contents->bytes_end(), &error);
      if (!error)
        sizes[{(*code)->getIndex(), *base + addend}] = size;
    }
  }
  return sizes;
}

} // namespace

void read_dwarf(std::string_view elf, DebugInfo &info) {
  auto object =
      object::ObjectFile::createObjectFile(MemoryBufferRef(StringRef(elf.data(), elf.size()), "object"));
  if (!object) {
    consumeError(object.takeError());
    return;
  }
  // What is wrong with debug information makes explanations poorer, no more.
  const auto ignore = [](Error error) { consumeError(std::move(error)); };
  std::unique_ptr<DWARFContext> context = DWARFContext::create(
      **object, DWARFContext::ProcessDebugRelocations::Process, nullptr, "", ignore, ignore);
  const StackSizes stack_sizes = read_stack_sizes(**object);
  for (const std::unique_ptr<DWARFUnit> &unit : context->compile_units()) {
    const DWARFDebugLine::LineTable *lines = context->getLineTableForUnit(unit.get());
    for (DWARFDie die : unit->getUnitDIE(false).children()) {
      uint64_t low = 0, high = 0, section = 0;
      const char *name =
          die.getTag() == dwarf::DW_TAG_subprogram ? die.getName(DINameKind::LinkageName) : nullptr;
      if (!name || !die.getLowAndHighPC(low, high, section))
        continue;
      const auto size = stack_sizes.find({section, low});
      info.add(name, FunctionReader(*unit, lines, low,
                                    size == stack_sizes.end() ? std::nullopt : std::optional(size->second))
                         .read(die));
    }
  }
}

} // namespace bpfcc
