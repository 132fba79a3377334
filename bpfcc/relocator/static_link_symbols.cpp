// SPDX-License-Identifier: MIT OR Apache-2.0
// Which definition a name means when several files have one. The strictest wish wins: one file that needs a
// name makes it needed, one that hides it makes it hidden.
#include "bpfcc/relocator/btf_match.h"
#include "bpfcc/relocator/static_link.h"
#include "bpfcc/relocator/text.h"
#include <elf.h>

namespace bpfcc {
namespace {

bool is_undefined(const Symbol &symbol) { return symbol.section == SHN_UNDEF; }

void collect_named(LinkSource &source) {
  const Btf &btf = source.image.btf;
  for (uint32_t id = 1; id < btf.count(); id++) {
    const BtfType &type = btf.type(id);
    bool shared = (type.kind == BtfKind::variable && !btf.is_static(type)) ||
                  (type.kind == BtfKind::function && type.count != 0); // linkage 0: static
    if (shared && !type.name.empty())
      source.named.try_emplace(type.name, LinkSource::Named{id, {}});
  }
  for (uint32_t id = 1; id < btf.count(); id++) {
    const BtfType &type = btf.type(id);
    for (uint32_t i = 0; type.kind == BtfKind::datasec && i < type.count; i++) {
      uint32_t member = btf.secvar(type, i).type;
      auto found = source.named.find(btf.type(member).name);
      if (found != source.named.end() && found->second.type == member)
        found->second.datasec = type.name;
    }
  }
}

class Symbols {
public:
  Symbols(Link &link, LinkSource &source) : link_(link), source_(source) {}
  uint32_t add(uint32_t index);

private:
  uint32_t add_local(const Symbol &symbol);
  uint32_t add_global(uint32_t index);
  void check_types(const LinkGlobal &global, uint32_t index);
  void conflict(const LinkGlobal &global, uint32_t index, std::string_view message) {
    link_.diag.error(place_of(source_, index), message);
    link_.diag.note(place_of(*global.owner, global.symbol),
                    concat(quoted(global.name), " in ", quoted(global.owner->options.input_name)));
  }
  static LinkSource::Named named(const LinkSource &source, std::string_view name) {
    auto found = source.named.find(name);
    return found == source.named.end() ? LinkSource::Named{} : found->second;
  }

