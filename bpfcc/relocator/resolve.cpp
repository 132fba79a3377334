// SPDX-License-Identifier: MIT OR Apache-2.0
// Decides what each reference means under the profile: a map's index, a helper's number, a function. All
// errors about names are reported here, at the C line of the reference.
#include "bpfcc/relocator/core_match.h"
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/resolve_slots.h"
#include "bpfcc/relocator/text.h"
#include <algorithm>
#include <array>
#include <elf.h>
#include <unordered_set>

namespace bpfcc {
namespace {

// What compilers call on their own account.
constexpr std::array<std::string_view, 7> kInvented = {"memcpy", "memmove", "memset",  "memcmp",
                                                       "bcmp",   "strlen",  "__multi3"};

class Resolver {
public:
  explicit Resolver(Image &image);
  Resolved resolve(const Reloc &reloc);

private:
  void error(const Reloc &reloc, std::string_view message, const Correction &correction = {}) {
    error_at(image_, reloc.section, reloc.insn, message, correction);
  }
  std::string profile_name() const { return quoted(image_.profile().name); }
  std::string extern_section(std::string_view name) const;

  // An object for libbpf may be one of several that "bpftool gen object" links.
  Resolved left_to_linker(const Reloc &reloc, std::string_view what, std::string_view name) {
    report_at(image_, Severity::warning, reloc.section, reloc.insn,
              concat("undefined ", what, " ", quoted(name), " is left to a linker of BPF objects"));
    return {ResolvedKind::for_loader, 0, 0};
  }
  Resolved map_ref(const Reloc &reloc);
  Resolved map_value(const Reloc &reloc);
  Resolved extern_ref(const Reloc &reloc);
  std::optional<Resolved> typed_variable(const Reloc &reloc, std::string_view name);
  std::optional<Resolved> judged_ksym(const Reloc &reloc, const Symbol &symbol);
  uint32_t type_of_extern(std::string_view variable) const; // 0: none
  const Btf *kernel_types();
  Resolved kernel_address(const Reloc &reloc, std::string_view name, bool is_weak);
  Resolved helper(const Reloc &reloc, const kbpf::HelperProto &proto);
  void gpl_only(const Reloc &reloc, const std::string &helper);
  Resolved helper_call(const Reloc &reloc);
  Resolved extern_call(const Reloc &reloc);
  Resolved subprogram(const Reloc &reloc, ResolvedKind kind);

