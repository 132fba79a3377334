// SPDX-License-Identifier: MIT OR Apache-2.0
// Branch relaxation: a form grows when its target is out of reach, and never shrinks again, so the loop ends;
// it starts from the smallest forms, so the result is the smallest code.
#include "core/jit/rv64/plan.h"

namespace kbpf::rv64 {
namespace {

constexpr uint32_t kMaxCode = 1u << 30; // bytes
constexpr unsigned kExactRounds = 16;

bool reaches(TransferKind kind, TransferForm form, int64_t distance) {
  bool is_branch = kind == TransferKind::narrow_branch || kind == TransferKind::branch;
  switch (form) {
  case TransferForm::compressed:
    return fits_signed(distance, is_branch ? 9 : 12);
  case TransferForm::direct:
    return fits_signed(distance, is_branch ? 13 : 21);
  case TransferForm::over_jump:
    return fits_signed(distance - 4, 21); // the jump is behind the branch
  case TransferForm::far:
    return true;
  }
  return true;
}

TransferForm next(TransferKind kind, TransferForm form) {
  bool is_branch = kind == TransferKind::narrow_branch || kind == TransferKind::branch;
  if (form == TransferForm::direct && !is_branch)
    return TransferForm::far;
  return static_cast<TransferForm>(static_cast<uint8_t>(form) + 1);
}

bool set_offsets(Plan &plan) {
  uint64_t position = 0;
  size_t subprogram = 0;
  std::span<const Subprogram> subprograms = plan.program.subprograms();
  for (size_t i = 0; i < plan.sizes.size(); i++) {
    if (subprogram < subprograms.size() && subprograms[subprogram].first == i)
      position += plan.layouts[subprogram++].prologue_size;
    plan.offsets[i] = static_cast<uint32_t>(position);
    position += plan.sizes[i];
    if (position > kMaxCode)
      return false;
  }
  plan.offsets[plan.sizes.size()] = static_cast<uint32_t>(position);
  return true;
}

// Bytes by which the code would become longer if every transfer took its largest form.
int64_t possible_growth(const Plan &plan) {
  int64_t growth = 0;
  for (const Transfer &transfer : plan.transfers)
    growth += transfer_size(transfer.kind, TransferForm::far) - transfer_size(transfer.kind, transfer.form);
  return growth;
}

} // namespace

unsigned transfer_size(TransferKind kind, TransferForm form) {
  bool is_branch = kind == TransferKind::narrow_branch || kind == TransferKind::branch;
  switch (form) {
  case TransferForm::compressed:
    return 2;
  case TransferForm::direct:
    return 4;
  case TransferForm::over_jump:
    return 8;
  case TransferForm::far:
    return is_branch ? 12 : 8;
  }
  return 0;
}

Result<void> relax(Plan &plan) {
  bool settled = false;
  for (unsigned round = 0; !settled; round++) {
    if (!set_offsets(plan))
      return Error::too_big;
    bool last_round = round == kExactRounds;
    int64_t slack = last_round ? possible_growth(plan) : 0;
    settled = true;
    for (Transfer &transfer : plan.transfers) {
      int64_t from = int64_t{plan.offsets[transfer.insn]} + transfer.at;
      int64_t distance = int64_t{plan.offsets[transfer.target]} - from;
      // A call goes to the prologue in front of its target.
      int64_t lowest = distance - slack - (transfer.kind == TransferKind::call ? kMaxPrologue : 0);
      int64_t highest = distance + slack;
      while (!reaches(transfer.kind, transfer.form, lowest) ||
             !reaches(transfer.kind, transfer.form, highest)) {
        unsigned before = transfer_size(transfer.kind, transfer.form);
        transfer.form = next(transfer.kind, transfer.form);
        unsigned after = transfer_size(transfer.kind, transfer.form);
        plan.sizes[transfer.insn] = static_cast<uint16_t>(plan.sizes[transfer.insn] + after - before);
        settled = false;
      }
    }
    if (last_round && !settled) {
      settled = true;
      if (!set_offsets(plan))
        return Error::too_big;
    }
  }
  return {};
}

} // namespace kbpf::rv64
