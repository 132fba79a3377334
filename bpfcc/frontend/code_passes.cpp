// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs before the optimiser (fold_helper_pointers, inline_everything) and after it (refuse_unsupported,
// drop_dwarf).
#include "bpfcc/frontend/code_passes.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"

namespace bpfcc {
namespace {
using namespace llvm;

// A helper is a constant pointer variable (generate_helper_defs.cpp). Without optimisation a call through it
// would stay an indirect one, which BPF does not have: read such variables here, at any level.
void fold_helper_pointers(Module &module) {
  for (GlobalVariable &variable : module.globals()) {
    if (!variable.isConstant() || !variable.hasDefinitiveInitializer() ||
        !variable.getValueType()->isPointerTy())
      continue;
    if (!isa<ConstantExpr>(variable.getInitializer()))
      continue;
    for (User *user : make_early_inc_range(variable.users()))
      if (auto *load = dyn_cast<LoadInst>(user); load && load->getType() == variable.getValueType()) {
        load->replaceAllUsesWith(variable.getInitializer());
        load->eraseFromParent();
      }
  }
}

void refuse(const Instruction &instruction, const Twine &message) {
  const Function &function = *instruction.getFunction();
  function.getContext().diagnose(DiagnosticInfoUnsupported(function, message, instruction.getDebugLoc()));
}

// A call by number is a call of an integer converted to a pointer; any other computed callee is a real
// indirect call.
bool is_indirect_call(const CallBase &call) {
  const Value *callee = call.getCalledOperand()->stripPointerCasts();
  if (call.isInlineAsm() || isa<Function>(callee))
    return false;
  auto *expression = dyn_cast<ConstantExpr>(callee);
  return !(expression && expression->getOpcode() == Instruction::IntToPtr);
}

// The back end ends in a fatal error at these, or makes code that no kernel accepts.
void refuse_unsupported(Module &module) {
  for (Function &function : module) {
    for (Instruction &instruction : instructions(function)) {
      if (auto *call = dyn_cast<CallBase>(&instruction); call && is_indirect_call(*call))
        refuse(instruction, "indirect call: BPF calls functions by name and helpers by number only");
      else if (isa<IndirectBrInst>(instruction))
        refuse(instruction, "computed goto: BPF has no indirect jump");
      else if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&instruction);
               exchange && exchange->getNewValOperand()->getType()->getPrimitiveSizeInBits() < 32)
        refuse(instruction,
               "atomic compare-and-exchange of less than 32 bits: BPF has it for 32 and 64 bits");
      else if (auto *update = dyn_cast<AtomicRMWInst>(&instruction);
               update && update->getType()->getPrimitiveSizeInBits() < 32)
        refuse(instruction, "atomic operation on less than 32 bits: BPF has it for 32 and 64 bits");
    }
  }
}

// With these flags the back end still turns debug information into BTF, and writes no DWARF. They are set
// last: the optimiser's output must not depend on them.
void drop_dwarf(Module &module) {
  module.setModuleFlag(Module::Warning, "Dwarf Version", 0u);
  module.setModuleFlag(Module::Warning, "CodeView", 1u);
}

struct EarlyPass : PassInfoMixin<EarlyPass> {
  static bool isRequired() { return true; }
  PreservedAnalyses run(Module &module, ModuleAnalysisManager &) {
    fold_helper_pointers(module);
    return PreservedAnalyses::none();
  }
};

struct LatePass : PassInfoMixin<LatePass> {
  CodePassOptions options;
  explicit LatePass(const CodePassOptions &options) : options(options) {}
  static bool isRequired() { return true; }
  PreservedAnalyses run(Module &module, ModuleAnalysisManager &) {
    refuse_unsupported(module);
    if (!options.keep_dwarf)
      drop_dwarf(module);
    return PreservedAnalyses::none();
  }
};

} // namespace

void register_code_passes(PassBuilder &builder, const CodePassOptions &options) {
  builder.registerPipelineStartEPCallback(
      [](ModulePassManager &passes, OptimizationLevel) { passes.addPass(EarlyPass()); });
  builder.registerOptimizerLastEPCallback(
      [options](ModulePassManager &passes, OptimizationLevel) { passes.addPass(LatePass(options)); });
}

} // namespace bpfcc
