// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/profile/description.h"
#include "bpfcc/relocator/text.h"
#include "core/profile/digest.h"
#include <algorithm>

namespace bpfcc {

void KernelDescription::start_from(const kbpf::Profile &built_in) {
  base = &built_in;
  profile = built_in;
  helpers.assign(built_in.helpers.begin(), built_in.helpers.end());
  map_types.assign(built_in.map_types.begin(), built_in.map_types.end());
  prog_types.assign(built_in.prog_types.begin(), built_in.prog_types.end());
  attach_kinds.assign(built_in.attach_kinds.begin(), built_in.attach_kinds.end());
  sections.assign(built_in.sections.begin(), built_in.sections.end());
  config.assign(built_in.config.begin(), built_in.config.end());
}

std::string KernelDescription::add(KernelElf &&kernel) {
  for (const kbpf_kernel_helper &helper : kernel.helpers) {
    kbpf_kernel_helper copy = helper;
    kbpf::HelperProto proto;
    if (!kbpf::read_kernel_helper(copy, proto).empty())
      continue; // KernelElf has refused it
    for (std::string_view *text : {&proto.name, &proto.c_name, &proto.prototype, &proto.text})
      *text = keep(std::string(*text));
    for (const kbpf::HelperProto &other : helpers)
      if (other.number == proto.number || other.c_name == proto.c_name)
        return concat("helper ", quoted(proto.c_name), " with number ", proto.number,
                      " is there already, as ", quoted(other.c_name), " with number ", other.number);
    helpers.push_back(proto);
  }
  functions = std::move(kernel.functions);
  objects = std::move(kernel.objects);
  has_functions = !functions.empty();
  btf = std::move(kernel.btf);
  return {};
}

void KernelDescription::finish() {
  auto by_number = [](const auto &a, const auto &b) { return a.number < b.number; };
  std::sort(helpers.begin(), helpers.end(), by_number);
  profile.helpers = helpers;
  profile.map_types = map_types;
  profile.prog_types = prog_types;
  profile.attach_kinds = attach_kinds;
  profile.sections = sections;
  profile.config = config;
  profile.tables_digest = kbpf::digest(profile);
}

std::vector<uint64_t> KernelDescription::addresses_of(std::string_view name) const {
  std::vector<uint64_t> addresses;
  for (const std::vector<KernelSymbol> *symbols : {&functions, &objects})
    for (const KernelSymbol &symbol : *symbols)
      if (symbol.name == name &&
          std::find(addresses.begin(), addresses.end(), symbol.address) == addresses.end())
        addresses.push_back(symbol.address);
  return addresses;
}

std::string KernelDescription::helper_header() const {
  std::string out;
  for (const kbpf::HelperProto &helper : helpers) {
    size_t name = kbpf::name_in_prototype(helper);
    if (base->helper(helper.number) || name == std::string_view::npos)
      continue;
    out += concat("static ", helper.prototype.substr(0, name), "(*const ", helper.c_name, ")",
                  helper.prototype.substr(name + helper.c_name.size()), " = (void *)", helper.number, ";\n");
  }
  return out;
}

} // namespace bpfcc
