// SPDX-License-Identifier: MIT OR Apache-2.0
// Programs of type tracing on the host port: what they are loaded for, when they run and with which
// arguments, what bpf(2) tells of them. The kernel's BTF is the test's, and functions are called by hand:
// registers are set, the breakpoint is taken.
#include "abi/info.h"
#include "btf_builder.h"
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/registers.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

constexpr uint32_t kRawTracepoint = 17, kTracing = 26;
constexpr uint32_t kRawTp = 23, kFentry = 24, kFexit = 25, kFmodRet = 26, kIter = 28; // attach types
constexpr uint32_t kWords = 16; // of the map's value: what a program was given; the last one counts its runs

// The kernel's types, the same for all tests.
struct KernelTypes {
  KernelTypes() {
    const uint32_t number = builder.integer("long", 8), narrow = builder.integer("int", 4);
    const uint32_t wide = builder.integer("__int128", 16),
                   real = builder.add(KBPF_BTF_KIND_FLOAT, "float", 4);
    pair = builder.structure("pair", 16, {{"a", number, 0}, {"b", number, 64}});
    const uint32_t small = builder.structure("small", 4, {{"a", narrow, 0}});
    const uint32_t large = builder.structure("large", 24, {{"a", pair, 0}, {"c", number, 128}});
    const uint32_t floats = builder.structure("floats", 4, {{"a", real, 0}});
    const uint32_t integral = builder.structure("integral", 16, {{"a", wide, 0}});
    auto function = [&](const std::string &name, uint32_t result, const std::vector<uint32_t> &parameters) {
      std::vector<std::pair<std::string, uint32_t>> named;
      for (size_t i = 0; i < parameters.size(); i++)
        named.emplace_back(parameters[i] ? "p" + std::to_string(i) : "", parameters[i]);
      return builder.function(name, builder.prototype(result, named));
    };
    two = function("two", number, {number, number});
    ten = function("ten", number, std::vector<uint32_t>(10, number));
    structs = function("structs", pair, {small, pair, number});
    nothing = function("nothing", 0, {});
    absent = function("absent", 0, {});
    refused = {
        {function("thirteen", 0, std::vector<uint32_t>(13, number)), "has 13 words of arguments"},
        {function("seven_pairs", 0, std::vector<uint32_t>(7, pair)), "has 14 words of arguments"},
        {function("large", 0, {large}), "The function large arg0 type STRUCT is unsupported"},
        {function("floats", 0, {number, floats}), "The function floats arg1 type STRUCT is unsupported"},
        {function("integral", 0, {integral}), "The function integral arg0 type STRUCT"},
        {function("wide", 0, {wide}), "The function wide arg0 type INT is unsupported"},
        {function("real", 0, {real}), "The function real arg0 type FLOAT is unsupported"},
        {function("variadic", 0, {number, 0}), "variable args"},
        {function("gives_large", large, {}), "return type STRUCT is unsupported"},
        {pair, "is not a function"},
        {100000, "attach_btf_id 100000 is invalid"},
        {0, "must provide btf_id"},
    };
    const uint32_t to_void = builder.pointer(0);
    auto event = [&](const std::string &name) {
      const uint32_t prototype = builder.prototype(0, {{"", to_void}, {"a", number}, {"b", number}});
      return builder.add(KBPF_BTF_KIND_TYPEDEF, name, builder.pointer(prototype));
    };
    reported = event("btf_trace_traced_event");
    shorter = event("btf_trace_short_event");
    unreported = event("btf_trace_nowhere");
    misnamed = event("traced_event");
    not_function = builder.add(KBPF_BTF_KIND_TYPEDEF, "btf_trace_number", number);
    bytes = builder.build();
  }
  BtfBuilder builder;
  std::string bytes;
  uint32_t pair, two, ten, structs, nothing, absent, reported, unreported, misnamed, not_function, shorter;
  std::vector<std::pair<uint32_t, std::string>> refused;
};
const KernelTypes &types() {
  static const KernelTypes instance;
  return instance;
}

class Tracing : public KernelTest {
protected:
  static constexpr unsigned kFunctions = 4;

