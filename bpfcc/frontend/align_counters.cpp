// SPDX-License-Identifier: MIT OR Apache-2.0
// A counter whose address a helper gets, or that is volatile, lives in the stack. Verifiers, Linux's too,
// know its value round by round where it begins a slot of 8 bytes; of what lies in the upper half of a slot
// they keep no numbers, and so see no end of the loop.
#include "bpfcc/frontend/align_counters.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/Module.h"

namespace bpfcc {
namespace {
using namespace llvm;

constexpr uint64_t kSlot = 8;
constexpr uint64_t kMostBytes = 256; // of a frame: larger ones need the room

// A loop writes it, and not always the same.
bool is_counter(const AllocaInst &variable, const LoopInfo &loops) {
  return any_of(variable.users(), [&](const User *user) {
    auto *store = dyn_cast<StoreInst>(user);
    return store && store->getPointerOperand() == &variable && !isa<Constant>(store->getValueOperand()) &&
           loops.getLoopFor(store->getParent());
  });
}

void align_counters(Function &function) {
  DominatorTree tree(function);
  const LoopInfo loops(tree);
  if (loops.empty())
    return;
  const DataLayout &layout = function.getParent()->getDataLayout();
  SmallVector<AllocaInst *, 8> counters;
  uint64_t bytes = 0;
  for (Instruction &instruction : function.getEntryBlock()) {
    auto *variable = dyn_cast<AllocaInst>(&instruction);
    if (!variable)
      continue;
    const std::optional<TypeSize> size = variable->getAllocationSize(layout);
    if (!size || size->isScalable())
      return;
    bytes += alignTo(size->getFixedValue(), kSlot);
    if (size->getFixedValue() < kSlot && variable->getAllocatedType()->isIntegerTy() &&
        is_counter(*variable, loops))
      counters.push_back(variable);
  }
  if (bytes > kMostBytes)
    return;
  for (AllocaInst *counter : counters)
    counter->setAlignment(std::max(counter->getAlign(), Align(kSlot)));
}

} // namespace

void align_counters(Module &module) {
  for (Function &function : module)
    if (!function.isDeclaration())
      align_counters(function);
}

} // namespace bpfcc
