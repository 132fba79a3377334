// SPDX-License-Identifier: MIT OR Apache-2.0
// BTF that can be changed: the types of one or several objects as words, joined, freed of duplicates and of
// what nothing refers to, and written with new ids. Btf reads, this writes.
#pragma once
#include "bpfcc/relocator/btf.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bpfcc {

// The string table of an output: only what was asked for is in it, in the order in which it was.
class BtfStrings {
public:
  uint32_t offset(std::string_view text);
  const std::string &bytes() const { return bytes_; }

private:
  std::string bytes_ = std::string(1, '\0');
  std::unordered_map<std::string, uint32_t> offsets_;
};

class BtfTypes {
public:
  BtfTypes();

  // Type id of btf is then type id + the number given. btf's bytes must outlive this object.
  uint32_t add(const Btf &btf);
  uint32_t add_datasec(std::string_view name, uint32_t size, const std::vector<BtfSecVar> &variables);

  uint32_t count() const { return static_cast<uint32_t>(starts_.size()); }
  // Variables of a data section and its size; sorts them by offset, as kernels want them.
  void complete_datasec(uint32_t id, uint32_t size);

  void rename(uint32_t id, std::string_view name) { words_[starts_[id]] = intern(name); }
  // The parameters without a name of a function's prototype: kernels want one for each.
  void name_parameters(uint32_t prototype);
  // Every reference to id is one to other, and id is not written.
  void replace(uint32_t id, uint32_t other) { same_as_[id] = other; }
  void drop(uint32_t id) { dropped_[id] = true; }
  // Not written unless a type that is written, or a use(), refers to it. Without it every type stays.
  void keep_used_only();
  void use(uint32_t id);

  // Types of equal shape become one; a forward declaration becomes the one type of its name. Variables and
  // data sections stay apart.
  void deduplicate();

  // After all changes. Gives each type its id in the output; final_id() tells it, 0 for what is left out.
  std::string write(BtfStrings &strings);
  uint32_t final_id(uint32_t id) const { return final_ids_.empty() ? 0 : final_ids_[same(id)]; }
  // The type that stands for id: itself, or what it became one with.
  uint32_t same(uint32_t id) const;

private:
  BtfKind kind(uint32_t id) const;
  uint32_t size(uint32_t id) const; // in words
  uint32_t intern(std::string_view text);
  void append(BtfKind kind, std::string_view name, uint32_t info, uint32_t size_or_type);
  bool refine(std::vector<uint32_t> &classes) const;
  bool complete_forwards(const std::vector<uint32_t> &classes);

  std::vector<uint32_t> words_;  // as in .BTF, but strings are indices into strings_
  std::vector<uint32_t> starts_; // of each type in words_; [0] is void
  std::vector<uint32_t> same_as_;
  std::vector<bool> dropped_, used_;
  bool used_only_ = false;
  std::vector<uint32_t> final_ids_;
  std::vector<std::string_view> strings_;
  std::unordered_map<std::string_view, uint32_t> string_numbers_;
};

// A whole .BTF section.
std::string make_btf(std::string_view types, std::string_view strings);

} // namespace bpfcc
