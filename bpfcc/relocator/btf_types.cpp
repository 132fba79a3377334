// SPDX-License-Identifier: MIT OR Apache-2.0
// Two types are the same when they have the same words, and what they refer to is the same: the coarsest
// partition for which that holds is found by refinement. It starts with all types that agree but for their
// references in one class, and splits classes until nothing changes; types that refer to each other in a
// circle need no special care.
#include "bpfcc/relocator/btf_types.h"
#include "bpfcc/relocator/btf_words.h"
#include <algorithm>
#include <cstring>

namespace bpfcc {
namespace {

constexpr uint32_t kMagicAndVersion = 0xeb9f | 1u << 16;
constexpr uint32_t kHeaderSize = 24;
// Types nest and chain far less deeply than this; beyond it they stay as they are.
constexpr unsigned kMaxRounds = 256;
constexpr unsigned kMaxForwardRounds = 8;

void put(std::string &out, uint32_t value) {
  out.append(reinterpret_cast<const char *>(&value), sizeof value);
}

} // namespace

uint32_t BtfStrings::offset(std::string_view text) {
  if (text.empty())
    return 0;
  auto [found, added] = offsets_.try_emplace(std::string(text), static_cast<uint32_t>(bytes_.size()));
  if (added)
    bytes_.append(text).push_back('\0');
  return found->second;
}

BtfTypes::BtfTypes() {
  intern({});
  append(BtfKind::none, {}, 0, 0);
}

uint32_t BtfTypes::intern(std::string_view text) {
  auto [found, added] = string_numbers_.try_emplace(text, static_cast<uint32_t>(strings_.size()));
  if (added)
    strings_.push_back(text);
  return found->second;
}

void BtfTypes::append(BtfKind kind, std::string_view name, uint32_t info, uint32_t size_or_type) {
  starts_.push_back(static_cast<uint32_t>(words_.size()));
  same_as_.push_back(static_cast<uint32_t>(same_as_.size()));
  dropped_.push_back(false);
  words_.insert(words_.end(), {intern(name), info | static_cast<uint32_t>(kind) << 24, size_or_type});
}

uint32_t BtfTypes::add(const Btf &btf) {
  uint32_t base = count() - 1;
  uint32_t end = btf.types_offset() + btf.types_size();
  for (uint32_t id = 1; id < btf.count(); id++) {
    const BtfType &type = btf.type(id);
    uint32_t first = type.extra - 12;
    uint32_t last = id + 1 < btf.count() ? btf.type(id + 1).extra - 12 : end;
    append(BtfKind::none, {}, 0, 0);
    words_.resize(words_.size() - 3 + (last - first) / 4);
    uint32_t *words = words_.data() + starts_.back();
    memcpy(words, btf.bytes().data() + first, last - first);
    visit_btf_words(
        words, (last - first) / 4, [&](uint32_t &string) { string = intern(btf.string(string)); },
        [&](uint32_t &target) { target = target ? base + target : 0; });
  }
  return base;
}

uint32_t BtfTypes::add_datasec(std::string_view name, uint32_t size,
                               const std::vector<BtfSecVar> &variables) {
  append(BtfKind::datasec, name, static_cast<uint32_t>(variables.size()), size);
  for (const BtfSecVar &variable : variables)
    words_.insert(words_.end(), {variable.type, variable.offset, variable.size});
  complete_datasec(count() - 1, size);
  return count() - 1;
}

BtfKind BtfTypes::kind(uint32_t id) const { return btf_kind_of(words_[starts_[id] + 1]); }

uint32_t BtfTypes::size(uint32_t id) const {
  return (id + 1 < count() ? starts_[id + 1] : static_cast<uint32_t>(words_.size())) - starts_[id];
}

void BtfTypes::name_parameters(uint32_t prototype) {
  constexpr std::string_view kNames[] = {"arg1", "arg2", "arg3", "arg4", "arg5"};
  constexpr uint32_t kHeader = 3, kParameter = 2; // words
  if (kind(prototype) != BtfKind::function_proto)
    return;
  const uint32_t count = std::min<uint32_t>((size(prototype) - kHeader) / kParameter, std::size(kNames));
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t at = starts_[prototype] + kHeader + i * kParameter;
    if (strings_[words_[at]].empty() && words_[at + 1] != 0) // neither: "..."
      words_[at] = intern(kNames[i]);
  }
}

void BtfTypes::complete_datasec(uint32_t id, uint32_t size) {
  uint32_t *words = words_.data() + starts_[id];
  words[2] = size;
  std::vector<BtfSecVar> variables((this->size(id) - 3) / 3);
  static_assert(sizeof(BtfSecVar) == 12, "as in the file");
  if (variables.empty())
    return;
  memcpy(variables.data(), words + 3, variables.size() * sizeof(BtfSecVar));
  std::sort(variables.begin(), variables.end(), [](const BtfSecVar &a, const BtfSecVar &b) {
    return a.offset != b.offset ? a.offset < b.offset : a.type < b.type; // externs all stand at 0
  });
  memcpy(words + 3, variables.data(), variables.size() * sizeof(BtfSecVar));
}

uint32_t BtfTypes::same(uint32_t id) const {
  if (id >= count())
    return 0;
  for (unsigned step = 0; same_as_[id] != id && step < kMaxRounds; step++)
    id = same_as_[id];
  return id;
}

