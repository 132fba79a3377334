// SPDX-License-Identifier: MIT OR Apache-2.0
// Code generation still has the function's IR beside it, so the variables are its allocas, named by debug
// information.
#include "bpfcc/frontend/stack_report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace bpfcc {
namespace {
using namespace llvm;

struct Local {
  std::string name; // empty: made by the compiler
  unsigned line = 0;
  uint64_t size = 0;
};

constexpr StringRef kBackEndMessage = "Looks like the BPF stack limit is exceeded";
constexpr unsigned kListed = 4; // variables named in the message

// Debug information ties a variable to its memory in two ways (declare, assign), each in two forms (record,
// intrinsic).
const DILocalVariable *variable_in(AllocaInst *alloca) {
  for (const DbgVariableRecord *record : findDVRDeclares(alloca))
    return record->getVariable();
  for (const DbgVariableRecord *record : at::getDVRAssignmentMarkers(alloca))
    return record->getVariable();
  for (const DbgDeclareInst *intrinsic : findDbgDeclares(alloca))
    return intrinsic->getVariable();
  for (const DbgAssignIntrinsic *intrinsic : at::getAssignmentMarkers(alloca))
    return intrinsic->getVariable();
  return nullptr;
}

SmallVector<Local, 8> locals_of(const Function &function) {
  SmallVector<Local, 8> locals;
  const DataLayout &layout = function.getParent()->getDataLayout();
  for (const Instruction &instruction : instructions(function)) {
    auto *alloca = dyn_cast<AllocaInst>(&instruction);
    if (!alloca)
      continue;
    Local local;
    if (auto size = alloca->getAllocationSize(layout); size && !size->isScalable())
      local.size = size->getFixedValue();
    auto *value = const_cast<AllocaInst *>(alloca);
    const DILocalVariable *variable = variable_in(const_cast<AllocaInst *>(alloca));
    if (variable) {
      local.name = variable->getName();
      local.line = variable->getLine();
    }
    locals.push_back(local);
  }
  stable_sort(locals, [](const Local &a, const Local &b) { return a.size > b.size; });
  return locals;
}

std::string explain(const Function &function, unsigned limit) {
  std::string text =
      ("stack of '" + function.getName() + "' is larger than " + Twine(limit) + " bytes").str();
  SmallVector<Local, 8> locals = locals_of(function);
  for (const auto &[index, local] : enumerate(locals)) {
    if (index == kListed || !local.size)
      break;
    text += index ? ", " : "; it holds ";
    text += local.name.empty() ? "a temporary" : "'" + local.name + "'";
    text += " (" + std::to_string(local.size) + " bytes";
    text += local.line ? ", line " + std::to_string(local.line) + ")" : ")";
  }
  return text + "; keep large data in a map";
}

class StackReport : public DiagnosticHandler {
public:
  StackReport(std::unique_ptr<DiagnosticHandler> next, unsigned limit)
      : next_(std::move(next)), limit_(limit) {}

  bool handleDiagnostics(const DiagnosticInfo &info) override {
    auto *unsupported = dyn_cast<DiagnosticInfoUnsupported>(&info);
    if (!unsupported || !StringRef(unsupported->getMessage().str()).starts_with(kBackEndMessage))
      return next_->handleDiagnostics(info);
    const Function &function = unsupported->getFunction();
    if (!reported_.insert(&function).second)
      return true;
    return next_->handleDiagnostics(
        DiagnosticInfoUnsupported(function, explain(function, limit_), function.getSubprogram()));
  }

  bool isAnalysisRemarkEnabled(StringRef pass) const override { return next_->isAnalysisRemarkEnabled(pass); }
  bool isMissedOptRemarkEnabled(StringRef pass) const override {
    return next_->isMissedOptRemarkEnabled(pass);
  }
  bool isPassedOptRemarkEnabled(StringRef pass) const override {
    return next_->isPassedOptRemarkEnabled(pass);
  }
  bool isAnyRemarkEnabled() const override { return next_->isAnyRemarkEnabled(); }

private:
  std::unique_ptr<DiagnosticHandler> next_;
  unsigned limit_;
  SmallPtrSet<const Function *, 4> reported_;
};

} // namespace

void install_stack_report(LLVMContext &context, unsigned limit) {
  context.setDiagnosticHandler(std::make_unique<StackReport>(context.getDiagnosticHandler(), limit), true);
}

} // namespace bpfcc