  void SetUp() override {
    KernelTest::SetUp();
    add_text();
    static const bool prepared = (prepare(), true);
    ASSERT_TRUE(prepared);
    map = make_map(kArray, 4, kWords * 8, 1);
  }
  void TearDown() override {
    hostport::reset(false);
    EXPECT_EQ(memcmp(text, original, sizeof(text)), 0);
    EXPECT_EQ(reported.attached, nullptr);
    KernelTest::TearDown();
  }
  void add_text() {
    hostport::add_text(text, sizeof(text));
    const char *names[kFunctions] = {"two", "ten", "structs", "nothing"};
    for (unsigned i = 0; i < kFunctions; i++)
      hostport::add_symbol(names[i], names[i], function(i), 8);
    hostport::allow_override(function(0));
  }
  // What is made once and stays: the kernel's types, room for returns and arguments, slots.
  void prepare() {
    ASSERT_EQ(kbpf_set_kernel_btf(types().bytes.data(), types().bytes.size()), 0);
    kbpf_event_register(&reported);
    static kbpf_event short_event{"traced", "short_event", 78, 24, 1, nullptr, nullptr, 0};
    kbpf_event_register(&short_event);
    map = make_map(kArray, 4, kWords * 8, 1);
    const int64_t program = load(kFexit, types().two), link = open(program);
    ASSERT_GE(link, 0);
    close(link), close(program), close(map);
    hostport::keep_allocations();
  }
  uintptr_t function(unsigned index) const { return reinterpret_cast<uintptr_t>(text + 2 * index); }

