// SPDX-License-Identifier: MIT OR Apache-2.0
// What the steps of the static linker share. They run in the order in which they stand here.
#pragma once
#include "bpfcc/relocator/btf_types.h"
#include "bpfcc/relocator/image.h"
#include <deque>

namespace bpfcc {

// An input.
struct LinkSource {
  LinkSource(const RelocatorOptions &given, Diagnostics &diag) : options(given), image(options, diag) {}

  RelocatorOptions options;
  Image image;
  // Where a section went: an output section, and a byte offset in it.
  struct Place {
    uint32_t output = 0; // 0: left out
    uint64_t offset = 0;
    bool duplicate = false; // the same bytes as another file's, which alone is kept
  };
  std::vector<Place> places; // by section
  // Global variables and functions by name: the BTF type, and the data section that declares it.
  struct Named {
    uint32_t type = 0;
    std::string_view datasec;
  };
  std::unordered_map<std::string_view, Named> named;
  std::vector<uint32_t> symbols; // by symbol: index into Link::locals, or kGlobalSymbol | index into globals
  uint32_t first_type = 0;       // added to this input's type ids
};
constexpr uint32_t kGlobalSymbol = 1u << 31;

// A name that all files share.
struct LinkGlobal {
  std::string_view name;
  LinkSource *owner; // has the definition; while there is none, the first declaration
  uint32_t symbol;   // in owner
  bool defined = false;
  bool weak_definition = false;
  bool weak = true; // no file insists on it
  uint8_t visibility = 0;
};

struct LinkReloc {
  uint64_t offset;
  uint32_t type;
  uint32_t symbol; // as in LinkSource::symbols
};

struct Link {
  explicit Link(Diagnostics &diag) : diag(diag) {}
  Diagnostics &diag;
  std::deque<LinkSource> sources;
  std::vector<OutputSection> sections = std::vector<OutputSection>(1);
  std::unordered_map<std::string_view, uint32_t> sections_by_name;
  std::vector<LinkSource *> section_owners{nullptr}; // the input that a section came from first
  std::vector<std::vector<LinkReloc>> relocs{{}};    // by section
  std::vector<uint32_t> section_symbols{0};          // by section: index into locals; 0: not needed yet
  std::vector<OutputSymbol> locals = std::vector<OutputSymbol>(1);
  std::vector<LinkGlobal> globals;
  std::unordered_map<std::string_view, uint32_t> globals_by_name;
};

// Where a symbol stands in the source, as well as can be told.
SourceLocation place_of(const LinkSource &source, uint32_t symbol);
uint32_t section_symbol(Link &link, uint32_t section);

void link_sections(Link &link, LinkSource &source);
void link_symbols(Link &link, LinkSource &source);
void link_relocs(Link &link, LinkSource &source);
void link_types(Link &link); // .BTF and .BTF.ext of all inputs

} // namespace bpfcc