  Link &link_;
  LinkSource &source_;
};

uint32_t Symbols::add_local(const Symbol &symbol) {
  OutputSymbol output;
  output.name = symbol.name;
  output.info = ELF64_ST_INFO(STB_LOCAL, symbol.type);
  const LinkSource::Place &place = source_.places[symbol.section];
  output.section = place.output;
  output.value = symbol.value + place.offset;
  output.size = symbol.size;
  link_.locals.push_back(output);
  return static_cast<uint32_t>(link_.locals.size() - 1);
}

// The symbol's number among the output's; 0: it is left out, and nothing that is kept refers to it.
uint32_t Symbols::add(uint32_t index) {
  const Symbol &symbol = source_.image.symbols[index];
  if (symbol.type == STT_FILE)
    return 0;
  if (symbol.section >= source_.places.size()) {
    link_.diag.error(place_of(source_, index),
                     concat("symbol ", quoted(symbol.name), " stands in no section",
                            symbol.section == SHN_COMMON ? "; compile with -fno-common" : ""));
    return 0;
  }
  if (!is_undefined(symbol)) {
    const LinkSource::Place &place = source_.places[symbol.section];
    if (!place.output)
      return 0;
    if (symbol.type == STT_SECTION || place.duplicate)
      return section_symbol(link_, place.output);
  }
  if (symbol.binding == STB_GLOBAL || symbol.binding == STB_WEAK)
    return add_global(index);
  if (symbol.binding != STB_LOCAL)
    link_.diag.error(place_of(source_, index), concat("symbol ", quoted(symbol.name), " has binding ",
                                                      unsigned(symbol.binding), ", which BPF does not have"));
  // Labels inside of functions are for debuggers.
  return symbol.type == STT_FUNC || symbol.type == STT_OBJECT ? add_local(symbol) : 0;
}

uint32_t Symbols::add_global(uint32_t index) {
  const Symbol &symbol = source_.image.symbols[index];
  const bool weak = symbol.binding == STB_WEAK, defined = !is_undefined(symbol);
  if (symbol.visibility != STV_DEFAULT && symbol.visibility != STV_HIDDEN)
    link_.diag.error(place_of(source_, index),
                     concat(quoted(symbol.name), " has visibility ", unsigned(symbol.visibility),
                            "; BPF has default and hidden ones only"));
  auto [found, added] =
      link_.globals_by_name.try_emplace(symbol.name, static_cast<uint32_t>(link_.globals.size()));
  const uint32_t number = kGlobalSymbol | found->second;
  if (added) {
    link_.globals.push_back(
        {symbol.name, &source_, index, defined, defined && weak, weak, symbol.visibility});
    return number;
  }
  LinkGlobal &global = link_.globals[found->second];
  global.weak &= weak;
  global.visibility = std::max(global.visibility, symbol.visibility);
  if (defined && global.defined && !weak && !global.weak_definition) {
    conflict(global, index, concat("second definition of ", quoted(symbol.name)));
    return number;
  }
  check_types(global, index);
  if (defined && (!global.defined || (global.weak_definition && !weak))) {
    global.owner = &source_;
    global.symbol = index;
    global.defined = true;
    global.weak_definition = weak;
  }
  return number;
}

void Symbols::check_types(const LinkGlobal &global, uint32_t index) {
  const Symbol &symbol = source_.image.symbols[index];
  LinkSource::Named ours = named(source_, symbol.name), theirs = named(*global.owner, symbol.name);
  if (!ours.type || !theirs.type)
    return; // assembly may lack types
  const Btf &a = source_.image.btf, &b = global.owner->image.btf;
  std::string_view owner = global.owner->options.input_name;
  bool is_extern = is_undefined(symbol);
  if (is_extern && !global.defined && ours.datasec != theirs.datasec) {
    auto place = [](std::string_view datasec) {
      return datasec.empty() ? std::string("from another file") : concat("in ", datasec);
    };
    return conflict(global, index,
                    concat(quoted(symbol.name), " is declared ", place(ours.datasec), "; in ", quoted(owner),
                           " it is ", place(theirs.datasec)));
  }
  if (ours.datasec == ".maps" && theirs.datasec == ".maps") {
    std::string attribute =
        map_difference(a, a.type(ours.type).size_or_type, b, b.type(theirs.type).size_or_type);
    if (!attribute.empty())
      conflict(global, index,
               concat("map ", quoted(symbol.name), " differs from its definition in ", quoted(owner),
                      ": attribute ", quoted(attribute)));
    return;
  }
  if (!types_agree(a, ours.type, b, theirs.type))
    conflict(global, index,
             concat(quoted(symbol.name), " is '", type_text(a, ours.type), "'; in ", quoted(owner),
                    " it is '", type_text(b, theirs.type), "'"));
}

} // namespace

SourceLocation place_of(const LinkSource &source, uint32_t index) {
  const Symbol &symbol = source.image.symbols[index];
  if (source.options.declarations)
    if (auto found = source.options.declarations->find(std::string(symbol.name));
        found != source.options.declarations->end())
      return found->second;
  SourceLocation where{source.options.input_name, 0, 0, {}};
  const LineInfo *line =
      symbol.type == STT_FUNC && symbol.value / 8 <= UINT32_MAX
          ? source.image.btf_ext.line_at(symbol.section, static_cast<uint32_t>(symbol.value / 8))
          : nullptr;
  if (!line)
    return where;
  std::string_view file = source.image.btf.string(line->file);
  where.file = file.substr(file.starts_with("./") ? 2 : 0);
  where.line = line->line();
  where.column = line->column();
  where.text = source.image.btf.string(line->text);
  return where;
}

void link_symbols(Link &link, LinkSource &source) {
  collect_named(source);
  Symbols symbols(link, source);
  source.symbols.resize(source.image.symbols.size());
  for (uint32_t i = 1; i < source.image.symbols.size(); i++)
    source.symbols[i] = symbols.add(i);
}

} // namespace bpfcc
