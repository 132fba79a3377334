// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs before the optimiser (fold_helper_pointers, inline_everything) and after it (refuse_unsupported,
// align_counters, drop_dwarf).
#include "bpfcc/frontend/code_passes.h"
#include "bpfcc/frontend/align_counters.h"
#include "bpfcc/frontend/single_function.h"
#include "bpfcc/frontend/stack_report.h"
#include "llvm/ADT/SCCIterator.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/CallGraph.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DebugInfoMetadata.h"
#include "llvm/IR/DebugProgramInstruction.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Intrinsics.h"
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

// A call by number is a call of an integer converted to a pointer; any other computed callee is a real
// indirect call.
bool is_indirect_call(const CallBase &call) {
  const Value *callee = call.getCalledOperand()->stripPointerCasts();
  if (call.isInlineAsm() || isa<Function>(callee))
    return false;
  auto *expression = dyn_cast<ConstantExpr>(callee);
  return !(expression && expression->getOpcode() == Instruction::IntToPtr);
}

constexpr unsigned kMaxArguments = 5; // r1 to r5

bool is_floating_point(const Instruction &instruction) {
  if (isa<BinaryOperator, UnaryOperator>(instruction))
    return instruction.getType()->isFPOrFPVectorTy();
  if (auto *cast = dyn_cast<CastInst>(&instruction); cast && !isa<BitCastInst>(cast))
    return cast->getSrcTy()->isFPOrFPVectorTy() || cast->getDestTy()->isFPOrFPVectorTy();
  return isa<FCmpInst>(instruction);
}

// What an instruction asks of BPF that it does not have; empty: nothing.
StringRef unsupported(const Instruction &instruction) {
  if (auto *call = dyn_cast<CallBase>(&instruction); call && is_indirect_call(*call))
    return "indirect call: BPF calls functions by name and helpers by number only";
  if (auto *call = dyn_cast<CallBase>(&instruction);
      call && call->arg_size() > kMaxArguments && !isa<IntrinsicInst>(call))
    return "call with more than 5 arguments: BPF passes them in 5 registers";
  if (auto *call = dyn_cast<CallBase>(&instruction); call && call->hasByValArgument())
    return "structure of more than 16 bytes passed by value: pass a pointer to it";
  if (is_floating_point(instruction))
    return "floating point: BPF has only integers";
  if (auto *intrinsic = dyn_cast<IntrinsicInst>(&instruction);
      intrinsic && (intrinsic->getIntrinsicID() == Intrinsic::returnaddress ||
                    intrinsic->getIntrinsicID() == Intrinsic::frameaddress))
    return "return or frame address: a BPF program cannot look at its call stack";
  if (isa<VAArgInst>(instruction))
    return "variable arguments: BPF functions have a fixed number of them";
  if (auto *result = dyn_cast<ReturnInst>(&instruction);
      result && result->getReturnValue() &&
      result->getReturnValue()->getType()->getPrimitiveSizeInBits() > 64)
    return "result of more than 64 bits: BPF returns one register";
  if (isa<IndirectBrInst>(instruction))
    return "computed goto: BPF has no indirect jump";
  if (auto *exchange = dyn_cast<AtomicCmpXchgInst>(&instruction);
      exchange && exchange->getNewValOperand()->getType()->getPrimitiveSizeInBits() < 32)
    return "atomic compare-and-exchange of less than 32 bits: BPF has it for 32 and 64 bits";
  if (auto *update = dyn_cast<AtomicRMWInst>(&instruction);
      update && update->getType()->getPrimitiveSizeInBits() < 32)
    return "atomic operation on less than 32 bits: BPF has it for 32 and 64 bits";
  return {};
}

// The back end ends in a fatal error at these, or makes code that no kernel accepts. A function with an error
// does not reach it, so that errors in others are reported in the same run.
void refuse_unsupported(Module &module) {
  for (Function &function : module) {
    bool refused = false;
    for (Instruction &instruction : instructions(function))
      if (StringRef reason = unsupported(instruction); !reason.empty()) {
        refuse(instruction, reason);
        refused = true;
      }
    if (refused)
      function.deleteBody();
  }
}

// The assembler keeps one symbol for each section, so "char license[] SEC("license")" would be defined twice.
// A variable is found through its section, not its name, and can be renamed; a function's name is the
// program's.
void separate_names_from_sections(Module &module) {
  StringSet<> sections;
  for (const GlobalObject &object : module.global_objects())
    if (object.hasSection())
      sections.insert(object.getSection());
  for (GlobalVariable &variable : module.globals())
    if (sections.contains(variable.getName()))
      variable.setName("_" + variable.getName());
  for (const Function &function : module)
    if (!function.isDeclaration() && sections.contains(function.getName()))
      function.getContext().diagnose(DiagnosticInfoUnsupported(
          function, "function '" + function.getName() + "' has the name of a section: rename one of them",
          function.getSubprogram()));
}