  // Stores `words` words of its context and returns `result`.
  int64_t load(uint32_t attach_type, uint32_t btf_id, uint32_t words = 0, int32_t result = 0) {
    std::vector<Insn> code = assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R2, map, 0)});
    for (uint32_t i = 0; i < words; i++) {
      code.push_back(kbpf::test::load(KBPF_SIZE_DW, R3, R1, static_cast<int>(8 * i)));
      code.push_back(store_reg(KBPF_SIZE_DW, R2, static_cast<int>(8 * i), R3));
    }
    for (Insn insn : {mov64_imm(R3, 1), atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R2, 8 * (kWords - 1), R3),
                      mov64_imm(R0, result), exit_insn()})
      code.push_back(insn);
    return load(attach_type, btf_id, code);
  }
  // Stores what a helper of the form (ctx, out) or (ctx, n, out) writes, its result behind it.
  int64_t load_asking(uint32_t attach_type, uint32_t btf_id, int helper, int index = -1) {
    std::vector<Insn> code = {store_imm(KBPF_SIZE_DW, R10, -8, 77), mov64_reg(R2, R10), add64_imm(R2, -8)};
    if (index >= 0)
      code = {store_imm(KBPF_SIZE_DW, R10, -8, 77), mov64_imm(R2, index), mov64_reg(R3, R10),
              add64_imm(R3, -8)};
    code.push_back(call_helper(helper));
    for (Insn insn :
         assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R2, map, 0),
                   kbpf::test::load(KBPF_SIZE_DW, R3, R10, -8), store_reg(KBPF_SIZE_DW, R2, 0, R3),
                   store_reg(KBPF_SIZE_DW, R2, 8, R0), mov64_imm(R0, 0), exit_insn()}))
      code.push_back(insn);
    return load(attach_type, btf_id, code);
  }
  kbpf_attr_prog_load attr_of(uint32_t attach_type, uint32_t btf_id, const std::vector<Insn> &code) {
    kbpf_attr_prog_load attr{};
    attr.prog_type = kTracing;
    attr.insns = address(code.data());
    attr.insn_cnt = static_cast<uint32_t>(code.size());
    attr.license = address("GPL");
    attr.expected_attach_type = attach_type;
    attr.attach_btf_id = btf_id;
    return attr;
  }
  int64_t load(uint32_t attach_type, uint32_t btf_id, const std::vector<Insn> &code) {
    log_[0] = 0;
    kbpf_attr_prog_load attr = attr_of(attach_type, btf_id, code);
    attr.log_level = 1;
    attr.log_buf = address(log_);
    attr.log_size = sizeof(log_);
    return bpf(PROG_LOAD, attr);
  }
  int64_t open(int64_t program, uint64_t cookie = 0) {
    return bpf(RAW_TRACEPOINT_OPEN, kbpf_attr_raw_tracepoint{0, static_cast<uint32_t>(program), 0, cookie});
  }
  static int64_t link(int64_t program, uint32_t attach_type, uint64_t cookie = 0) {
    kbpf_attr_link_create attr{};
    attr.prog_fd = static_cast<uint32_t>(program);
    attr.attach_type = attach_type;
    attr.tracing.cookie = cookie;
    return bpf(LINK_CREATE, attr);
  }
  template <typename Info> static Info info(int64_t fd) {
    Info about{};
    EXPECT_EQ(bpf(OBJ_GET_INFO_BY_FD,
                  kbpf_attr_info_by_fd{static_cast<uint32_t>(fd), sizeof(about), address(&about)}),
              0);
    return about;
  }
  struct Value {
    uint64_t word[kWords];
    uint64_t runs() const { return word[kWords - 1]; }
  };
  Value value() {
    uint32_t key = 0;
    Value stored{};
    EXPECT_EQ(lookup(map, &key, &stored), 0);
    return stored;
  }
  static void close(int64_t fd) { hostport::close_fd(static_cast<int>(fd)); }

  // A call of a function: its entry, and its return where that comes back to the runtime.
  struct Call {
    static constexpr uint64_t kCaller = 0x1000;
    explicit Call(uintptr_t function) {
      regs.epc = function;
      regs.cause = 3;
      regs.x[kRegRa] = kCaller;
      regs.x[kRegSp] = reinterpret_cast<uintptr_t>(stack);
      for (unsigned i = 0; i < 8; i++)
        regs.x[kRegA0 + i] = 100 + i;
    }
    void enter() { EXPECT_EQ(kbpf_on_breakpoint(&regs), 1); }
    bool comes_back() const { return regs.x[kRegRa] != kCaller; }
    void leave(uint64_t a0, uint64_t a1) {
      ASSERT_TRUE(comes_back());
      for (unsigned i = 0; i < 8; i++)
        regs.x[kRegA0 + i] = 0xdead;
      regs.x[kRegA0] = a0;
      regs.x[kRegA0 + 1] = a1;
      regs.epc = regs.x[kRegRa];
      EXPECT_EQ(kbpf_on_breakpoint(&regs), 1);
      EXPECT_EQ(regs.epc, kCaller);
    }
    kbpf_regs regs{};
    uint64_t stack[4] = {200, 201, 202, 203};
  };
  void enter(uintptr_t function) { Call(function).enter(); }

  // addi a0, a0, 1; ret: each function.
  alignas(8) uint32_t text[2 * kFunctions] = {0x00150513, 0x00008067, 0x00150513, 0x00008067,
                                              0x00150513, 0x00008067, 0x00150513, 0x00008067};
  const std::vector<uint32_t> before{text, text + 2 * kFunctions};
  const uint32_t *const original = before.data();
  static inline kbpf_event reported{"traced", "traced_event", 77, 24, 2, nullptr, nullptr, 0};
  int64_t map = -1;
  char log_[2048] = "";
};

TEST_F(Tracing, AFunctionWhoseArgumentsCannotBeToldIsRefused) {
  for (const auto &[id, reason] : types().refused) {
    EXPECT_EQ(load(kFentry, id), -EINVAL) << reason;
    EXPECT_NE(strstr(log_, reason.c_str()), nullptr) << log_;
  }
  EXPECT_EQ(load(kFentry, types().absent), -ENOENT);
  EXPECT_NE(strstr(log_, "The address of function absent cannot be found"), nullptr) << log_;
}

TEST_F(Tracing, AnEventIsATypedefOfItsPrototype) {
  EXPECT_EQ(load(kRawTp, types().two), -EINVAL);
  EXPECT_NE(strstr(log_, "is not a typedef"), nullptr) << log_;
  EXPECT_EQ(load(kRawTp, types().misnamed), -EINVAL);
  EXPECT_NE(strstr(log_, "points to wrong type name traced_event"), nullptr) << log_;
  EXPECT_EQ(load(kRawTp, types().not_function), -EINVAL);
  EXPECT_EQ(load(kRawTp, types().unreported), -ENOENT);
  EXPECT_NE(strstr(log_, "there is no event nowhere"), nullptr) << log_;
  EXPECT_EQ(load(kRawTp, types().shorter), -EINVAL);
  EXPECT_NE(strstr(log_, "event short_event has 1 arguments, and its type 2"), nullptr) << log_;
  EXPECT_GE(load(kRawTp, types().reported), 0);
}

