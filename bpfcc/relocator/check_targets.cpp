// SPDX-License-Identifier: MIT OR Apache-2.0
// A target matches a function by the linker's name, by the demangled one, or by that without its parameters,
// as the kernel's symbol look-up has it. A compiler's copy of a function has a suffix behind a dot.
#include "bpfcc/relocator/check_targets.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace bpfcc {
namespace {

constexpr size_t kMaxCandidates = 5; // that a message lists

// Sections whose target is a function of the kernel, by its name; the same in all kernels.
struct TargetSection {
  std::string_view prefix;
  bool takes_offset;
  bool takes_pattern;
};
constexpr TargetSection kSections[] = {
    {"kprobe", true, false},          {"kretprobe", false, false},   {"kretprobe@entry", false, false},
    {"kretprobe@exit", false, false}, {"kprobe.multi", false, true}, {"kretprobe.multi", false, true},
    {"kprobe.session", false, true},  {"fentry", false, false},      {"fentry.s", false, false},
    {"fexit", false, false},          {"fexit.s", false, false},     {"fmod_ret", false, false},
    {"fmod_ret.s", false, false},
};

// Sections whose target is a type of the kernel's BTF.
struct TracedSection {
  std::string_view prefix;
  BtfKind kind;
  std::string_view type_prefix, noun;
};
constexpr TracedSection kTracedSections[] = {
    {"fentry", BtfKind::function, "", "function"},
    {"fexit", BtfKind::function, "", "function"},
    {"fmod_ret", BtfKind::function, "", "function"},
    {"tp_btf", BtfKind::typedef_type, "btf_trace_", "event"},
};

const TracedSection *traced_section(const Program &program) {
  if (!program.section_info || program.attach_target.empty())
    return nullptr;
  std::string_view prefix = program.section_info->prefix;
  if (prefix.ends_with(".s"))
    prefix.remove_suffix(2);
  auto found = std::find_if(std::begin(kTracedSections), std::end(kTracedSections),
                            [&](const TracedSection &section) { return section.prefix == prefix; });
  return found == std::end(kTracedSections) ? nullptr : found;
}

void report_target(const Image &image, const Program &program, std::string_view fault) {
  report_at_function(image,
                     image.options.kprobe_target == WarningLevel::error ? Severity::error : Severity::warning,
                     image.functions[program.function], concat(fault, " [-Wkprobe-target]"));
}

// Empty: it is there.
std::string fault_of_traced(const Image &image, const Btf &kernel, const TracedSection &section,
                            std::string_view target) {
  std::vector<std::string_view> names;
  for (uint32_t id = 1; id < kernel.count(); id++) {
    const BtfType &type = kernel.type(id);
    if (type.kind != section.kind || !type.name.starts_with(section.type_prefix))
      continue;
    names.push_back(type.name.substr(section.type_prefix.size()));
    if (names.back() == target)
      return {};
  }
  return concat("the kernel's BTF has no ", section.noun, " ", quoted(target),
                suggestion(image, target, names));
}

// * stands for any characters, ? for one.
bool matches(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = pattern.npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      p++;
      n++;
    } else if (star != pattern.npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

class TargetChecker {
public:
  TargetChecker(const Image &image, const KernelFunctions &kernel);
  void check(const Program &program);

private:
  using Symbols = std::vector<const KernelSymbol *>;
  std::string fault_of(std::string_view target, const TargetSection &section) const;
  std::string fault_of_offset(std::string_view offset, const KernelSymbol &function) const;
  std::string missing(std::string_view name) const;
  std::string list(const Symbols &symbols) const;

  const Image &image_;
  const KernelFunctions &kernel_;
  std::unordered_map<std::string_view, Symbols> by_name_; // of one name, those of different addresses
  std::unordered_map<std::string_view, Symbols> copies_;  // of a function, by its name without the suffix
};

TargetChecker::TargetChecker(const Image &image, const KernelFunctions &kernel)
    : image_(image), kernel_(kernel) {
  for (const KernelSymbol &symbol : *kernel.functions) {
    auto add = [&](std::string_view name) {
      Symbols &there = by_name_[name];
      auto same = [&](const KernelSymbol *other) { return other->address == symbol.address; };
      if (std::none_of(there.begin(), there.end(), same))
        there.push_back(&symbol);
    };
    add(symbol.name);
    if (!symbol.demangled.empty()) {
      add(symbol.demangled);
      add(without_parameters(symbol.demangled));
    }
    if (size_t dot = symbol.name.find('.'); dot != std::string::npos && dot > 0)
      copies_[std::string_view(symbol.name).substr(0, dot)].push_back(&symbol);
  }
}

std::string TargetChecker::list(const Symbols &symbols) const {
  std::string out;
  for (size_t i = 0; i < symbols.size() && i < kMaxCandidates; i++)
    out += concat(i ? ", " : "",
                  quoted(symbols[i]->demangled.empty() ? symbols[i]->name : symbols[i]->demangled), " at ",
                  hex(symbols[i]->address));
  if (symbols.size() > kMaxCandidates)
    out += concat(", and ", symbols.size() - kMaxCandidates, " more");
  return out;
}

std::string TargetChecker::missing(std::string_view name) const {
  if (auto copies = copies_.find(name); copies != copies_.end())
    return concat("function ", quoted(name),
                  " is in the kernel only as copies that the compiler made, whose arguments "
                  "may be others: ",
                  list(copies->second));
  if (kernel_.inlined) {
    const std::vector<std::string> &inlined = kernel_.inlined();
    auto is_it = [&](const std::string &other) { return other == name || without_parameters(other) == name; };
    if (std::any_of(inlined.begin(), inlined.end(), is_it))
      return concat("function ", quoted(name),
                    " is inlined wherever the kernel calls it: it has no code of its own to "
                    "probe");
  }
  std::vector<std::string_view> names;
  for (const auto &[known, symbols] : by_name_)
    names.push_back(known);
  std::sort(names.begin(), names.end()); // the map's order is no order
  return concat("the kernel has no function ", quoted(name), suggestion(image_, name, names));
}

// "+0x10", or nothing.
std::string TargetChecker::fault_of_offset(std::string_view offset, const KernelSymbol &function) const {
  if (offset.empty())
    return {};
  std::string_view digits = offset.substr(1);
  bool is_hex = digits.starts_with("0x");
  if (is_hex)
    digits.remove_prefix(2);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size())
    return {}; // collect_programs.cpp has said so
  if (function.size && value >= function.size)
    return concat("offset ", hex(value), " is outside of function ", quoted(function.name), ", which has ",
                  function.size, " bytes");
  return {};
}

std::string TargetChecker::fault_of(std::string_view target, const TargetSection &section) const {
  if (section.takes_pattern && target.find_first_of("*?") != target.npos) {
    for (const auto &[name, symbols] : by_name_)
      if (matches(target, name))
        return {};
    return concat("no function of the kernel matches ", quoted(target));
  }
  // A name may itself have a plus: operator+.
  size_t plus = section.takes_offset && !by_name_.contains(target) ? target.rfind('+') : target.npos;
  std::string_view name = target.substr(0, plus), offset = target.substr(std::min(plus, target.size()));
  auto found = by_name_.find(name);
  if (found == by_name_.end())
    return missing(name);
  if (found->second.size() > 1)
    return concat("several functions of the kernel are called ", quoted(name), ": ", list(found->second));
  return fault_of_offset(offset, *found->second.front());
}

void TargetChecker::check(const Program &program) {
  if (!program.section_info || program.attach_target.empty())
    return;
  auto section =
      std::find_if(std::begin(kSections), std::end(kSections), [&](const TargetSection &candidate) {
        return candidate.prefix == program.section_info->prefix;
      });
  if (section == std::end(kSections))
    return;
  std::string fault = fault_of(program.attach_target, *section);
  if (!fault.empty())
    report_target(image_, program, fault);
}

} // namespace

void check_targets(const Image &image, const KernelFunctions &kernel) {
  if (image.options.kprobe_target == WarningLevel::off)
    return;
  std::vector<const Program *> by_function;
  Btf default_types;
  const Btf *types = image.options.kernel_types;
  for (const Program &program : image.programs) {
    const TracedSection *section = traced_section(program);
    std::string error;
    if (section && !types && !image.options.default_kernel.empty() &&
        default_types.parse(image.options.default_kernel, error))
      types = &default_types;
    if (!section || !types)
      by_function.push_back(&program);
    else if (std::string fault = fault_of_traced(image, *types, *section, program.attach_target);
             !fault.empty())
      report_target(image, program, fault);
  }
  if (!kernel.functions || by_function.empty())
    return;
  TargetChecker checker(image, kernel);
  for (const Program *program : by_function)
    checker.check(*program);
}

} // namespace bpfcc
