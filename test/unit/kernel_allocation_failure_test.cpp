// SPDX-License-Identifier: MIT OR Apache-2.0
// Every allocation of a call fails in turn: the call works or says that there is no memory, and leaves
// nothing behind.
#include "abi/info.h"
#include "btf_builder.h"
#include "elf_builder.h"
#include "insn_builders.h"
#include "kernel/maps/map.h"
#include "kernel_fixture.h"
#include <functional>

namespace kbpf::test {
namespace {

class AllocationFailure : public KernelTest {
protected:
  // call: 0 or more where it worked. undo: takes back what it did, given its result. At least `least`
  // allocations are expected.
  static void every_allocation_may_fail(const std::function<int64_t()> &call,
                                        const std::function<void(int64_t)> &undo, int least) {
    const size_t memory = hostport::live_allocations(), fds = hostport::open_fds();
    int failures = 0;
    for (int64_t nth = 0;; nth++) {
      hostport::fail_allocation(nth);
      const uint64_t before = hostport::allocation_count();
      const int64_t result = call();
      const bool met = hostport::allocation_count() - before > static_cast<uint64_t>(nth);
      hostport::fail_allocation(-1);
      if (result >= 0)
        undo(result);
      else
        EXPECT_EQ(result, -ENOMEM);
      EXPECT_EQ(hostport::live_allocations(), memory) << "after failure " << nth;
      EXPECT_EQ(hostport::open_fds(), fds) << "after failure " << nth;
      failures += result < 0;
      if (!met)
        break;
      ASSERT_LT(nth, 1000);
    }
    EXPECT_GE(failures, least);
  }
  static void close(int64_t fd) { hostport::close_fd(static_cast<int>(fd)); }
  static void nothing(int64_t) {}
};

struct MapCase {
  uint32_t type, key_size, value_size, max_entries, flags;
};
class MapAllocationFailure : public AllocationFailure, public testing::WithParamInterface<MapCase> {};
INSTANTIATE_TEST_SUITE_P(
    Types, MapAllocationFailure,
    testing::Values(MapCase{1, 4, 8, 10, 0}, MapCase{2, 4, 8, 10, 0}, MapCase{3, 4, 4, 10, 0},
                    MapCase{4, 4, 4, 10, 0}, MapCase{5, 4, 8, 10, 0}, MapCase{6, 4, 8, 10, 0},
                    MapCase{7, 4, 80, 10, 0}, MapCase{9, 4, 8, 10, 0}, MapCase{10, 4, 8, 10, 0},
                    MapCase{11, 8, 8, 10, KBPF_MAP_F_NO_PREALLOC}, MapCase{12, 4, 4, 10, 0},
                    MapCase{13, 4, 4, 10, 0}, MapCase{22, 0, 8, 10, 0}, MapCase{23, 0, 8, 10, 0},
                    MapCase{27, 0, 0, 4096, 0}, MapCase{29, 4, 8, 0, KBPF_MAP_F_NO_PREALLOC},
                    MapCase{30, 0, 8, 10, 0}, MapCase{31, 0, 0, 4096, 0}),
    [](const auto &info) { return "Type" + std::to_string(info.param.type); });

TEST_P(MapAllocationFailure, CreationLeavesNothing) {
  const MapCase &map = GetParam();
  kbpf_attr_map_create attr = map_attr(map.type, map.key_size, map.value_size, map.max_entries, map.flags);
  attr.inner_map_fd = static_cast<uint32_t>(make_map(kHash, 4, 8, 1));
  every_allocation_may_fail([&] { return bpf(MAP_CREATE, attr); }, close, 2);
}

TEST_F(AllocationFailure, EveryMapTypeHasACase) {
  size_t types = 0;
#define KBPF_MAP_TYPE(number, name, NAME, uses, since, text) types++;
#include "abi/map_types.def"
#undef KBPF_MAP_TYPE
  EXPECT_EQ(types, 18u) << "MapAllocationFailure needs the new type too";
}

TEST_F(AllocationFailure, LargeKeysAndValues) {
  constexpr size_t kSize = 1000;
  const int64_t fd = make_map(kHash, kSize, kSize, 4);
  std::vector<char> key(kSize, 'k'), value(kSize, 'v'), other(kSize, 'o');
  ASSERT_EQ(update(fd, key.data(), value.data()), 0);
  every_allocation_may_fail([&] { return update(fd, other.data(), value.data()); }, nothing, 1);
  every_allocation_may_fail([&] { return lookup(fd, key.data(), value.data()); }, nothing, 1);
  // After a key that is not there comes the first: one that is there may be the last.
  every_allocation_may_fail([&] { return next_key(fd, value.data(), other.data()); }, nothing, 1);
  every_allocation_may_fail([&] { return remove(fd, key.data()); }, nothing, 1);
}

TEST_F(AllocationFailure, Batches) {
  constexpr size_t kSize = 200, kCount = 20;
  const int64_t fd = make_map(kHash, kSize, kSize, kCount);
  std::vector<char> keys(kSize * kCount), values(kSize * kCount);
  for (size_t i = 0; i < kCount; i++)
    keys[i * kSize] = static_cast<char>(i);
  uint64_t out = 0;
  auto batch = [&](uint64_t command) {
    return [&, command] {
      kbpf_attr_map_batch attr{};
      attr.out_batch = address(&out);
      attr.keys = address(keys.data());
      attr.values = address(values.data());
      attr.count = kCount;
      attr.map_fd = static_cast<uint32_t>(fd);
      const int64_t status = bpf(command, attr);
      return status == -ENOENT ? 0 : status; // the end of the map
    };
  };
  every_allocation_may_fail(batch(MAP_UPDATE_BATCH), nothing, 2);
  every_allocation_may_fail(batch(MAP_LOOKUP_BATCH), nothing, 2);
  every_allocation_may_fail(batch(MAP_DELETE_BATCH), nothing, 2);
}

TEST_F(AllocationFailure, PerfEventsAndTheirRings) {
  const kbpf_perf_event_attr attr{0, 1, 1024, 0, 0};
  kbpf_object *event = nullptr;
  every_allocation_may_fail([&] { return kbpf_perf_event_create(&attr, &event); },
                            [&](int64_t) { kbpf_object_release(event); }, 1);
  ASSERT_EQ(kbpf_perf_event_create(&attr, &event), 0);
  every_allocation_may_fail([&] { return kbpf_object_map(event, 0, 3 * 4096, 1); },
                            [&](int64_t) { kbpf_object_unmap(event, 0, 3 * 4096, 1); }, 2);
  kbpf_object_release(event);
}

// A program of each way to run, at a function and at an event.
class AttachAllocationFailure : public AllocationFailure {
protected:
  void SetUp() override {
    AllocationFailure::SetUp();
    static const bool registered = (kbpf_event_register(&event_), true);
    ASSERT_TRUE(registered);
    hostport::add_text(text_, sizeof(text_));
    hostport::add_symbol("first", "first", reinterpret_cast<uintptr_t>(text_), 8);
    hostport::add_symbol("second", "second", reinterpret_cast<uintptr_t>(text_ + 2), 8);
    // What the runtime makes once and keeps: record buffers, slots, room for returns.
    const int64_t program = load(kTracepoint);
    kbpf_object *event = nullptr;
    ASSERT_EQ(kbpf_event_create(event_.id, &event), 0);
    EXPECT_EQ(set(event, program), 0);
    kbpf_object_release(event);
    close(program);
    const int64_t probe = load(kKprobe);
    EXPECT_EQ(call(PROG_ATTACH, "kretprobe@exit$first", probe), 0);
    EXPECT_EQ(call(PROG_DETACH, "kretprobe@exit$first", probe), 0);
    close(probe);
    hostport::keep_allocations();
  }
  static int64_t load(uint32_t type, uint32_t expected_attach_type = 0) {
    const std::vector<Insn> code = assemble({mov64_imm(R0, 0), exit_insn()});
    return load_code(type, code, expected_attach_type);
  }
  static int set(kbpf_object *event, int64_t program) {
    kbpf_object *object = hostport::object_of(static_cast<int>(program));
    const int status = kbpf_perf_event_set_program(event, object);
    drop_reference(object);
    return status;
  }
  static int64_t call(Command command, const std::string &target, int64_t program) {
    return bpf(command, kbpf_attr_attach{address(target.data()), static_cast<uint32_t>(target.size()),
                                         static_cast<uint32_t>(program)});
  }
  static constexpr uint32_t kTracepoint = 5, kRawTracepoint = 17, kPerfEvent = 41, kMulti = 42;
  alignas(8) uint32_t text_[4] = {0x00150513, 0x00008067, 0x00150513, 0x00008067}; // addi a0, a0, 1; ret
  static inline kbpf_event event_{"sys", "failing_event", 3, 24, 2, nullptr, nullptr, 0};
};

TEST_F(AttachAllocationFailure, AttachingByName) {
  const int64_t program = load(kKprobe);
  for (const std::string target : {"kprobe$first", "kretprobe@exit$first"})
    every_allocation_may_fail([&] { return call(PROG_ATTACH, target, program); },
                              [&](int64_t) { EXPECT_EQ(call(PROG_DETACH, target, program), 0); }, 2);
}

TEST_F(AttachAllocationFailure, ProbeEventsAndTheirPrograms) {
  const int64_t program = load(kKprobe);
  kbpf_object *event = nullptr;
  every_allocation_may_fail(
      [&] {
        int status = kbpf_probe_event_create("kprobe$first", 12, &event);
        if (status == 0 && (status = set(event, program)) != 0)
          kbpf_object_release(event);
        return status;
      },
      [&](int64_t) { kbpf_object_release(event); }, 3);
}

TEST_F(AttachAllocationFailure, LinksToEvents) {
  const int64_t raw = load(kRawTracepoint), program = load(kKprobe), reported = load(kTracepoint);
  const kbpf_attr_raw_tracepoint attr{address(event_.name), static_cast<uint32_t>(raw), 0, 0};
  every_allocation_may_fail([&] { return bpf(RAW_TRACEPOINT_OPEN, attr); }, close, 2);
  kbpf_object *probe = nullptr, *event = nullptr;
  ASSERT_EQ(kbpf_probe_event_create("kprobe$second", 13, &probe), 0);
  ASSERT_EQ(kbpf_event_create(event_.id, &event), 0);
  kbpf_attr_link_create link{};
  link.attach_type = kPerfEvent;
  link.prog_fd = static_cast<uint32_t>(program);
  link.target_fd = static_cast<uint32_t>(kbpf_port_fd_install(probe, "[perf_event]", 1));
  every_allocation_may_fail([&] { return bpf(LINK_CREATE, link); }, close, 3);
  link.prog_fd = static_cast<uint32_t>(reported);
  link.target_fd = static_cast<uint32_t>(kbpf_port_fd_install(event, "[perf_event]", 1));
  every_allocation_may_fail([&] { return bpf(LINK_CREATE, link); }, close, 2);
}

TEST_F(AttachAllocationFailure, LinksToManyFunctions) {
  const char *names[] = {"first", "second"};
  const int64_t program = load(kKprobe, kMulti);
  for (uint32_t at_return : {0u, 1u}) {
    kbpf_attr_link_create attr{};
    attr.prog_fd = static_cast<uint32_t>(program);
    attr.attach_type = kMulti;
    attr.kprobe_multi.flags = at_return;
    attr.kprobe_multi.cnt = 2;
    attr.kprobe_multi.syms = address(names);
    every_allocation_may_fail([&] { return bpf(LINK_CREATE, attr); }, close, 5);
  }
}

TEST_F(AttachAllocationFailure, ProgramsAndTheirTestRuns) {
  every_allocation_may_fail([] { return load(kKprobe); }, close, 3);
  const int64_t raw = load(kRawTracepoint), xdp = load(6);
  const std::string packet(64, 'p');
  std::string out(64, 0);
  kbpf_attr_prog_test_run run{};
  run.prog_fd = static_cast<uint32_t>(xdp);
  run.data_in = address(packet.data());
  run.data_size_in = 64;
  run.data_out = address(out.data());
  run.data_size_out = 64;
  every_allocation_may_fail([&] { return bpf(PROG_TEST_RUN, run); }, nothing, 0);
  const uint64_t arguments[12] = {};
  run = {};
  run.prog_fd = static_cast<uint32_t>(raw);
  run.ctx_in = address(arguments);
  run.ctx_size_in = sizeof(arguments);
  every_allocation_may_fail([&] { return bpf(PROG_TEST_RUN, run); }, nothing, 0);
}

TEST_F(AllocationFailure, TypesAndMapsOfThem) {
  BtfBuilder types;
  const uint32_t integer = types.integer();
  types.structure("pair", 8, {{"first", integer, 0}, {"second", integer, 32}});
  const std::string bytes = types.build();
  kbpf_attr_btf_load attr{};
  attr.btf = address(bytes.data());
  attr.btf_size = static_cast<uint32_t>(bytes.size());
  every_allocation_may_fail([&] { return bpf(BTF_LOAD, attr); }, close, 3);
  const int64_t btf = bpf(BTF_LOAD, attr);
  kbpf_attr_map_create map = map_attr(kHash, 4, 8, 4);
  map.btf_fd = static_cast<uint32_t>(btf);
  map.btf_key_type_id = integer;
  map.btf_value_type_id = integer + 1;
  every_allocation_may_fail([&] { return bpf(MAP_CREATE, map); }, close, 2);
}

TEST_F(AllocationFailure, MapsWithTimersAndTheirPrograms) {
  BtfBuilder types;
  const uint32_t integer = types.integer();
  const uint32_t timer = types.structure("bpf_timer", 16, {{"opaque", types.array(integer, integer, 4), 0}});
  const uint32_t value = types.structure("value", 24, {{"timer", timer, 0}, {"rest", integer, 128}});
  const std::string bytes = types.build();
  kbpf_attr_btf_load load{};
  load.btf = address(bytes.data());
  load.btf_size = static_cast<uint32_t>(bytes.size());
  kbpf_attr_map_create attr = map_attr(kArray, 4, 24, 4);
  attr.btf_fd = static_cast<uint32_t>(bpf(BTF_LOAD, load));
  attr.btf_key_type_id = integer;
  attr.btf_value_type_id = value;
  every_allocation_may_fail([&] { return bpf(MAP_CREATE, attr); }, close, 3);
  const int64_t map = bpf(MAP_CREATE, attr);
  ASSERT_GE(map, 0);
  // Starts a timer whose callback does nothing; the program's end ends the timer.
  const std::vector<Insn> code = assemble({store_imm(KBPF_SIZE_W, R10, -4, 0),
                                           ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0),
                                           mov64_reg(R2, R10),
                                           add64_imm(R2, -4),
                                           call_helper(1),
                                           jump_imm(KBPF_JMP_JEQ, R0, 0, 14),
                                           mov64_reg(R6, R0),
                                           mov64_reg(R1, R6),
                                           ld_imm64_from(KBPF_PSEUDO_MAP_FD, R2, map, 0),
                                           mov64_imm(R3, 1),
                                           call_helper(169),
                                           mov64_reg(R1, R6),
                                           ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 8, 0),
                                           call_helper(170),
                                           mov64_reg(R1, R6),
                                           mov64_imm(R2, 1000),
                                           mov64_imm(R3, 0),
                                           call_helper(171),
                                           mov64_imm(R0, 0),
                                           exit_insn(),
                                           mov64_imm(R0, 0),
                                           exit_insn()});
  constexpr uint32_t kClassifier = 3;
  every_allocation_may_fail([&] { return load_code(kClassifier, code); }, close, 3);
  const int64_t program = load_code(kClassifier, code);
  ASSERT_GE(program, 0);
  const std::string packet(64, 'p');
  kbpf_attr_prog_test_run run{};
  run.prog_fd = static_cast<uint32_t>(program);
  run.data_in = address(packet.data());
  run.data_size_in = 64;
  every_allocation_may_fail([&] { return bpf(PROG_TEST_RUN, run); }, nothing, 0);
}