TEST_F(Tracing, TheAttachTypeIsOneOfTracing) {
  for (uint32_t type : {0u, 1u, kIter, 41u, 100u})
    EXPECT_EQ(load(type, types().two), -EINVAL) << type;
}

TEST_F(Tracing, OnlyMarkedFunctionsMayBeModified) {
  EXPECT_GE(load(kFmodRet, types().two), 0);
  EXPECT_EQ(load(kFmodRet, types().ten), -EINVAL);
  EXPECT_NE(strstr(log_, "ten() is not modifiable"), nullptr) << log_;
}

TEST_F(Tracing, WhoseTypesTheIdIsOfIsNamedByDescriptor) {
  const std::vector<Insn> code = {mov64_imm(R0, 0), exit_insn()};
  kbpf_attr_prog_load attr = attr_of(kFentry, types().two, code);
  kbpf_attr_get_id next{};
  ASSERT_EQ(bpf(BTF_GET_NEXT_ID, next), 0);
  const int64_t kernel = bpf(BTF_GET_FD_BY_ID, kbpf_attr_get_id{next.next_id, 0, 0});
  ASSERT_GE(kernel, 0);
  attr.attach_prog_fd = static_cast<uint32_t>(kernel);
  EXPECT_GE(bpf(PROG_LOAD, attr), 0);
  attr.attach_btf_id = 0;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
  attr.attach_btf_id = types().two;

  kbpf_attr_btf_load own{};
  own.btf = address(types().bytes.data());
  own.btf_size = static_cast<uint32_t>(types().bytes.size());
  attr.attach_prog_fd = static_cast<uint32_t>(bpf(BTF_LOAD, own));
  EXPECT_EQ(bpf(PROG_LOAD, attr), -524); // ENOTSUPP
  attr.attach_prog_fd = static_cast<uint32_t>(load(kFentry, types().two));
  EXPECT_EQ(bpf(PROG_LOAD, attr), -524);
  for (uint32_t fd : {static_cast<uint32_t>(map), 500u}) {
    attr.attach_prog_fd = fd;
    EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
  }
  attr.attach_prog_fd = 0;
  attr.prog_type = kKprobe;
  EXPECT_EQ(bpf(PROG_LOAD, attr), -EINVAL);
  attr.attach_btf_id = 0;
  attr.expected_attach_type = 0;
  EXPECT_GE(bpf(PROG_LOAD, attr), 0);
}

TEST_F(Tracing, TheEntryGivesArgumentsOfRegistersAndOfTheStack) {
  ASSERT_GE(open(load(kFentry, types().ten, 10)), 0) << log_;
  enter(function(1));
  const Value given = value();
  for (unsigned i = 0; i < 8; i++)
    EXPECT_EQ(given.word[i], 100 + i);
  EXPECT_EQ(given.word[8], 200u);
  EXPECT_EQ(given.word[9], 201u);
  EXPECT_EQ(given.runs(), 1u);
}

TEST_F(Tracing, ArgumentsOnAStackThatCannotBeReadAreZero) {
  ASSERT_GE(open(load(kFentry, types().ten, 10)), 0);
  Call call(function(1));
  call.regs.x[kRegSp] = kBadAddress;
  call.enter();
  EXPECT_EQ(value().word[7], 107u);
  EXPECT_EQ(value().word[8], 0u);
  EXPECT_EQ(value().word[9], 0u);
}

TEST_F(Tracing, AStructTakesTheWordsThatItHas) {
  ASSERT_GE(open(load(kFexit, types().structs, 6)), 0) << log_;
  Call call(function(2));
  call.enter();
  call.leave(7, 8);
  const uint64_t expected[] = {100, 101, 102, 103, 7, 8};
  EXPECT_EQ(memcmp(value().word, expected, sizeof(expected)), 0);
}