  Image &image_;
  const bool libbpf_;                                     // references to maps and externs stay as they are
  std::unordered_map<uint64_t, uint32_t> maps_by_offset_; // in .maps
  std::unordered_map<std::string_view, uint32_t> extern_maps_;
  std::vector<std::string_view> defined_names_, helper_names_, config_names_; // to suggest one
  std::unordered_map<std::string_view, std::string_view> externs_; // variable or function -> .ksyms, .kconfig
  Btf default_kernel_; // parsed where it is needed
  std::unordered_set<std::string> refused_helpers_; // for the licence; empty: the missing one was reported
  std::unordered_set<std::string_view>
      linkable_; // what a static linker finds in another object: declared here
};

Resolver::Resolver(Image &image)
    : image_(image), libbpf_(image.profile().map_encoding == kbpf::MapEncoding::libbpf) {
  for (uint32_t i = 0; i < image.maps.size(); i++) {
    if (image.maps[i].origin == MapOrigin::btf_defined)
      maps_by_offset_.emplace(image.maps[i].offset, i);
    else if (image.maps[i].origin == MapOrigin::extern_fd)
      extern_maps_.emplace(image.maps[i].name, i);
  }
  for (const Symbol &symbol : image.symbols)
    if (symbol.section != SHN_UNDEF && symbol.binding != STB_LOCAL)
      defined_names_.push_back(symbol.name);
  for (const kbpf::HelperProto &proto : image.profile().helpers)
    helper_names_.push_back(proto.c_name);
  for (const kbpf::ConfigValue &value : image.profile().config)
    config_names_.push_back(value.name);
  for (uint32_t id = 1; id < image.btf.count(); id++) {
    const BtfType &type = image.btf.type(id);
    if (libbpf_ && image.btf.is_extern(type))
      linkable_.insert(type.name);
    if (type.kind != BtfKind::datasec ||
        (type.name != ".ksyms" && type.name != ".kconfig" && (libbpf_ || type.name != ".maps")))
      continue;
    for (uint32_t i = 0; i < type.count; i++)
      externs_.emplace(image.btf.type(image.btf.secvar(type, i).type).name, type.name);
  }
}

Resolved Resolver::resolve(const Reloc &reloc) {
  switch (reloc.kind) {
  case RelocKind::map_ref:
    return map_ref(reloc);
  case RelocKind::map_value:
    return map_value(reloc);
  case RelocKind::extern_ref:
    return extern_ref(reloc);
  case RelocKind::helper_call:
    return helper_call(reloc);
  case RelocKind::extern_call:
    return extern_call(reloc);
  case RelocKind::subprog_call:
    return subprogram(reloc, ResolvedKind::subprog_call);
  case RelocKind::subprog_ref:
    return subprogram(reloc, ResolvedKind::subprog_ref);
  }
  return {};
}

Resolved Resolver::map_ref(const Reloc &reloc) {
  auto found = maps_by_offset_.find(reloc.addend);
  if (found != maps_by_offset_.end())
    return {libbpf_ ? ResolvedKind::for_loader : ResolvedKind::map_index, found->second, 0};
  if (!maps_by_offset_.empty())
    error(reloc, concat("no map is defined at .maps+", hex(reloc.addend), " (",
                        quoted(image_.symbols[reloc.symbol].name),
                        "); only the address of a whole map can be used"));
  return {}; // no map at all: collect_maps said why
}

Resolved Resolver::map_value(const Reloc &reloc) {
  const Section &section = image_.sections[reloc.target_section];
  std::string_view symbol = image_.symbols[reloc.symbol].name;
  std::string variable =
      symbol == section.name ? concat(section.name, "+", hex(reloc.addend)) : quoted(symbol);
  auto found = image_.data_maps.find(reloc.target_section);
  if (!image_.profile().global_data) {
    error(reloc,
          concat("reference to ", variable, " in section ", quoted(section.name), "; kernels of profile ",
                 profile_name(), " have no global data: keep it in a local variable"));
    return {};
  }
  if (section.name == "maps" || section.name.starts_with("maps/"))
    return {}; // collect_maps said how to write it
  if (found == image_.data_maps.end()) {
    error(reloc, concat("reference to ", variable, " in section ", quoted(section.name),
                        ", which is no data section of a program"));
    return {};
  }
  if (reloc.addend > section.size) {
    error(reloc, concat("reference to ", section.name, "+", hex(reloc.addend), ", outside its ", section.size,
                        " bytes"));
    return {};
  }
  return {libbpf_ ? ResolvedKind::for_loader : ResolvedKind::map_value, found->second,
          static_cast<uint32_t>(reloc.addend)};
}

Resolved Resolver::extern_ref(const Reloc &reloc) {
  const Symbol &symbol = image_.symbols[reloc.symbol];
  auto map = extern_maps_.find(symbol.name);
  if (map != extern_maps_.end()) {
    if (reloc.addend == 0)
      return {ResolvedKind::map_fd_slot, map->second, 0};
    error(reloc, concat("address ", quoted(symbol.name), " + ", reloc.addend,
                        "; a map's file descriptor stands at offset 0 only"));
    return {};
  }
  auto declared = externs_.find(symbol.name);
  if (declared != externs_.end() && libbpf_)
    return {ResolvedKind::for_loader, 0, 0};
  if (auto value = image_.config.find(symbol.name); value != image_.config.end()) {
    if (reloc.addend < value->second.size)
      return {ResolvedKind::map_value, value->second.map,
              value->second.offset + static_cast<uint32_t>(reloc.addend)};
    error(reloc, concat("reference to ", quoted(symbol.name), " + ", reloc.addend, ", outside its ",
                        value->second.size, " bytes"));
    return {};
  }
  if (declared != externs_.end() && declared->second == ".ksyms") {
    // A kernel function that is called by number has no address; that it is there is all that one may ask.
    if (const kbpf::HelperProto *proto = image_.profile().helper(symbol.name))
      return {ResolvedKind::constant, proto->number, 0};
    if (image_.options.is_unfinished)
      if (const std::optional<Resolved> found = judged_ksym(reloc, symbol))
        return *found;
    if (const std::optional<Resolved> found = typed_variable(reloc, symbol.name))
      return *found;
    if (image_.options.kernel_addresses)
      return kernel_address(reloc, symbol.name, symbol.binding == STB_WEAK);
  }
  if (symbol.binding == STB_WEAK)
    return {ResolvedKind::null_address, 0, 0};
  if (declared != externs_.end() && declared->second == ".kconfig" && !config_names_.empty()) {
    error(reloc, concat("the value of ", quoted(symbol.name), " is not known: profile ", profile_name(),
                        " has no such configuration", suggestion(image_, symbol.name, config_names_),
                        "; declared __weak it is 0"));
    return {};
  }
  if (declared != externs_.end() && declared->second == ".maps") {
    error(reloc, concat("map ", quoted(symbol.name),
                        " is declared only; give the file that defines it as another input"));
    return {};
  }
  if (const Btf *kernel = declared != externs_.end() && type_of_extern(symbol.name) ? kernel_types() : nullptr) {
    std::vector<std::string_view> names;
    for (uint32_t id = 1; id < kernel->count(); id++)
      if (kernel->type(id).kind == BtfKind::variable)
        names.push_back(kernel->type(id).name);
    if (const std::string_view meant = nearest(image_, symbol.name, names); !meant.empty()) {
      error(reloc,
            concat("the kernel has no variable ", quoted(symbol.name), suggestion(image_, symbol.name, names)),
            {symbol.name, meant});
      return {};
    }
  }
  if (declared != externs_.end()) {
    error(reloc,
          concat(quoted(symbol.name), " is in ", declared->second, ", which kernels of profile ",
                 profile_name(), " don't offer; with --kernel=FILE, the kernel's, its address is known"));
    return {};
  }
  if (linkable_.contains(symbol.name))
    return left_to_linker(reloc, "symbol", symbol.name);
  error(reloc,
        concat("undefined symbol ", quoted(symbol.name), suggestion(image_, symbol.name, defined_names_),
               image_.profile().map_encoding == kbpf::MapEncoding::pseudo_map_idx
                   ? " (maps that are bound by name are for profile 'zcore')"
                   : ""),
        {symbol.name, nearest(image_, symbol.name, defined_names_)});
  return {};
}

const Btf *Resolver::kernel_types() {
  if (image_.options.kernel_types || image_.options.default_kernel.empty())
    return image_.options.kernel_types;
  std::string malformed;
  if (default_kernel_.empty() && !default_kernel_.parse(image_.options.default_kernel, malformed))
    return nullptr;
  return &default_kernel_;
}

uint32_t Resolver::type_of_extern(std::string_view variable) const {
  for (uint32_t id = 1; id < image_.btf.count(); id++)
    if (const BtfType &type = image_.btf.type(id); type.kind == BtfKind::variable && type.name == variable)
      return image_.btf.strip(type.size_or_type);
  return 0;
}

// A variable that the object gives a type is what the kernel's types say.
std::optional<Resolved> Resolver::typed_variable(const Reloc &reloc, std::string_view name) {
  const uint32_t local = type_of_extern(name);
  const Btf *kernel = local ? kernel_types() : nullptr;
  for (uint32_t id = 1; kernel && id < kernel->count(); id++) {
    const BtfType &type = kernel->type(id);
    if (type.kind != BtfKind::variable || type.name != name)
      continue;
    if (reloc.addend)
      error(reloc, concat("address ", quoted(name), " + ", reloc.addend,
                          "; programs name a variable of the kernel by its start only"));
    if (!types_compatible(image_.btf, local, *kernel, kernel->strip(type.size_or_type)))
      error(reloc, concat(quoted(name), " is of another type in the kernel"));
    return Resolved{ResolvedKind::kernel_variable, id, 0};
  }
  return std::nullopt;
}

// Where nobody runs the object, some address will do for one that only a loader knows.
std::optional<Resolved> Resolver::judged_ksym(const Reloc &reloc, const Symbol &symbol) {
  if (const std::optional<Resolved> found = typed_variable(reloc, symbol.name))
    return found;
  if (symbol.binding == STB_WEAK || (image_.options.kernel_types && type_of_extern(symbol.name)))
    return std::nullopt;
  constexpr uint32_t kSomewhere = 0x80400000, kKernelHalf = UINT32_MAX;
  return Resolved{ResolvedKind::constant, kSomewhere, kKernelHalf};
}

Resolved Resolver::kernel_address(const Reloc &reloc, std::string_view name, bool is_weak) {
  std::vector<uint64_t> addresses = image_.options.kernel_addresses(name);
  if (addresses.size() == 1) {
    uint64_t address = addresses.front() + reloc.addend;
    return {ResolvedKind::constant, static_cast<uint32_t>(address), static_cast<uint32_t>(address >> 32)};
  }
  if (addresses.empty() && is_weak)
    return {ResolvedKind::null_address, 0, 0};
  error(reloc, addresses.empty()
                   ? concat("the kernel has no symbol ", quoted(name), "; declared __weak its address is 0")
                   : concat(addresses.size(), " symbols of the kernel are called ", quoted(name)));
  return {};
}

// A licence that is missing is said once, one that will not do once for each helper. Of an object for Linux
// the licence may be in another one that it is to be linked with.
void Resolver::gpl_only(const Reloc &reloc, const std::string &helper) {
  if (!image_.license.empty()) {
    if (refused_helpers_.insert(helper).second)
      error(reloc,
            concat(helper, " is for GPL-compatible programs, and the licence is \"", image_.license, "\"",
                   suggestion(image_, image_.license, gpl_compatible_licences())));
    return;
  }
  if (!refused_helpers_.insert(std::string()).second)
    return;
  const std::string message =
      concat(helper, " is for GPL-compatible programs, and the object names no licence; write: "
                     "char LICENSE[] SEC(\"license\") = \"GPL\";");
  if (libbpf_)
    report_at(image_, Severity::warning, reloc.section, reloc.insn,
              message + " (unless it is linked with one that does)");
  else
    error(reloc, message);
}

Resolved Resolver::helper(const Reloc &reloc, const kbpf::HelperProto &proto) {
  std::string name = concat("helper ", proto.c_name);
  if (proto.flags & KBPF_HELPER_PANICS)
    error(reloc, concat(name, " stops the kernels of profile ", profile_name(), " with a panic"));
  if (proto.flags & KBPF_HELPER_STUB)
    report_at(image_, Severity::warning, reloc.section, reloc.insn,
              concat("helper ", proto.number, " does nothing in the kernels of profile ", profile_name(),
                     " and returns 0"));
  if (proto.flags & KBPF_HELPER_GPL_ONLY && !image_.gpl_compatible)
    gpl_only(reloc, name);
  return {ResolvedKind::helper, proto.number, 0};
}

Resolved Resolver::helper_call(const Reloc &reloc) {
  uint32_t number = static_cast<uint32_t>(reloc.addend);
  if (const kbpf::HelperProto *proto = image_.profile().helper(number))
    return helper(reloc, *proto);
  const kbpf::HelperProto *elsewhere = kbpf::kLinuxProfile.helper(number);
  if (!elsewhere)
    elsewhere = kbpf::kKbpfProfile.helper(number);
  std::string known = elsewhere ? concat(" (", elsewhere->c_name, ")") : std::string();
  std::string_view similar =
      elsewhere ? nearest(image_, elsewhere->c_name, helper_names_) : std::string_view();
  if (libbpf_ && !elsewhere) { // of a newer kernel, or in code that the loader finds dead
    report_at(image_, Severity::warning, reloc.section, reloc.insn,
              concat("helper ", number, " is not in profile ", profile_name()));
    return {ResolvedKind::helper, number, 0};
  }
  error(reloc, concat("helper ", number, known, " is not in profile ", profile_name(),
                      similar.empty() ? std::string() : concat("; the nearest it has is ", similar)));
  return {};
}

Resolved Resolver::extern_call(const Reloc &reloc) {
  const Symbol &symbol = image_.symbols[reloc.symbol];
  auto declared = externs_.find(symbol.name);
  if (declared != externs_.end() && libbpf_)
    return {ResolvedKind::for_loader, 0, 0};
  if (const kbpf::HelperProto *proto = image_.profile().helper(symbol.name))
    return helper(reloc, *proto);
  if (symbol.binding == STB_WEAK)
    return {ResolvedKind::missing_call, 0, 0};
  if (std::find(kInvented.begin(), kInvented.end(), symbol.name) != kInvented.end()) {
    error(reloc,
          concat("call of library function ", quoted(symbol.name),
                 "; the compiler makes one from copies, fills and comparisons that are too large or not "
                 "constant in size: use __builtin_",
                 symbol.name.starts_with("__") ? "memcpy" : symbol.name,
                 " with a small constant size, or a loop"));
    return {};
  }
  if (declared != externs_.end()) {
    error(reloc, concat("kernel function ", quoted(symbol.name), " is not in profile ", profile_name()));
    return {};
  }
  if (linkable_.contains(symbol.name) && !symbol.name.starts_with("bpf_"))
    return left_to_linker(reloc, "function", symbol.name);
  std::string_view similar = nearest(image_, symbol.name, helper_names_);
  if (similar.empty() && !symbol.name.starts_with("bpf_"))
    if (const std::string helper = concat("bpf_", symbol.name);
        edit_distance(helper, nearest(image_, helper, helper_names_)) <= symbol.name.size() / 3)
      similar = nearest(image_, helper, helper_names_);
  error(reloc, concat("undefined function ", quoted(symbol.name),
                      ": neither in this file nor a helper of profile ", profile_name(),
                      similar.empty() ? std::string() : concat("; did you mean ", quoted(similar), "?")),
        {symbol.name, similar});
  return {};
}

Resolved Resolver::subprogram(const Reloc &reloc, ResolvedKind kind) {
  uint32_t index = reloc.addend <= UINT32_MAX
                       ? image_.function_at(reloc.target_section, static_cast<uint32_t>(reloc.addend))
                       : kNone;
  if (index == kNone || image_.functions[index].first != reloc.addend) {
    error(reloc, concat(kind == ResolvedKind::subprog_call ? "call" : "address", " of ",
                        image_.sections[reloc.target_section].name, "+", hex(reloc.addend * 8),
                        ", where no function starts"));
    return {};
  }
  if (!image_.profile().subprograms) {
    error(reloc, concat(kind == ResolvedKind::subprog_call ? "call of function " : "address of function ",
                        quoted(image_.functions[index].name), "; kernels of profile ", profile_name(),
                        " have no calls between functions: declare it static inline "
                        "__attribute__((always_inline))"));
    return {};
  }
  return {libbpf_ ? ResolvedKind::for_loader : kind, index, 0};
}

} // namespace

void resolve(Image &image) {
  Resolver resolver(image);
  for (Reloc &reloc : image.relocs)
    reloc.resolved = resolver.resolve(reloc);
  resolve_slots(image);
}

} // namespace bpfcc
