// SPDX-License-Identifier: MIT OR Apache-2.0
// .BTF and .BTF.ext of a linked object. A name that all files share has one type, the one of its definition;
// the data sections of all files become one each, their variables moved to where their bytes went; equal
// types become one.
#include "bpfcc/relocator/btf_ext_writer.h"
#include "bpfcc/relocator/static_link.h"
#include <algorithm>
#include <elf.h>

namespace bpfcc {
namespace {

class TypeLink {
public:
  explicit TypeLink(Link &link) : link_(link) {}
  void run();

private:
  struct Datasec {
    std::string_view name;
    uint32_t size = 0;
    std::vector<BtfSecVar> variables;
  };

  // An input's type among all types; 0 where the input has no such type.
  static uint32_t joined(const LinkSource &source, uint32_t type) {
    return type && type < source.image.btf.count() ? source.first_type + type : 0;
  }
  void join_named(LinkSource &source);
  void join_datasecs(LinkSource &source);
  bool is_lost(const LinkSource &source, uint32_t type) const;
  void use_ext_types(const LinkSource &source);
  std::vector<std::pair<uint32_t, uint32_t>> overridden(const LinkSource &source) const;
  void write_records(BtfExtWriter &writer, const LinkSource &source, uint32_t section) const;
  std::string write_ext(BtfStrings &strings) const;
  void add_section(const char *name, std::string contents);