TEST_F(Tracing, TheReturnGivesTheArgumentsOfTheEntryAndTheResult) {
  ASSERT_GE(open(load(kFexit, types().ten, 11)), 0) << log_;
  Call call(function(1));
  call.enter();
  EXPECT_EQ(value().runs(), 0u);
  call.stack[0] = call.stack[1] = 9;
  call.leave(42, 43);
  const Value given = value();
  EXPECT_EQ(given.word[0], 100u);
  EXPECT_EQ(given.word[8], 200u);
  EXPECT_EQ(given.word[9], 201u);
  EXPECT_EQ(given.word[10], 42u);
  EXPECT_EQ(given.runs(), 1u);
}

TEST_F(Tracing, CallsInsideACallKeepTheirArgumentsApart) {
  ASSERT_GE(open(load(kFexit, types().two, 3)), 0);
  Call outer(function(0)), inner(function(0));
  outer.enter();
  inner.regs.x[kRegA0] = 1;
  inner.enter();
  inner.leave(2, 0);
  EXPECT_EQ(value().word[0], 1u);
  EXPECT_EQ(value().word[2], 2u);
  outer.leave(3, 0);
  EXPECT_EQ(value().word[0], 100u);
  EXPECT_EQ(value().word[2], 3u);
}

TEST_F(Tracing, AProgramThatCameDuringTheCallDoesNotSeeItsReturn) {
  ASSERT_GE(open(load(kFexit, types().two)), 0);
  Call call(function(0));
  call.enter();
  ASSERT_GE(open(load(kFexit, types().two)), 0);
  call.leave(1, 0);
  EXPECT_EQ(value().runs(), 1u);
}

TEST_F(Tracing, HelpersTellOfArgumentsAndResult) {
  constexpr int kArgument = 183, kResult = 184, kCount = 185, kFunctionIp = 173, kCookie = 174;
  struct Case {
    uint32_t attach_type;
    int helper, index;
    uint64_t out;
    int64_t result;
  };
  const Case cases[] = {
      {kFentry, kArgument, 1, 101, 0},
      {kFentry, kArgument, 2, 0, -EINVAL},
      {kFexit, kArgument, 0, 100, 0},
      {kFexit, kArgument, 2, 0, -EINVAL},
      {kFexit, kResult, -1, 5, 0},
      {kFentry, kResult, -1, 0, -EOPNOTSUPP},
      {kFmodRet, kResult, -1, 0, 0},
      {kFentry, kCount, -1, 77, 2},
      {kFexit, kCount, -1, 77, 2},
      {kFentry, kFunctionIp, -1, 77, static_cast<int64_t>(function(0))},
      {kFexit, kFunctionIp, -1, 77, static_cast<int64_t>(function(0))},
      {kFentry, kCookie, -1, 77, 9},
      {kFexit, kCookie, -1, 77, 9},
  };
  for (const Case &c : cases) {
    const int64_t program = load_asking(c.attach_type, types().two, c.helper, c.index);
    ASSERT_GE(program, 0) << log_;
    const int64_t link = open(program, 9);
    ASSERT_GE(link, 0);
    Call call(function(0));
    call.enter();
    if (call.comes_back())
      call.leave(5, 0);
    EXPECT_EQ(value().word[0], c.out) << c.attach_type << " " << c.helper;
    EXPECT_EQ(static_cast<int64_t>(value().word[1]), c.result) << c.attach_type << " " << c.helper;
    close(link), close(program);
  }
}

TEST_F(Tracing, AValueOtherThanZeroEndsTheCallInTheFunctionsPlace) {
  const int64_t passes = open(load(kFmodRet, types().two)), ends = open(load(kFmodRet, types().two, 0, -5));
  ASSERT_GE(passes, 0);
  ASSERT_GE(open(load(kFmodRet, types().two, 0, -6)), 0);
  ASSERT_GE(open(load(kFexit, types().two, 3)), 0);
  Call call(function(0));
  call.enter();
  ASSERT_TRUE(call.comes_back());
  EXPECT_EQ(call.regs.epc, call.regs.x[kRegRa]); // the function does not run
  EXPECT_EQ(static_cast<int64_t>(call.regs.x[kRegA0]), -5);
  EXPECT_EQ(value().runs(), 2u); // not the third
  call.leave(call.regs.x[kRegA0], 0);
  EXPECT_EQ(static_cast<int64_t>(value().word[2]), -5);
  close(ends);
  Call other(function(0));
  other.enter();
  EXPECT_EQ(static_cast<int64_t>(other.regs.x[kRegA0]), -6);
}

