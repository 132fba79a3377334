// SPDX-License-Identifier: MIT OR Apache-2.0
// Branch relaxation: a form grows when its target is out of reach, and never shrinks again, so the loop ends.
// Lowering has begun with forms that are mostly right: then one look is enough. Only fixups are walked, as
// the rest of the code keeps its length.
#include "core/jit/rv64/plan.h"

namespace kbpf::rv64 {
namespace {

constexpr unsigned kExactRounds = 16;

// Sets distances as if nothing grew. Returns the first fixup for which something has to, else their number.
size_t first_out_of_reach(const Plan &plan) {
  const uint32_t *const offsets = plan.offsets.data();
  for (Fixup &fixup : plan.fixups) {
    if (!is_transfer(fixup.kind()))
      continue;
    uint32_t target =
        fixup.kind() == FixupKind::call ? plan.layouts[fixup.target].start : offsets[fixup.target];
    uint32_t distance = target - fixup.at;
    fixup.distance = static_cast<int32_t>(distance);
    const Reach &reach = kReaches[fixup.shape];
    if (distance + reach.back >= reach.length) [[unlikely]]
      return static_cast<size_t>(&fixup - plan.fixups.data());
  }
  return plan.fixups.size();
}

// Bytes by which the code would become longer if every transfer took its largest form.
int64_t possible_growth(const Plan &plan) {
  int64_t growth = 0;
  for (const Fixup &fixup : plan.fixups)
    if (is_transfer(fixup.kind()))
      growth += fixup_size(fixup.kind(), FixupForm::far) - final_size(fixup);
  return growth;
}

// One round, from a fixup on that has nothing in front of it that grew. slack: by so much distances may still
// change. True: nothing grew, and every distance is that of the final code.
bool settle(Plan &plan, size_t first, int64_t slack) {
  bool settled = true;
  uint32_t growth = 0;
  for (size_t index = first; index < plan.fixups.size(); index++) {
    Fixup &fixup = plan.fixups[index];
    // What lies ahead has the growth of the round before: so the distance to it is that of this round if
    // nothing in between grows, however much did in front of both.
    const uint32_t before = fixup.growth;
    fixup.growth = growth;
    if (!is_transfer(fixup.kind()))
      continue;
    const Place target = place_of_target(plan, fixup);
    int64_t distance = int64_t{target.position} + plan.fixups[target.fixups_before].growth - fixup.at -
                       (target.fixups_before > index ? before : growth);
    fixup.distance = static_cast<int32_t>(distance);
    while (!kReaches[fixup.shape].has(distance, slack)) [[unlikely]] {
      fixup.shape = shape_of(fixup.kind(), next_form(fixup.kind(), fixup.form())) & 63;
      settled = false;
    }
    growth += final_size(fixup) - room_size(fixup);
  }
  return settled;
}

bool is_too_big(const Plan &plan) { return plan.code.size + plan.fixups.back().growth > kMaxCode; }

} // namespace

Result<void> relax(Plan &plan) {
  if (plan.code.size > kMaxCode)
    return Error::too_big;
  size_t first = first_out_of_reach(plan);
  if (first == plan.fixups.size())
    return {};
  for (unsigned round = 0; round < kExactRounds; round++, first = 0) {
    bool settled = settle(plan, first, 0);
    if (is_too_big(plan))
      return Error::too_big;
    if (settled)
      return {};
  }
  settle(plan, 0, possible_growth(plan)); // each growth is that of the forms that there are now
  for (Fixup &fixup : plan.fixups)
    if (is_transfer(fixup.kind()))
      fixup.distance = static_cast<int32_t>(target_offset(plan, fixup) - fixup.at - fixup.growth);
  return is_too_big(plan) ? Result<void>(Error::too_big) : Result<void>();
}

uint32_t final_offset(const Plan &plan, uint32_t position) {
  if (plan.fixups.back().growth == 0)
    return position;
  size_t low = 0, high = plan.fixups.size() - 1; // the last one is behind everything
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (plan.fixups[middle].at < position)
      low = middle + 1;
    else
      high = middle;
  }
  return position + plan.fixups[low].growth;
}

} // namespace kbpf::rv64