TEST_F(AllocationFailure, WholeObjectsAndWhatIsToldOfThem) {
  KbpfObjectBuilder object;
  object.add_data_map(".data", std::string(8, 0), 0);
  object.add_map("counts", kHash, 4, 8, 4);
  object.add_prog("reader", assemble({ld_map_value(R1, 0, 0), mov64_imm(R0, 0), exit_insn()}));
  const std::string bytes = object.build();
  kbpf_attr_prog_load_ex attr{};
  attr.elf = address(bytes.data());
  attr.elf_size = static_cast<uint32_t>(bytes.size());
  every_allocation_may_fail([&] { return bpf(PROG_LOAD_EX, attr); }, close, 5);
  const int64_t program = bpf(PROG_LOAD_EX, attr);
  ASSERT_GE(program, 0);
  std::vector<char> code(4096);
  kbpf_prog_info info{};
  info.xlated_prog_insns = address(code.data());
  info.xlated_prog_len = static_cast<uint32_t>(code.size());
  kbpf_attr_info_by_fd question{static_cast<uint32_t>(program), sizeof(info), address(&info)};
  const kbpf_prog_info asked = info;
  every_allocation_may_fail(
      [&] {
        info = asked;
        return bpf(OBJ_GET_INFO_BY_FD, question);
      },
      nothing, 0);
  kbpf_attr_get_id id{};
  ASSERT_EQ(bpf(PROG_GET_NEXT_ID, id), 0);
  kbpf_attr_get_id wanted{};
  wanted.id = id.next_id;
  every_allocation_may_fail([&] { return bpf(PROG_GET_FD_BY_ID, wanted); }, close, 0);
}