TEST_F(Tracing, AFunctionGoesOnWhereEveryValueIsZero) {
  ASSERT_GE(open(load(kFmodRet, types().two)), 0);
  Call call(function(0));
  call.enter();
  EXPECT_FALSE(call.comes_back());
  EXPECT_NE(call.regs.epc, Call::kCaller);
  EXPECT_EQ(value().runs(), 1u);
}

TEST_F(Tracing, SeveralProgramsAtOneFunction) {
  const int64_t links[] = {open(load(kFentry, types().two)), open(load(kFexit, types().two)),
                           open(load(kFentry, types().two)), open(load(kFexit, types().two))};
  Call call(function(0));
  call.enter();
  EXPECT_EQ(value().runs(), 2u);
  call.leave(0, 0);
  EXPECT_EQ(value().runs(), 4u);
  close(links[0]), close(links[3]);
  Call other(function(0));
  other.enter();
  other.leave(0, 0);
  EXPECT_EQ(value().runs(), 6u);
}

// One program is run another way than several.
TEST_F(Tracing, ProgramsComeAndGoAtOneFunction) {
  using Kinds = std::pair<uint32_t, uint32_t>;
  for (const auto &[one, other] :
       {Kinds(kFentry, kFentry), Kinds(kFentry, kFexit), Kinds(kFexit, kFexit), Kinds(kFexit, kFmodRet)}) {
    SCOPED_TRACE(testing::Message() << one << " " << other);
    const uint64_t before = value().runs();
    auto runs_of_a_call = [&, last = before]() mutable {
      Call call(function(0));
      call.enter();
      if (call.comes_back())
        call.leave(0, 0);
      const uint64_t runs = value().runs();
      return runs - std::exchange(last, runs);
    };
    const int64_t first = open(load(one, types().two));
    EXPECT_EQ(runs_of_a_call(), 1u);
    const int64_t second = open(load(other, types().two));
    EXPECT_EQ(runs_of_a_call(), 2u);
    close(first);
    EXPECT_EQ(runs_of_a_call(), 1u);
    const int64_t third = open(load(one, types().two));
    EXPECT_EQ(runs_of_a_call(), 2u);
    close(second);
    EXPECT_EQ(runs_of_a_call(), 1u);
    close(third);
  }
}

TEST_F(Tracing, AProgramIsAtItsFunctionOnce) {
  const int64_t program = load(kFentry, types().two), first = open(program);
  EXPECT_EQ(open(program), -EBUSY);
  EXPECT_EQ(link(program, kFentry), -EBUSY);
  close(first);
  const int64_t second = link(program, kFentry);
  EXPECT_GE(second, 0);
  enter(function(0));
  EXPECT_EQ(value().runs(), 1u);
}

TEST_F(Tracing, ALinkWantsTheAttachTypeThatTheProgramWasLoadedFor) {
  const int64_t program = load(kFentry, types().two),
                raw = load_code(kRawTracepoint, std::vector<Insn>{mov64_imm(R0, 0), exit_insn()});
  EXPECT_EQ(link(program, kFexit), -EINVAL);
  EXPECT_EQ(link(program, 0), -EINVAL);
  EXPECT_EQ(link(raw, kFentry), -EINVAL);
  kbpf_attr_link_create attr{};
  attr.prog_fd = static_cast<uint32_t>(program);
  attr.attach_type = kFentry;
  attr.tracing.target_btf_id = types().two;
  EXPECT_EQ(bpf(LINK_CREATE, attr), -EINVAL);
  attr.tracing.target_btf_id = 0;
  attr.target_fd = static_cast<uint32_t>(program);
  EXPECT_EQ(bpf(LINK_CREATE, attr), -EINVAL);
  kbpf_attr_raw_tracepoint named{address("two"), static_cast<uint32_t>(program), 0, 0};
  EXPECT_EQ(bpf(RAW_TRACEPOINT_OPEN, named), -EINVAL);
}

