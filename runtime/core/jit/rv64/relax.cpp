// SPDX-License-Identifier: MIT OR Apache-2.0
// Branch relaxation: a form grows when its target is out of reach, and never shrinks again, so the loop ends;
// it starts from the smallest forms, so the result is the smallest code. Only fixups are walked, as the rest
// of the code keeps its length.
#include "core/jit/rv64/plan.h"

namespace kbpf::rv64 {
namespace {

constexpr uint32_t kMaxCode = 1u << 30; // bytes
constexpr unsigned kExactRounds = 16;

bool is_branch(FixupKind kind) { return kind <= FixupKind::branch; }
bool is_transfer(FixupKind kind) { return kind <= FixupKind::call; }

// By kind and form, how far a transfer reaches: bits of its distance, sign included; 64: anywhere.
constexpr uint8_t kReaches[][4] = {
    {9, 13, 21, 64},  // narrow_branch
    {13, 13, 21, 64}, // branch
    {12, 21, 64, 64}, // jump
    {21, 21, 64, 64}, // call
};

// slack: by so much the distance may still change.
[[gnu::always_inline]] inline bool reaches(FixupKind kind, FixupForm form, int64_t distance, int64_t slack) {
  constexpr int64_t kShortest = 1 << 8; // every form has as much, and 4 bytes more for a jump behind a branch
  if (static_cast<uint64_t>(distance - slack + kShortest) < 2 * kShortest - 8 &&
      distance + slack < kShortest - 8) [[likely]]
    return true;
  if (form == FixupForm::over_jump)
    distance -= 4; // the jump is behind the branch
  unsigned bits = kReaches[static_cast<uint8_t>(kind)][static_cast<uint8_t>(form)];
  int64_t limit = int64_t{1} << (bits - 1);
  return bits == 64 || (distance - slack >= -limit && distance + slack < limit);
}

FixupForm next(FixupKind kind, FixupForm form) {
  if (form == FixupForm::direct && !is_branch(kind))
    return FixupForm::far;
  return static_cast<FixupForm>(static_cast<uint8_t>(form) + 1);
}

// Bytes by which the code would become longer if every transfer took its largest form.
int64_t possible_growth(const Plan &plan) {
  int64_t growth = 0;
  for (const Fixup &fixup : plan.fixups)
    if (is_transfer(fixup.kind))
      growth += fixup_size(fixup.kind, FixupForm::far) - fixup_size(fixup.kind, fixup.form);
  return growth;
}

} // namespace

Result<void> relax(Plan &plan) {
  if (plan.code.size > kMaxCode)
    return Error::too_big;
  bool settled = false;
  for (unsigned round = 0; !settled; round++) {
    bool last_round = round == kExactRounds;
    int64_t slack = last_round ? possible_growth(plan) : 0;
    settled = true;
    uint32_t growth = 0, index = 0;
    for (Fixup &fixup : plan.fixups) {
      // What lies ahead has the growth of the round before: so the distance to it is that of this round if
      // nothing in between grows, however much did in front of both.
      const uint32_t before = fixup.growth;
      fixup.growth = growth;
      if (is_transfer(fixup.kind)) {
        const Place target = place_of_target(plan, fixup);
        int64_t distance = int64_t{target.position} + plan.fixups[target.fixups_before].growth - fixup.at -
                           (target.fixups_before > index ? before : growth);
        while (!reaches(fixup.kind, fixup.form, distance, slack)) [[unlikely]] {
          fixup.form = next(fixup.kind, fixup.form);
          settled = false;
        }
        growth += fixup_size(fixup.kind, fixup.form) - smallest_size(fixup.kind);
      }
      index++;
    }
    settled |= last_round; // each growth is that of the forms that there are now
    if (plan.code.size + growth > kMaxCode)
      return Error::too_big;
  }
  return {};
}

uint32_t final_offset(const Plan &plan, uint32_t position) {
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