// One round: types of one class stay together where their references are of one class each. False where no
// class was split.
bool BtfTypes::refine(std::vector<uint32_t> &classes) const {
  std::unordered_map<std::string_view, uint32_t> numbers;
  numbers.reserve(count());
  std::string keys;
  std::vector<uint32_t> words, refined(count());
  std::vector<std::pair<size_t, size_t>> places(count());
  for (uint32_t id = 0; id < count(); id++) {
    words.assign(words_.begin() + starts_[id], words_.begin() + starts_[id] + size(id));
    visit_btf_words(
        words.begin(), words.size(), [](uint32_t) {},
        [&](uint32_t &target) { target = classes[same(target)]; });
    if (id == 0 || kind(id) == BtfKind::variable || kind(id) == BtfKind::datasec)
      words.push_back(id);
    places[id] = {keys.size(), words.size() * sizeof(uint32_t)};
    keys.append(reinterpret_cast<const char *>(words.data()), words.size() * sizeof(uint32_t));
  }
  uint32_t before = classes.empty() ? 0 : *std::max_element(classes.begin(), classes.end());
  for (uint32_t id = 0; id < count(); id++) {
    auto [offset, length] = places[id];
    refined[id] =
        numbers
            .try_emplace(std::string_view(keys).substr(offset, length), static_cast<uint32_t>(numbers.size()))
            .first->second;
  }
  classes = std::move(refined);
  return *std::max_element(classes.begin(), classes.end()) > before;
}

// A declaration without a body is the type that has one, where one alone has that name.
bool BtfTypes::complete_forwards(const std::vector<uint32_t> &classes) {
  constexpr uint32_t kAmbiguous = UINT32_MAX;
  auto key = [&](uint32_t id, bool is_union) { return uint64_t(words_[starts_[id]]) << 1 | is_union; };
  std::unordered_map<uint64_t, uint32_t> bodies;
  for (uint32_t id = 1; id < count(); id++) {
    if ((kind(id) != BtfKind::structure && kind(id) != BtfKind::union_type) || words_[starts_[id]] == 0 ||
        dropped_[id])
      continue;
    auto [found, added] = bodies.try_emplace(key(id, kind(id) == BtfKind::union_type), id);
    if (!added && found->second != kAmbiguous && classes[found->second] != classes[id])
      found->second = kAmbiguous;
  }
  bool changed = false;
  for (uint32_t id = 1; id < count(); id++) {
    if (kind(id) != BtfKind::forward || same_as_[id] != id)
      continue;
    auto found = bodies.find(key(id, words_[starts_[id] + 1] >> 31));
    if (found == bodies.end() || found->second == kAmbiguous)
      continue;
    same_as_[id] = found->second;
    changed = true;
  }
  return changed;
}

void BtfTypes::deduplicate() {
  std::vector<uint32_t> classes;
  for (unsigned round = 0; round < kMaxForwardRounds; round++) {
    classes.assign(count(), 0);
    unsigned refinements = 0;
    while (refine(classes))
      if (++refinements == kMaxRounds)
        return;
    if (!complete_forwards(classes))
      break;
  }
  std::vector<uint32_t> first(count(), UINT32_MAX);
  for (uint32_t id = 0; id < count(); id++) {
    if (same_as_[id] != id || dropped_[id])
      continue;
    uint32_t &representative = first[classes[id]];
    if (representative == UINT32_MAX)
      representative = id;
    same_as_[id] = representative;
  }
}

void BtfTypes::keep_used_only() {
  used_only_ = true;
  used_.assign(count(), false);
}

void BtfTypes::use(uint32_t id) {
  std::vector<uint32_t> waiting{same(id)};
  while (!waiting.empty()) {
    uint32_t next = waiting.back();
    waiting.pop_back();
    if (next == 0 || used_[next])
      continue;
    used_[next] = true;
    visit_btf_words(
        words_.begin() + starts_[next], size(next), [](uint32_t) {},
        [&](uint32_t target) { waiting.push_back(same(target)); });
  }
}

std::string BtfTypes::write(BtfStrings &strings) {
  final_ids_.assign(count(), 0);
  uint32_t count_written = 1;
  for (uint32_t id = 1; id < count(); id++) {
    // A tag is there for what it marks.
    if (used_only_ && kind(id) == BtfKind::decl_tag && used_[same(words_[starts_[id] + 2])])
      used_[id] = true;
    if (same_as_[id] == id && !dropped_[id] && (!used_only_ || used_[id]))
      final_ids_[id] = count_written++;
  }
  std::string out;
  std::vector<uint32_t> words;
  for (uint32_t id = 1; id < count(); id++) {
    if (!final_ids_[id])
      continue;
    words.assign(words_.begin() + starts_[id], words_.begin() + starts_[id] + size(id));
    visit_btf_words(
        words.begin(), words.size(), [&](uint32_t &string) { string = strings.offset(strings_[string]); },
        [&](uint32_t &target) { target = final_id(target); });
    out.append(reinterpret_cast<const char *>(words.data()), words.size() * sizeof(uint32_t));
  }
  return out;
}

std::string make_btf(std::string_view types, std::string_view strings) {
  std::string out;
  uint32_t types_size = static_cast<uint32_t>(types.size());
  for (uint32_t word :
       {kMagicAndVersion, kHeaderSize, 0u, types_size, types_size, static_cast<uint32_t>(strings.size())})
    put(out, word);
  return out.append(types).append(strings);
}

} // namespace bpfcc