// Without optimisation clang does not list a function's parameters, from which BTF has their names; and C lets people leave
// them out. Kernels refuse a function with a parameter that has none.
void name_parameters(Function &function) {
  DISubprogram *subprogram = function.getSubprogram();
  if (!subprogram || !subprogram->getType())
    return;
  DITypeRefArray types = subprogram->getType()->getTypeArray(); // the result's first
  if (types.size() < 2)
    return;
  SmallVector<Metadata *, 8> nodes;
  SmallVector<bool, 8> named(types.size());
  auto add = [&](DILocalVariable *variable) {
    if (!variable->getArg() || variable->getArg() >= named.size() || variable->getName().empty() ||
        variable->getScope() != subprogram || named[variable->getArg()])
      return;
    named[variable->getArg()] = true;
    nodes.push_back(variable);
  };
  for (DINode *node : subprogram->getRetainedNodes()) {
    auto *variable = dyn_cast<DILocalVariable>(node);
    if (variable && variable->getArg())
      add(variable);
    else
      nodes.push_back(node);
  }
  for (Instruction &instruction : instructions(function)) {
    for (DbgVariableRecord &record : filterDbgVars(instruction.getDbgRecordRange()))
      add(record.getVariable());
    if (auto *intrinsic = dyn_cast<DbgVariableIntrinsic>(&instruction))
      add(intrinsic->getVariable());
  }
  for (unsigned i = 1; i < types.size(); i++)
    if (!named[i] && types[i]) // null: "..."
      nodes.push_back(DILocalVariable::get(function.getContext(), subprogram, ("arg" + Twine(i)).str(),
                                           subprogram->getFile(), subprogram->getLine(), types[i], i,
                                           DINode::FlagZero, /*AlignInBits=*/0, /*Annotations=*/nullptr));
  subprogram->replaceRetainedNodes(MDTuple::get(function.getContext(), nodes));
}

// With these flags the back end still turns debug information into BTF, and writes no DWARF. They are set
// last: the optimiser's output must not depend on them.
void drop_dwarf(Module &module) {
  module.setModuleFlag(Module::Warning, "Dwarf Version", 0u);
  module.setModuleFlag(Module::Warning, "CodeView", 1u);
}

// A function that calls itself, through others or not, before the optimiser makes loops of such calls.
void find_self_calls(Module &module, std::map<std::string, SourceLocation> &found) {
  CallGraph graph(module);
  for (auto cycle = scc_begin(&graph); !cycle.isAtEnd(); ++cycle) {
    if (!cycle.hasCycle())
      continue;
    SmallPtrSet<const Function *, 8> members;
    for (const CallGraphNode *node : *cycle)
      members.insert(node->getFunction());
    for (const Function *function : members)
      for (const Instruction &instruction : instructions(*function)) {
        auto *call = dyn_cast<CallBase>(&instruction);
        const DILocation *where = instruction.getDebugLoc();
        if (!call || !where || !members.contains(call->getCalledFunction()))
          continue;
        found.emplace(function->getName().str(), SourceLocation{where->getFilename().str(), where->getLine(),
                                                                where->getColumn(), {}});
        break;
      }
  }
}

struct EarlyPass : PassInfoMixin<EarlyPass> {
  CodePassOptions options;
  explicit EarlyPass(const CodePassOptions &options) : options(options) {}
  static bool isRequired() { return true; }
  PreservedAnalyses run(Module &module, ModuleAnalysisManager &) {
    fold_helper_pointers(module);
    for (Function &function : module)
      name_parameters(function);
    if (options.self_calls)
      find_self_calls(module, *options.self_calls);
    if (options.single_function)
      inline_everything(module);
    return PreservedAnalyses::none();
  }
};

struct LatePass : PassInfoMixin<LatePass> {
  CodePassOptions options;
  explicit LatePass(const CodePassOptions &options) : options(options) {}
  static bool isRequired() { return true; }
  PreservedAnalyses run(Module &module, ModuleAnalysisManager &) {
    refuse_unsupported(module);
    if (options.single_function) {
      move_constants_to_stack(module);
      refuse_calls_data_and_atomics(module);
    }
    separate_names_from_sections(module);
    align_counters(module);
    install_stack_report(module.getContext(), options.stack_limit);
    if (!options.keep_dwarf)
      drop_dwarf(module);
    return PreservedAnalyses::none();
  }
};

} // namespace

void refuse(const Instruction &instruction, const Twine &message) {
  const Function &function = *instruction.getFunction();
  function.getContext().diagnose(DiagnosticInfoUnsupported(function, message, instruction.getDebugLoc()));
}

void register_code_passes(PassBuilder &builder, const CodePassOptions &options) {
  builder.registerPipelineStartEPCallback(
      [options](ModulePassManager &passes, OptimizationLevel) { passes.addPass(EarlyPass(options)); });
  builder.registerOptimizerLastEPCallback(
      [options](ModulePassManager &passes, OptimizationLevel) { passes.addPass(LatePass(options)); });
}

} // namespace bpfcc