TEST_F(Tracing, CodeThatMayNotBeProbedIsNotTraced) {
  const int64_t program = load(kFentry, types().two);
  hostport::forbid_probes(function(0), 8);
  EXPECT_EQ(open(program), -EPERM);
}

// What it would take for its arguments are the other function's.
TEST_F(Tracing, AProgramArrayHoldsProgramsOfOneFunction) {
  constexpr uint32_t kProgArray = 3;
  const int64_t array = make_map(kProgArray, 4, 4, 2), first = load(kFentry, types().two),
                same = load(kFexit, types().two), other = load(kFentry, types().ten);
  ASSERT_TRUE(array >= 0 && first >= 0 && same >= 0 && other >= 0) << log_;
  const auto put = [&](uint32_t slot, int64_t program) {
    const uint32_t fd = static_cast<uint32_t>(program);
    return update(array, &slot, &fd);
  };
  EXPECT_EQ(put(0, first), 0);
  EXPECT_EQ(put(1, other), -EINVAL);
  EXPECT_EQ(put(1, same), 0);
}

TEST_F(Tracing, AnEventGivesItsArguments) {
  for (bool by_link : {false, true}) {
    const int64_t program = load(kRawTp, types().reported, 2);
    ASSERT_GE(program, 0) << log_;
    const int64_t opened = by_link ? link(program, kRawTp, 5) : open(program, 5);
    ASSERT_GE(opened, 0);
    const uint64_t arguments[2] = {11, 12}, record[3] = {};
    kbpf_event_run(&reported, arguments, record);
    EXPECT_EQ(value().word[0], 11u);
    EXPECT_EQ(value().word[1], 12u);
    const auto about = info<kbpf_link_info>(opened);
    EXPECT_EQ(about.type, 1u); // raw_tracepoint
    EXPECT_EQ(about.raw_tracepoint.cookie, 5u);
    close(opened), close(program);
  }
  EXPECT_EQ(value().runs(), 2u);
}

