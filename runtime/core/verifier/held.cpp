// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/held.h"
#include <algorithm>

namespace kbpf {

const Reference *Held::find(uint32_t id) const {
  const Reference *found =
      std::find_if(references, references + count, [&](const Reference &r) { return r.id == id; });
  return found == references + count ? nullptr : found;
}

bool Held::add(const Reference &reference) {
  if (count == kMostReferences)
    return false;
  references[count++] = reference;
  return true;
}

void Held::remove(uint32_t id) {
  Reference *end =
      std::remove_if(references, references + count, [&](const Reference &r) { return r.id == id; });
  count = static_cast<uint32_t>(end - references);
}

void release_reference(State &state, uint32_t id) {
  if (state.held)
    state.held->remove(id);
  forget_addresses(state, [&](const Value &value) { return value.owner == id; });
}

} // namespace kbpf