TEST_F(AllocationFailure, MapsInMaps) {
  const int64_t inner = make_map(kHash, 4, 8, 1);
  for (uint32_t type : {12u, 13u}) {
    kbpf_attr_map_create attr = map_attr(type, 4, 4, 4);
    attr.inner_map_fd = static_cast<uint32_t>(inner);
    const int64_t outer = bpf(MAP_CREATE, attr);
    uint32_t key = 1, fd = static_cast<uint32_t>(inner);
    every_allocation_may_fail([&] { return update(outer, &key, &fd); },
                              [&](int64_t) { EXPECT_EQ(remove(outer, &key), 0); }, 0);
    close(outer);
  }
}

TEST_F(AllocationFailure, NamesStatisticsAndRings) {
  const int64_t map = make_map(kHash, 4, 8, 1), ring = make_map(27, 0, 0, 4096);
  kbpf_attr_obj pin{};
  pin.pathname = address("/sys/fs/bpf/name");
  pin.bpf_fd = static_cast<uint32_t>(map);
  every_allocation_may_fail([&] { return bpf(OBJ_PIN, pin); },
                            [](int64_t) { hostport::unlink_path("/sys/fs/bpf/name"); }, 0);
  every_allocation_may_fail([] { return bpf(ENABLE_STATS, kbpf_attr_enable_stats{0}); }, close, 1);
  kbpf_object *object = hostport::object_of(static_cast<int>(ring));
  every_allocation_may_fail([&] { return kbpf_object_map(object, 0, 4096, 1); },
                            [&](int64_t) { kbpf_object_unmap(object, 0, 4096, 1); }, 0);
  drop_reference(object);
}

} // namespace
} // namespace kbpf::test
