// SPDX-License-Identifier: MIT OR Apache-2.0
// Preambles on disk. The leading includes of a source, parsed once and kept as clang's serialised AST, spare
// the next compilation most of its work. An entry is found by a key over everything that is known before
// parsing (preamble text, clang's arguments, folders, this binary) and is valid while every header that it
// was made from has the same bytes and every path that was looked for is still there, or still missing.
#pragma once
#include "bpfcc/frontend/frontend.h"
#include "llvm/Support/MemoryBuffer.h"
#include <array>
#include <cstdint>
#include <memory>

namespace bpfcc {

using PreambleHash = std::array<uint64_t, 2>;
PreambleHash hash_bytes(llvm::StringRef bytes);

struct PreambleEntry {
  struct Header {
    std::string path; // as clang named it
    PreambleHash content;
  };
  struct Lookup {
    std::string path;
    bool exists;
  };
  std::vector<Header> headers;
  std::vector<Lookup> lookups;
  // What the front end reports of the preamble's part; the source itself is not among the dependencies.
  std::vector<FrontendOutput::Dependency> dependencies;
  std::map<std::string, SourceLocation> declarations;
  // Variables and functions that the preamble declares and does not define, in order: used ones are described
  // in the object, and clang's writer forgets them.
  struct External {
    std::string name;
    bool used; // by a function of the preamble
  };
  std::vector<External> externals;
  std::string pch; // filled for store() only
};

// One entry, as found. The serialised AST stays mapped from the file.
struct StoredPreamble {
  PreambleEntry entry;
  llvm::StringRef pch;
  std::unique_ptr<llvm::MemoryBuffer> file;
};

class PreambleCache {
public:
  // folder: created where it is missing; max_bytes: the least recently used entries go beyond it.
  PreambleCache(std::string folder, uint64_t max_bytes) : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  // Null: no valid entry. One that is just being written is waited for, at most half a minute.
  std::unique_ptr<StoredPreamble> find(const PreambleHash &key) const;

  // The right to write an entry, held while the descriptor is open anywhere: one process has it at a time,
  // the others go without (-1).
  int reserve(const PreambleHash &key) const;
  // Writes the reserved entry, makes it visible in one step, and evicts others. A failure leaves no entry.
  void store(int reservation, const PreambleHash &key, const PreambleEntry &entry) const;

private:
  std::string path_of(const PreambleHash &key) const;
  void wait_for_writer(const PreambleHash &key) const;
  void evict() const;

  std::string folder_;
  uint64_t max_bytes_;
};

// Identifies the running program and its libraries: two builds with any difference in code do not share
// entries.
std::string build_identity();

} // namespace bpfcc
