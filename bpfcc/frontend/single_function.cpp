// SPDX-License-Identifier: MIT OR Apache-2.0
// A constant is stored to the stack piece by piece, as immediate values: a copy would read the data section
// that the kernel does not load. A constant that one call uses lives only around it, so that the back end can
// give several of them the same place in the 512 bytes of stack.
#include "bpfcc/frontend/single_function.h"
#include "llvm/Analysis/ConstantFolding.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Transforms/Utils/Local.h"

namespace bpfcc {
namespace {
using namespace llvm;

// Declarations that stand for something outside (maps) and variables in sections of their own (licence) are
// not ours.
bool is_movable_constant(const GlobalVariable &variable) {
  return variable.isConstant() && variable.hasDefinitiveInitializer() && !variable.hasSection();
}

// Stores the constant's bytes [from, from + size) at destination. False: it holds an address, which no
// immediate can.
bool store_constant(IRBuilder<> &builder, Value *destination, Align align, const GlobalVariable &variable,
                    uint64_t from, uint64_t size) {
  const DataLayout &layout = variable.getParent()->getDataLayout();
  auto *initializer = const_cast<Constant *>(variable.getInitializer());
  for (uint64_t done = 0; done < size;) {
    uint64_t piece = std::min<uint64_t>(8, commonAlignment(align, done).value());
    while (piece > size - done)
      piece /= 2;
    Type *type = builder.getIntNTy(static_cast<unsigned>(piece * 8));
    Constant *value = ConstantFoldLoadFromConst(initializer, type, APInt(64, from + done), layout);
    if (!value || !isa<ConstantInt, UndefValue>(value))
      return false;
    builder.CreateAlignedStore(
        value, builder.CreateConstInBoundsGEP1_64(builder.getInt8Ty(), destination, done), Align(piece));
    done += piece;
  }
  return true;
}

// memcpy(local, constant, n) becomes the stores themselves: `char text[] = "..."` needs no second copy.
bool expand_copy(MemCpyInst &copy, const GlobalVariable &variable) {
  auto *length = dyn_cast<ConstantInt>(copy.getLength());
  const DataLayout &layout = variable.getParent()->getDataLayout();
  APInt offset(64, 0);
  const Value *base = copy.getSource()->stripAndAccumulateConstantOffsets(layout, offset, true);
  if (!length || base != &variable || copy.isVolatile())
    return false;
  IRBuilder<> builder(&copy);
  Align align =
      getOrEnforceKnownAlignment(copy.getDest(), Align(8), layout, &copy); // a local can be aligned better
  if (!store_constant(builder, copy.getDest(), align, variable, offset.getZExtValue(),
                      length->getZExtValue()))
    return false;
  copy.eraseFromParent();
  return true;
}

// Every use of the constant in one function becomes a use of a copy on the stack.
void move_to_stack(GlobalVariable &variable, Function &function, ArrayRef<Instruction *> users) {
  uint64_t size = variable.getParent()->getDataLayout().getTypeAllocSize(variable.getValueType());
  IRBuilder<> entry(&*function.getEntryBlock().getFirstInsertionPt());
  AllocaInst *copy = entry.CreateAlloca(variable.getValueType(), nullptr, variable.getName());
  copy->setAlignment(Align(8));

  auto *only_call = users.size() == 1 ? dyn_cast<CallInst>(users.front()) : nullptr;
  IRBuilder<> builder(only_call ? cast<Instruction>(only_call) : copy->getNextNode());
  ConstantInt *bytes = builder.getInt64(size);
  if (only_call)
    builder.CreateLifetimeStart(copy, bytes);
  if (!store_constant(builder, copy, Align(8), variable, 0, size))
    return; // refuse_calls_data_and_atomics reports it
  if (only_call) {
    builder.SetInsertPoint(only_call->getNextNode());
    builder.CreateLifetimeEnd(copy, bytes);
  }
  for (Instruction *user : users)
    user->replaceUsesOfWith(&variable, copy);
}

const GlobalVariable *data_operand(const Instruction &instruction) {
  for (const Use &operand : instruction.operands()) {
    auto *constant = dyn_cast<Constant>(operand.get());
    auto *variable = constant ? dyn_cast<GlobalVariable>(constant->stripInBoundsOffsets()) : nullptr;
    if (variable && !variable->isDeclaration())
      return variable;
  }
  return nullptr;
}

} // namespace

void inline_everything(Module &module) {
  for (Function &function : module) {
    bool called = any_of(function.users(), [](const User *user) { return isa<CallBase>(user); });
    if (function.isDeclaration() || !called)
      continue;
    function.removeFnAttr(Attribute::NoInline);
    function.removeFnAttr(Attribute::OptimizeNone);
    function.addFnAttr(Attribute::AlwaysInline);
    if (!function.hasSection())
      function.setLinkage(GlobalValue::InternalLinkage);
  }
}

void move_constants_to_stack(Module &module) {
  SmallVector<Constant *, 8> constants;
  for (GlobalVariable &variable : module.globals())
    if (is_movable_constant(variable))
      constants.push_back(&variable);
  // Address arithmetic inside of constant expressions becomes instructions, whose operand is then the
  // variable itself.
  convertUsersOfConstantsToInstructions(constants);

  for (Constant *constant : constants) {
    auto &variable = *cast<GlobalVariable>(constant);
    for (User *user : make_early_inc_range(variable.users()))
      if (auto *copy = dyn_cast<MemCpyInst>(user))
        expand_copy(*copy, variable);
    MapVector<Function *, SmallVector<Instruction *, 4>> users;
    for (User *user : variable.users())
      if (auto *instruction = dyn_cast<Instruction>(user);
          instruction && !is_contained(users[instruction->getFunction()], instruction))
        users[instruction->getFunction()].push_back(instruction);
    for (auto &[function, instructions] : users)
      move_to_stack(variable, *function, instructions);
    if (variable.use_empty() && variable.hasLocalLinkage())
      variable.eraseFromParent();
  }
}

void refuse_calls_data_and_atomics(Module &module) {
  for (Function &function : module)
    for (Instruction &instruction : instructions(function)) {
      if (auto *call = dyn_cast<CallBase>(&instruction)) {
        const Function *callee = call->getCalledFunction();
        if (callee && !callee->isDeclaration())
          refuse(
              instruction,
              "call of function '" + callee->getName() +
                  "', which cannot be inlined; kernels of profile 'zcore' have no calls between functions");
      }
      if (const GlobalVariable *variable = data_operand(instruction))
        refuse(instruction,
               "reference to '" + variable->getName() +
                   "'; kernels of profile 'zcore' have no global data: use a map or a local variable");
      if (isa<AtomicRMWInst, AtomicCmpXchgInst>(instruction))
        refuse(instruction, "atomic operation; kernels of profile 'zcore' have none");
    }
}

} // namespace bpfcc