  Link &link_;
  BtfTypes types_;
  std::vector<Datasec> datasecs_;
  std::unordered_map<std::string_view, size_t> datasecs_by_name_;
  // Function starts (section, slot) by input, ascending.
  std::unordered_map<const LinkSource *, std::vector<std::pair<uint32_t, uint32_t>>> overridden_;
};

// Declarations and overridden definitions become references to the type of the definition that won.
void TypeLink::join_named(LinkSource &source) {
  for (const LinkGlobal &global : link_.globals) {
    auto ours = source.named.find(global.name), theirs = global.owner->named.find(global.name);
    if (global.owner == &source || ours == source.named.end() || theirs == global.owner->named.end())
      continue;
    types_.replace(source.first_type + ours->second.type, global.owner->first_type + theirs->second.type);
  }
}

bool TypeLink::is_lost(const LinkSource &source, uint32_t type) const {
  std::string_view name = source.image.btf.type(type).name;
  auto named = source.named.find(name);
  auto global = link_.globals_by_name.find(name);
  if (named == source.named.end() || named->second.type != type || global == link_.globals_by_name.end())
    return false;
  const LinkSource &owner = *link_.globals[global->second].owner;
  return &owner != &source && owner.named.contains(name);
}

void TypeLink::join_datasecs(LinkSource &source) {
  const Btf &btf = source.image.btf;
  std::unordered_map<std::string_view, const LinkSource::Place *> places;
  for (uint32_t i = 1; i < source.image.sections.size(); i++)
    if (source.places[i].output)
      places.try_emplace(source.image.sections[i].name, &source.places[i]);
  for (uint32_t id = 1; id < btf.count(); id++) {
    const BtfType &type = btf.type(id);
    if (type.kind != BtfKind::datasec)
      continue;
    types_.drop(source.first_type + id);
    auto place = places.find(type.name);
    if (place != places.end() && place->second->duplicate)
      continue;
    auto [found, added] = datasecs_by_name_.try_emplace(type.name, datasecs_.size());
    if (added)
      datasecs_.push_back({type.name, 0, {}});
    Datasec &datasec = datasecs_[found->second];
    uint64_t moved = place == places.end() ? 0 : place->second->offset;
    if (place != places.end()) {
      const OutputSection &section = link_.sections[place->second->output];
      datasec.size =
          static_cast<uint32_t>(section.type == SHT_NOBITS ? section.size : section.contents.size());
    }
    for (uint32_t i = 0; i < type.count; i++) {
      BtfSecVar variable = btf.secvar(type, i);
      if (variable.type == 0 || variable.type >= btf.count() || is_lost(source, variable.type))
        continue;
      bool is_extern = btf.is_extern(btf.type(variable.type));
      datasec.variables.push_back({source.first_type + variable.type,
                                   is_extern ? 0 : static_cast<uint32_t>(variable.offset + moved),
                                   variable.size});
    }
  }
}

void TypeLink::use_ext_types(const LinkSource &source) {
  for (const FuncInfo &info : source.image.btf_ext.functions)
    types_.use(joined(source, info.type));
  for (const CoreRelo &relo : source.image.btf_ext.core_relos)
    types_.use(joined(source, relo.type));
}

// Where the functions start that lost to one of another file: their code is still there, and dead.
std::vector<std::pair<uint32_t, uint32_t>> TypeLink::overridden(const LinkSource &source) const {
  std::vector<std::pair<uint32_t, uint32_t>> out;
  for (uint32_t i = 1; i < source.image.symbols.size(); i++) {
    const Symbol &symbol = source.image.symbols[i];
    if (symbol.type != STT_FUNC || symbol.section == SHN_UNDEF || !(source.symbols[i] & kGlobalSymbol))
      continue;
    const LinkGlobal &global = link_.globals[source.symbols[i] & ~kGlobalSymbol];
    if (global.owner != &source || global.symbol != i)
      out.emplace_back(symbol.section, static_cast<uint32_t>(symbol.value / sizeof(kbpf::Insn)));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The records of an input's section, moved to where its code went.
void TypeLink::write_records(BtfExtWriter &writer, const LinkSource &source, uint32_t section) const {
  const Btf &btf = source.image.btf;
  const BtfExt &ext = source.image.btf_ext;
  const uint32_t moved = static_cast<uint32_t>(source.places[section].offset / sizeof(kbpf::Insn));
  const std::vector<std::pair<uint32_t, uint32_t>> &dead = overridden_.at(&source);
  auto each = [&](const auto &records, auto write) {
    auto record = std::partition_point(records.begin(), records.end(),
                                       [&](const auto &one) { return one.section < section; });
    for (; record != records.end() && record->section == section; ++record)
      write(*record);
  };
  each(ext.functions, [&](const FuncInfo &info) {
    if (!std::binary_search(dead.begin(), dead.end(), std::pair(info.section, info.insn)))
      writer.function(moved + info.insn, types_.final_id(joined(source, info.type)));
  });
  each(ext.lines, [&](const LineInfo &line) {
    writer.line(moved + line.insn, btf.string(line.file), btf.string(line.text), line.line_column);
  });
  each(ext.core_relos, [&](const CoreRelo &relo) {
    writer.core_relo(moved + relo.insn, types_.final_id(joined(source, relo.type)), btf.string(relo.access),
                     relo.kind);
  });
}

std::string TypeLink::write_ext(BtfStrings &strings) const {
  std::vector<std::vector<std::pair<const LinkSource *, uint32_t>>> code(link_.sections.size());
  for (const LinkSource &source : link_.sources)
    for (uint32_t i = 1; i < source.image.sections.size(); i++)
      if (source.places[i].output && is_code(source.image.sections[i]))
        code[source.places[i].output].emplace_back(&source, i);
  BtfExtWriter writer(strings);
  for (uint32_t i = 1; i < code.size(); i++) {
    writer.section(link_.sections[i].name);
    for (auto [source, section] : code[i])
      write_records(writer, *source, section);
  }
  return writer.finish();
}

void TypeLink::add_section(const char *name, std::string contents) {
  OutputSection section;
  section.name = name;
  section.type = SHT_PROGBITS;
  section.contents = std::move(contents);
  link_.sections.push_back(std::move(section));
}

void TypeLink::run() {
  for (LinkSource &source : link_.sources)
    source.first_type = types_.add(source.image.btf);
  for (LinkSource &source : link_.sources) {
    join_named(source);
    join_datasecs(source);
    overridden_.emplace(&source, overridden(source));
  }
  if (types_.count() == 1)
    return; // assembly without types
  std::vector<uint32_t> roots;
  for (const Datasec &datasec : datasecs_)
    if (!datasec.variables.empty())
      roots.push_back(types_.add_datasec(datasec.name, datasec.size, datasec.variables));
  for (const LinkGlobal &global : link_.globals)
    if (auto named = global.owner->named.find(global.name); named != global.owner->named.end())
      roots.push_back(global.owner->first_type + named->second.type);
  types_.deduplicate();
  types_.keep_used_only();
  for (uint32_t root : roots)
    types_.use(root);
  for (const LinkSource &source : link_.sources)
    use_ext_types(source);
  BtfStrings strings;
  std::string types = types_.write(strings);
  std::string ext = write_ext(strings);
  add_section(".BTF", make_btf(types, strings.bytes()));
  if (!ext.empty())
    add_section(".BTF.ext", std::move(ext));
}

} // namespace

void link_types(Link &link) { TypeLink(link).run(); }

} // namespace bpfcc