TEST_F(Tracing, InformationNamesTheTarget) {
  const int64_t program = load(kFexit, types().two), opened = open(program, 3);
  const auto about = info<kbpf_prog_info>(program);
  kbpf_attr_get_id first{};
  ASSERT_EQ(bpf(BTF_GET_NEXT_ID, first), 0);
  EXPECT_EQ(about.attach_btf_obj_id, first.next_id);
  EXPECT_EQ(about.attach_btf_id, types().two);
  const auto at = info<kbpf_link_info>(opened);
  EXPECT_EQ(at.type, 2u); // tracing
  EXPECT_EQ(at.prog_id, about.id);
  EXPECT_EQ(at.tracing.attach_type, kFexit);
  EXPECT_EQ(at.tracing.target_obj_id, first.next_id);
  EXPECT_EQ(at.tracing.target_btf_id, types().two);
  EXPECT_EQ(at.tracing.cookie, 3u);

  std::string lines;
  kbpf_object *object = hostport::object_of(static_cast<int>(opened));
  kbpf_object_describe(
      object,
      [](void *user, const char *text, size_t size) { static_cast<std::string *>(user)->append(text, size); },
      &lines);
  drop_reference(object);
  EXPECT_NE(lines.find("link_type:\ttracing\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find("attach_type:\t25\n"), std::string::npos) << lines;
  EXPECT_EQ(bpf(LINK_DETACH, kbpf_attr_link_detach{static_cast<uint32_t>(opened)}), -EOPNOTSUPP);
}

TEST_F(Tracing, ALinkOfAnIdOrANameKeepsTheProgramThere) {
  const int64_t opened = open(load(kFentry, types().two));
  const uint32_t id = info<kbpf_link_info>(opened).id;
  kbpf_attr_obj pin{};
  pin.pathname = address("/sys/fs/bpf/traced");
  pin.bpf_fd = static_cast<uint32_t>(opened);
  ASSERT_EQ(bpf(OBJ_PIN, pin), 0);
  const int64_t second = bpf(LINK_GET_FD_BY_ID, kbpf_attr_get_id{id, 0, 0});
  ASSERT_GE(second, 0);
  close(opened);
  enter(function(0));
  close(second);
  enter(function(0));
  EXPECT_EQ(value().runs(), 2u);
  hostport::unlink_path("/sys/fs/bpf/traced");
  EXPECT_EQ(memcmp(text, original, sizeof(text)), 0);
}

TEST_F(Tracing, HitsInsideOfAProgramAreCountedAsMissed) {
  const int64_t entry = load(kFentry, types().two), exit = load(kFexit, types().two),
                event = load(kRawTp, types().reported);
  open(entry), open(exit), open(event);
  {
    ReadSection section; // as around a program's run
    enter(function(0));
    const uint64_t arguments[2] = {}, record[3] = {};
    kbpf_event_run(&reported, arguments, record);
  }
  EXPECT_EQ(value().runs(), 0u);
  for (int64_t program : {entry, exit, event})
    EXPECT_EQ(info<kbpf_prog_info>(program).recursion_misses, 1u);
}

TEST_F(Tracing, ProgramsAreAttachedByName) {
  auto call = [](Command command, const std::string &target, int64_t program) {
    return bpf(command, kbpf_attr_attach{address(target.data()), static_cast<uint32_t>(target.size()),
                                         static_cast<uint32_t>(program)});
  };
  const int64_t entry = load(kFentry, types().two), event = load(kRawTp, types().reported);
  EXPECT_EQ(call(PROG_ATTACH, "fentry$ten", entry), -EINVAL);
  EXPECT_EQ(call(PROG_ATTACH, "fexit$two", entry), -EINVAL);
  EXPECT_EQ(call(PROG_ATTACH, "kprobe$two", entry), -EINVAL);
  EXPECT_EQ(call(PROG_ATTACH, "tp_btf$nowhere", event), -ENOENT);
  EXPECT_EQ(call(PROG_ATTACH, "raw_tracepoint$traced_event", event), -EINVAL);
  EXPECT_EQ(call(PROG_ATTACH, "tracepoint$traced_event", event), -ENOENT);
  ASSERT_EQ(call(PROG_ATTACH, "fentry$two", entry), 0);
  ASSERT_EQ(call(PROG_ATTACH, "tp_btf$traced_event", event), 0);
  EXPECT_EQ(call(PROG_ATTACH, "fentry$two", entry), -EBUSY);
  EXPECT_EQ(call(PROG_ATTACH, "tp_btf$traced_event", event), -EEXIST);
  enter(function(0));
  const uint64_t arguments[2] = {}, record[3] = {};
  kbpf_event_run(&reported, arguments, record);
  EXPECT_EQ(value().runs(), 2u);
  EXPECT_EQ(call(PROG_DETACH, "fentry$two", entry), 0);
  EXPECT_EQ(call(PROG_DETACH, "tp_btf$traced_event", event), 0);
  EXPECT_EQ(call(PROG_DETACH, "fentry$two", entry), -ENOENT);
  EXPECT_EQ(call(PROG_DETACH, "tp_btf$traced_event", event), -ENOENT);
}

TEST_F(Tracing, EveryAllocationMayFail) {
  for (uint32_t attach_type : {kFentry, kFexit, kFmodRet, kRawTp}) {
    const uint32_t id = attach_type == kRawTp ? types().reported : types().two;
    for (int64_t nth = 0;; nth++) {
      const size_t before_call = hostport::live_allocations();
      hostport::fail_allocation(nth);
      const int64_t program = load(attach_type, id);
      const int64_t opened = program >= 0 ? open(program) : -1;
      hostport::fail_allocation(-1);
      if (program < 0)
        EXPECT_EQ(program, -ENOMEM);
      else if (opened < 0)
        EXPECT_EQ(opened, -ENOMEM);
      if (opened >= 0)
        close(opened);
      if (program >= 0)
        close(program);
      EXPECT_EQ(hostport::live_allocations(), before_call) << nth;
      if (opened >= 0) {
        EXPECT_GT(nth, 4);
        break;
      }
    }
    EXPECT_EQ(memcmp(text, original, sizeof(text)), 0);
  }
}

} // namespace
} // namespace kbpf::test
