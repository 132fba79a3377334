// SPDX-License-Identifier: MIT OR Apache-2.0
#include "machine.h"
#include "../unit/concrete_alu.h"
#include "core/profile/profile.h"
#include "core/verifier/cfg.h"
#include "core/verifier/held.h"
#include <algorithm>
#include <cstring>

namespace kbpf::soundness {
namespace {

Machine *running; // that helpers call back

std::string number(int64_t value) { return std::to_string(value); }

} // namespace

uint64_t machine_call_back(uint64_t handle, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5) {
  return running->call_back(handle, {a1, a2, a3, a4, a5}).value;
}

void Machine::report(std::string text) {
  if (fault_.empty())
    fault_ = std::move(text) + ", at instruction " + number(insn_);
  stopped_ = true;
}

uint32_t Machine::function_at(uint32_t first_insn) const {
  return static_cast<uint32_t>(std::lower_bound(code_->starts.begin(), code_->starts.end(), first_insn) -
                               code_->starts.begin());
}

void Machine::run(const Code &code, MachineObserver *observer, uint32_t most_steps) {
  code_ = &code;
  observer_ = observer;
  most_steps_ = most_steps;
  frame_count_ = steps_ = may_gotos_ = 0;
  depends_on_frames_ = false;
  stopped_ = false;
  fault_.clear();
  running = this;
  world_.call_back = machine_call_back;
  if (!enter(0, 0, false))
    return;
  frame().regs[1] = {world_.context(), World::kContextRegion, true};
  execute(0);
  result_ = result_word_.value;
  if (!stopped_ && (world_.held() || world_.is_locked()))
    report("the program has ended, " + number(world_.held()) + " references are held" +
           (world_.is_locked() ? " and a lock" : ""));
}

// Later, each on its own, as timers go off: one may take as many instructions as a program.
void Machine::run_timers() {
  const uint32_t steps = steps_;
  timer_steps_ = 0;
  for (const World::Timer &timer : world_.timers()) {
    const uint16_t value = world_.value_region_at(timer.value), key = world_.key_region(value);
    if (!enter(static_cast<uint32_t>((timer.function - world_.function_handle(0)) / 16), 0, true))
      return;
    Word *regs = frame().regs;
    regs[1] = {world_.maps()[timer.map].handle, world_.map_region(timer.map), true};
    regs[2] = {world_.region(key).base, key, true};
    regs[3] = {world_.region(value).base, value, true};
    steps_ = 0;
    execute(frame().first_insn);
    timer_steps_ = std::max(timer_steps_, steps_);
    if (!stopped_ && (result_word_.value != 0 || world_.held() || world_.is_locked()))
      report("a timer's function ends with " + number(static_cast<int64_t>(result_word_.value)) + " and " +
             number(world_.held()) + " references");
    if (stopped_)
      break;
  }
  steps_ = steps;
}

bool Machine::enter(uint32_t function, uint32_t return_to, bool is_callback) {
  if (frame_count_ == KBPF_MAX_CALL_FRAMES) {
    report("more than 8 frames");
    return false;
  }
  const Subprogram &verified = code_->verified->subprograms()[function];
  const uint64_t end = reinterpret_cast<uint64_t>(world_.stack().data()) + KBPF_MAX_CALL_FRAMES * 512;
  MachineFrame &next = frames_[frame_count_];
  next.function = function;
  next.first_insn = code_->starts[function];
  next.return_to = return_to;
  next.is_callback = is_callback;
  next.top = frame_count_ ? frames_[frame_count_ - 1].top - frames_[frame_count_ - 1].bytes : end;
  next.bytes = verified.stack_depth;
  if (end - (next.top - next.bytes) > code_->verified->stack_depth()) {
    report("the stack is deeper than the " + number(code_->verified->stack_depth()) +
           " bytes that were found");
    return false;
  }
  std::fill(std::begin(next.regs), std::end(next.regs), Word());
  std::fill(std::begin(next.slots), std::end(next.slots), 0);
  next.written.reset();
  next.regs[KBPF_REG_FP] = {next.top, static_cast<uint16_t>(World::kFirstFrameRegion + frame_count_), true};
  memset(reinterpret_cast<void *>(next.top - next.bytes), verified.zero_stack ? 0 : 0xa5, next.bytes);
  if (verified.zero_stack && !hides_addresses())
    next.written.set();
  world_.set_frame(frame_count_, next.top, next.bytes);
  frame_count_++;
  return true;
}

const Word &Machine::read(unsigned reg) {
  const Word &word = frame().regs[reg];
  if (!word.is_written)
    report("r" + number(reg) + " is read and holds nothing");
  return word;
}
Word &Machine::write(unsigned reg) {
  if (reg == KBPF_REG_FP)
    report("r10 is written");
  Word &word = frame().regs[reg];
  word.is_written = true;
  return word;
}

MachineFrame *Machine::frame_at(uint64_t address) {
  for (uint32_t f = 0; f < frame_count_; f++)
    if (address < frames_[f].top && address >= frames_[f].top - frames_[f].bytes)
      return &frames_[f];
  return nullptr;
}
uint16_t *Machine::slot_at(uint64_t address, uint64_t size) {
  MachineFrame *at = frame_at(address);
  return at && size == 8 && (at->top - address) % 8 == 0 ? &at->slots[(at->top - address) / 8 - 1] : nullptr;
}
void Machine::forget_slots(uint64_t address, uint64_t size) {
  MachineFrame *at = frame_at(address);
  for (uint64_t i = 0; at && i < size; i++)
    at->slots[(at->top - (address + i) - 1) / 8] = 0;
}

bool Machine::access(const Word &at, int64_t off, uint64_t size, bool writes, bool reads, bool by_helper) {
  const uint64_t address = at.value + static_cast<uint64_t>(off);
  const Region &region = world_.region(at.region);
  const char *what = nullptr;
  if (at.region == 0)
    what = "through a number";
  else if (!region.is_alive)
    what = "to what was given back";
  else if (address < region.base || size > region.size || address - region.base > region.size - size)
    what = "outside of its object";
  else if (writes && !region.is_writable)
    what = "of a write to what may only be read";
  else if (region.kind == Region::Kind::stack && region.frame >= frame_count_)
    what = "to a frame that was left";
  else if (region.kind == Region::Kind::value &&
           is_special(region.is_inner ? *world_.maps()[region.map].inner : world_.maps()[region.map],
                      static_cast<int64_t>(address - region.base),
                      static_cast<int64_t>(address - region.base + size)))
    what = "to a field of the kernel";
  if (what) {
    report("an access " + std::string(what) + ": " + number(static_cast<int64_t>(size)) +
           " bytes at offset " + number(static_cast<int64_t>(address - region.base)) + " of " +
           number(region.size) + ", region " + number(at.region) + " of kind " +
           number(static_cast<int>(region.kind)));
    return false;
  }
  if (region.kind != Region::Kind::stack)
    return true;
  MachineFrame &frame = frames_[region.frame];
  for (uint64_t i = 0; i < size && reads; i++)
    if (!frame.written[frame.top - (address + i) - 1]) {
      report("bytes of the stack are read that nobody wrote, and the frame is not cleared");
      return false;
    }
  while (const uint32_t object = world_.object_in(address, address + size)) {
    if (reads || world_.object(object).kind != World::Object::Kind::local_dynptr) {
      report("an access to an object on the stack");
      return false;
    }
    world_.end_object(object);
  }
  if (writes && !by_helper)
    mark_written(at, off, size);
  return true;
}

void Machine::mark_written(const Word &at, int64_t off, uint64_t size) {
  const Region &region = world_.region(at.region);
  if (region.kind != Region::Kind::stack)
    return;
  MachineFrame &frame = frames_[region.frame];
  for (uint64_t i = 0; i < size; i++)
    frame.written.set(frame.top - (at.value + static_cast<uint64_t>(off) + i) - 1);
}

void Machine::execute(uint32_t insn) {
  const uint32_t depth = frame_count_;
  const std::span<const Insn> insns = code_->raw->insns;
  while (!stopped_) {
    if (insn >= insns.size())
      return report("control runs out of the program");
    if (++steps_ > most_steps_) {
      stopped_ = true;
      return;
    }
    if (observer_)
      observer_->before(*this, insn);
    if (stopped_)
      return;
    const Insn &now = insns[insn];
    insn_ = insn;
    switch (now.cls()) {
    case KBPF_CLASS_ALU:
    case KBPF_CLASS_ALU64:
      alu(now);
      insn++;
      break;
    case KBPF_CLASS_LD:
      if (!now.is_ld_imm64())
        return report("a packet load");
      load_wide(now, insns[insn + 1]);
      insn += 2;
      break;
    case KBPF_CLASS_LDX:
      load(now);
      insn++;
      break;
    case KBPF_CLASS_ST:
    case KBPF_CLASS_STX:
      now.is_atomic() ? atomic(now) : store(now);
      insn++;
      break;
    default:
      if (now.is_exit()) {
        result_word_ = frame().regs[0];
        if ((depth == 1 || frame().is_callback) && !result_word_.is_written)
          return report("r0 holds nothing at the end");
        if (depth == 1)
          check_told(result_word_, "by what the program returns");
        while (const uint32_t object = world_.object_in(frame().top - frame().bytes, frame().top)) {
          if (world_.object(object).kind != World::Object::Kind::local_dynptr)
            return report("a frame is left with an object on it");
          world_.end_object(object);
        }
        frame_count_--;
        return;
      }
      if (now.is_call() && now.src() == KBPF_PSEUDO_CALL) {
        const uint32_t target = static_cast<uint32_t>(jump_target(insn, now));
        Word args[5];
        std::copy_n(frame().regs + 1, 5, args);
        if (!enter(function_at(target), insn + 1, false))
          return;
        std::copy_n(args, 5, frame().regs + 1);
        std::fill_n(frames_[frame_count_ - 2].regs, 6, Word());
        execute(target);
        if (stopped_)
          return;
        frame().regs[0] = result_word_;
        insn++;
      } else if (now.is_call()) {
        call_helper(insn, now);
        insn++;
      } else if (now.is_may_goto()) { // the kernel may end it at any time
        const bool is_over = ++may_gotos_ > kMostMayGotos;
        insn = is_over ? static_cast<uint32_t>(jump_target(insn, now)) : insn + 1;
      } else {
        insn = now.code() == KBPF_JMP_JA || takes(now) ? static_cast<uint32_t>(jump_target(insn, now))
                                                       : insn + 1;
      }
    }
  }
}

void Machine::alu(const Insn &insn) {
  const bool is_64 = insn.cls() == KBPF_CLASS_ALU64;
  Word src{static_cast<uint64_t>(int64_t{insn.imm}), 0, true};
  const bool one_operand = insn.code() == KBPF_ALU_END || insn.code() == KBPF_ALU_NEG;
  if (insn.src_is_reg() && !one_operand)
    src = read(insn.src());
  Word dst;
  if (insn.code() != KBPF_ALU_MOV)
    dst = read(insn.dst());
  Word result;
  if (insn.code() == KBPF_ALU_END) {
    const unsigned bits = static_cast<unsigned>(insn.imm);
    const bool swap = is_64 || insn.src_is_reg();
    result.value = swap ? swap_bytes(dst.value, bits) : truncate(dst.value, bits);
  } else if (is_64) {
    result.value = test::compute<uint64_t>(insn.code(), insn.off, dst.value, src.value);
    if (insn.code() == KBPF_ALU_MOV && insn.off == 0)
      result.region = src.region;
    else if (insn.code() == KBPF_ALU_ADD)
      result.region = dst.region ? (src.region ? 0 : dst.region) : src.region;
    else if (insn.code() == KBPF_ALU_SUB)
      result.region = src.region ? 0 : dst.region;
  } else {
    result.value = test::compute<uint32_t>(insn.code(), insn.off, static_cast<uint32_t>(dst.value),
                                           static_cast<uint32_t>(src.value));
  }
  check_computed(insn, dst, src, result);
  Word &to = write(insn.dst());
  to.value = result.value;
  to.region = result.region;
}

bool Machine::takes(const Insn &insn) {
  const auto is_in_frame = [&](const Word &word) {
    return world_.region(word.region).kind == Region::Kind::stack;
  };
  const Word dst = read(insn.dst());
  const Word src =
      insn.src_is_reg() ? read(insn.src()) : Word{static_cast<uint64_t>(int64_t{insn.imm}), 0, true};
  check_compared(insn, dst, src);
  const uint64_t a = dst.value, b = src.value;
  depends_on_frames_ |= is_in_frame(read(insn.dst())) || (insn.src_is_reg() && is_in_frame(read(insn.src())));
  return insn.cls() == KBPF_CLASS_JMP
             ? test::holds<uint64_t>(insn.code(), a, b)
             : test::holds<uint32_t>(insn.code(), static_cast<uint32_t>(a), static_cast<uint32_t>(b));
}

void Machine::load_wide(const Insn &insn, const Insn &second) {
  Word &to = write(insn.dst());
  to.region = 0;
  const uint32_t index = static_cast<uint32_t>(insn.imm);
  if (insn.src() == 0) {
    to.value = static_cast<uint32_t>(insn.imm) | uint64_t{static_cast<uint32_t>(second.imm)} << 32;
  } else if (insn.src() == KBPF_PSEUDO_FUNC) {
    const uint32_t at = static_cast<uint32_t>(&insn - code_->raw->insns.data());
    const uint32_t function = function_at(static_cast<uint32_t>(function_target(at, insn)));
    to.value = world_.function_handle(function);
    to.region = world_.function_region(function);
  } else if (index >= kMaps) {
    report("a map that does not exist");
  } else if (insn.src() == KBPF_PSEUDO_MAP_IDX) {
    to.value = world_.maps()[index].handle;
    to.region = world_.map_region(index);
  } else {
    to.value = world_.maps()[index].value_address + static_cast<uint32_t>(second.imm);
    to.region = world_.value_region(index, 0);
  }
}

void Machine::load(const Insn &insn) {
  const Word base = read(insn.src());
  const unsigned size = insn.access_bytes();
  if (stopped_ || !access(base, insn.off, size, false, true))
    return;
  const uint64_t address = base.value + static_cast<uint64_t>(int64_t{insn.off});
  Word result;
  if (const ContextField *field = base.region == World::kContextRegion
                                      ? code_->raw->type->context->field_at(address - world_.context())
                                      : nullptr;
      field && field->access.kind != FieldAccess::Kind::number) {
    using Kind = FieldAccess::Kind;
    result.region = field->access.kind == Kind::packet        ? World::kPacketRegion
                    : field->access.kind == Kind::packet_meta ? World::kMetaRegion
                                                              : World::kEndRegion;
    result.value = world_.region(result.region).base;
  } else {
    memcpy(&result.value, reinterpret_cast<const void *>(address), size);
    if (insn.mode() == KBPF_MODE_MEMSX)
      result.value = sign_extend(result.value, size * 8);
    if (const uint16_t *slot = slot_at(address, size))
      result.region = *slot;
    check_loaded(address, size, result.region != 0);
  }
  Word &to = write(insn.dst());
  to.value = result.value;
  to.region = result.region;
}

void Machine::store(const Insn &insn) {
  const Word base = read(insn.dst());
  Word value{static_cast<uint64_t>(int64_t{insn.imm}), 0, true};
  if (insn.cls() == KBPF_CLASS_STX)
    value = read(insn.src());
  const unsigned size = insn.access_bytes();
  if (stopped_ || !access(base, insn.off, size, true, false))
    return;
  check_stored(base, value, size);
  const uint64_t address = base.value + static_cast<uint64_t>(int64_t{insn.off});
  memcpy(reinterpret_cast<void *>(address), &value.value, size);
  forget_slots(address, size);
  if (uint16_t *slot = slot_at(address, size))
    *slot = value.region;
}

void Machine::atomic(const Insn &insn) {
  if (insn.is_load_acquire() || insn.is_store_release())
    return insn.is_load_acquire() ? load(insn) : store(insn);
  const Word base = read(insn.dst());
  const Word src = read(insn.src());
  const bool exchanges = insn.imm == KBPF_ATOMIC_CMPXCHG;
  const uint64_t expected = exchanges ? read(0).value : 0;
  const unsigned size = insn.access_bytes();
  if (stopped_ || !access(base, insn.off, size, true, true))
    return;
  const uint64_t address = base.value + static_cast<uint64_t>(int64_t{insn.off});
  if (address % size != 0)
    return report("an atomic operation that is not aligned");
  check_told(src, "by an atomic operation");
  if (exchanges)
    check_told(read(0), "by an atomic operation");
  check_loaded(address, size, false);
  uint64_t old = 0, result;
  memcpy(&old, reinterpret_cast<const void *>(address), size);
  const uint16_t *slot = slot_at(address, size);
  const uint16_t old_region = slot ? *slot : uint16_t{0};
  switch (insn.imm & ~KBPF_ATOMIC_FETCH) {
  case KBPF_ATOMIC_ADD:
    result = old + src.value;
    break;
  case KBPF_ATOMIC_OR:
    result = old | src.value;
    break;
  case KBPF_ATOMIC_AND:
    result = old & src.value;
    break;
  case KBPF_ATOMIC_XOR:
    result = old ^ src.value;
    break;
  default: // exchange, compare and exchange
    result = !exchanges || truncate(expected, size * 8) == old ? src.value : old;
  }
  memcpy(reinterpret_cast<void *>(address), &result, size);
  forget_slots(address, size);
  if (!(insn.imm & KBPF_ATOMIC_FETCH) && !exchanges)
    return;
  Word &to = write(exchanges ? 0 : insn.src());
  to.value = old;
  to.region = old_region;
}

void Machine::check_arguments(const HelperProto &proto) {
  const HelperProto *helper = &proto;
  const MapRef *map = nullptr;
  const Word *regs = frame().regs;
  for (unsigned i = 0; i < 5 && !stopped_; i++) {
    const kbpf_arg_type arg = helper->args[i];
    if (arg == KBPF_ARG_NONE || arg == KBPF_ARG_OPTIONAL)
      continue;
    const Word word = read(i + 1);
    const Region &region = world_.region(word.region);
    const uint64_t size = i < 4 ? regs[i + 2].value : 0;
    const auto is_start = [&](Region::Kind kind) {
      return region.kind == kind && region.is_alive && word.value == region.base;
    };
    const auto touch = [&](uint64_t bytes, bool reads, bool writes) {
      if (reads)
        check_loaded(word.value, bytes, false);
      if (bytes != 0 && access(word, 0, bytes, writes, reads, true) && writes) {
        forget_slots(word.value, bytes);
        if (bytes) // its bytes are written
          mark_written(word, 0, bytes);
      }
    };
    switch (arg) {
    case KBPF_ARG_CTX:
      if (!is_start(Region::Kind::context))
        report("an argument is not the context");
      break;
    case KBPF_ARG_MAP:
      if (!is_start(Region::Kind::map))
        return report("an argument is no map");
      map = region.is_inner ? world_.maps()[region.map].inner : &world_.maps()[region.map];
      break;
    case KBPF_ARG_MAP_KEY:
      touch(map->key_size, true, false);
      break;
    case KBPF_ARG_MAP_VALUE:
      touch(map->value_size, true, false);
      break;
    case KBPF_ARG_MAP_VALUE_OUT:
      touch(map->value_size, false, true);
      break;
    case KBPF_ARG_MEM_READ_OR_NULL:
    case KBPF_ARG_MEM_WRITE_OR_NULL:
    case KBPF_ARG_MEM_READ:
    case KBPF_ARG_MEM_WRITE:
    case KBPF_ARG_MEM_READ_WRITE:
      read(i + 2);
      touch(size,
            arg == KBPF_ARG_MEM_READ || arg == KBPF_ARG_MEM_READ_OR_NULL || arg == KBPF_ARG_MEM_READ_WRITE,
            arg == KBPF_ARG_MEM_WRITE || arg == KBPF_ARG_MEM_WRITE_OR_NULL || arg == KBPF_ARG_MEM_READ_WRITE);
      break;
    case KBPF_ARG_ANY_SCALAR:
      check_told(word, "to a helper");
      break;
    case KBPF_ARG_SIZE:
      if (word.value == 0)
        report("a size is 0");
      break;
    case KBPF_ARG_U64_OUT:
      touch(8, false, true);
      break;
    case KBPF_ARG_RECORD:
      if (!is_start(Region::Kind::record))
        report("an argument is no record that is held");
      break;
    case KBPF_ARG_SPIN_LOCK:
    case KBPF_ARG_TIMER: {
      const uint64_t at = arg == KBPF_ARG_SPIN_LOCK ? 0 : 8;
      const uint8_t of = arg == KBPF_ARG_SPIN_LOCK ? kLocked : kTimed;
      if (region.kind != Region::Kind::value || region.map != of || word.value != region.base + at)
        report("an argument is no such field");
      break;
    }
    case KBPF_ARG_FUNC:
      if (!is_start(Region::Kind::function))
        report("an argument is no function");
      break;
    case KBPF_ARG_STACK_OR_NULL:
      if (word.value && region.kind != Region::Kind::stack)
        report("an argument does not point to the stack");
      break;
    case KBPF_ARG_DYNPTR_LOCAL_OUT:
    case KBPF_ARG_DYNPTR_RINGBUF_OUT:
      touch(16, false, true);
      break;
    case KBPF_ARG_ITERATOR_OUT:
      touch(8, false, true);
      break;
    case KBPF_ARG_DYNPTR:
    case KBPF_ARG_DYNPTR_RINGBUF_RELEASE:
    case KBPF_ARG_ITERATOR:
    case KBPF_ARG_ITERATOR_RELEASE: {
      const uint32_t object = region.kind == Region::Kind::stack ? world_.object_at(word.value) : 0;
      const World::Object::Kind kind = world_.object(object).kind;
      using Kind = World::Object::Kind;
      const bool fits = arg == KBPF_ARG_DYNPTR ? kind == Kind::local_dynptr || kind == Kind::ring_dynptr
                        : arg == KBPF_ARG_DYNPTR_RINGBUF_RELEASE ? kind == Kind::ring_dynptr
                                                                 : kind == Kind::iterator;
      if (!object || !fits)
        report("an argument is no such object on the stack");
      break;
    }
    default:
      break;
    }
  }
}

void Machine::call_helper(uint32_t insn_index, const Insn &insn) {
  const HelperProto *proto = code_->raw->profile->helper(static_cast<uint32_t>(insn.imm));
  if (!proto)
    return report("no such helper");
  if (world_.is_locked() && proto->number != kSpinUnlock)
    return report("a helper is called while a lock is held");
  check_arguments(*proto);
  if (stopped_)
    return;
  const HelperFunction function = World::helper(proto->number);
  if (!function)
    return report("a helper that these runs do not have");
  uint64_t args[5];
  for (unsigned i = 0; i < 5; i++)
    args[i] = frame().regs[i + 1].value;
  const uint32_t outer_insn = std::exchange(callback_insn_, insn_index);
  const HelperProto *outer_proto = std::exchange(callback_proto_, proto);
  world_.forget_result();
  const uint64_t result = function(args[0], args[1], args[2], args[3], args[4]);
  stopped_ |= world_.is_exhausted();
  callback_insn_ = outer_insn;
  callback_proto_ = outer_proto;
  if (stopped_)
    return;
  std::fill_n(frame().regs, 6, Word());
  if (proto->ret != KBPF_RET_VOID)
    frame().regs[0] = {result, result ? world_.result_region() : uint16_t{0}, true};
}

// The function begins with what the helper hands on; what that is, the prototype of each says.
Word Machine::call_back(uint64_t handle, const uint64_t (&args)[5]) {
  if (stopped_)
    return {1, 0, true};
  const MachineFrame &caller = frame();
  const uint32_t function = static_cast<uint32_t>((handle - world_.function_handle(0)) / 16);
  Word words[5];
  for (unsigned i = 0; i < 5; i++)
    words[i] = {args[i], 0, true};
  uint32_t count = 2;
  if (callback_proto_->number == 181) {
    words[1].region = caller.regs[3].region;
  } else {
    count = 4;
    words[0].region = caller.regs[1].region;
    words[2].region = world_.value_region_at(args[2]);
    words[1].region = world_.key_region(words[2].region);
    words[3].region = caller.regs[3].region;
  }
  if (!enter(function, callback_insn_, true))
    return {1, 0, true};
  std::copy_n(words, count, frame().regs + 1);
  const uint32_t held = world_.held();
  const HelperProto *proto = callback_proto_;
  const uint32_t call = callback_insn_;
  execute(frame().first_insn);
  callback_proto_ = proto;
  callback_insn_ = call;
  if (stopped_)
    return {1, 0, true};
  if (world_.held() != held)
    report("a function that a helper called has not given back what it took, or more");
  if (observer_ && !stopped_)
    observer_->before(*this, callback_insn_);
  return result_word_;
}

} // namespace kbpf::soundness
