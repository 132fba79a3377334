// SPDX-License-Identifier: MIT OR Apache-2.0
// The runtime under several CPUs at once, through bpf(2): every map type, objects that come and go, links and tail
// calls under events, rings of samples. Threads stand for CPUs. Run under TSan too.
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/helpers/helpers.h"
#include "kernel/maps/map.h"
#include "kernel/program.h"
#include "kernel_fixture.h"
#include <atomic>
#include <random>
#include <thread>

namespace kbpf::test {
namespace {

constexpr uint32_t kCpus = 4, kPage = 4096;
constexpr uint32_t kRing = 27, kProgArray = 3, kPerfEventArray = 4, kRawTracepoint = 17;

class Concurrency : public KernelTest {
protected:
  void SetUp() override {
    KernelTest::SetUp();
    hostport::set_cpu_count(kCpus);
  }
  template <typename Body> static void on_every_cpu(Body body) {
    std::vector<std::thread> threads;
    for (uint32_t cpu = 0; cpu < kCpus; cpu++)
      threads.emplace_back([cpu, &body] {
        hostport::BoundCpu bound(cpu);
        body(cpu);
      });
    for (std::thread &thread : threads)
      thread.join();
  }
  // CPU 0 changes things, the others use them until it is done.
  template <typename Change, typename Use> static void beside(Change change, Use use) {
    std::atomic<bool> done{false};
    on_every_cpu([&](uint32_t cpu) {
      if (cpu == 0) {
        change();
        done = true;
      }
      while (!done) {
        use(cpu);
        std::this_thread::yield(); // a thread that loses its processor inside a section makes CPU 0 wait
      }
    });
  }
  static void close(int64_t fd) { hostport::close_fd(static_cast<int>(fd)); }
  static int64_t returns(int value, uint32_t type = kKprobe) {
    return load_code(type, assemble({mov64_imm(R0, value), exit_insn()}));
  }
};

struct AnyMap {
  uint32_t type, key_size, value_size, max_entries, flags;
};
class AnyMapConcurrency : public Concurrency, public testing::WithParamInterface<AnyMap> {};
INSTANTIATE_TEST_SUITE_P(
    Types, AnyMapConcurrency,
    testing::Values(AnyMap{1, 4, 8, 16, 0}, AnyMap{1, 20, 40, 16, 0}, AnyMap{2, 4, 24, 16, 0},
                    AnyMap{5, 4, 16, 16, 0}, AnyMap{6, 4, 16, 16, 0}, AnyMap{7, 4, 80, 16, 0},
                    AnyMap{9, 8, 24, 16, 0}, AnyMap{10, 4, 8, 16, 0},
                    AnyMap{11, 8, 16, 16, KBPF_MAP_F_NO_PREALLOC}, AnyMap{22, 0, 24, 16, 0},
                    AnyMap{23, 0, 24, 16, 0}, AnyMap{30, 0, 8, 16, 0}),
    [](const auto &info) {
      return "Type" + std::to_string(info.param.type) + "Key" + std::to_string(info.param.key_size);
    });

// Programs' calls and system calls in any order on every CPU: nothing crashes, and what one of them may see is
// whole words.
TEST_P(AnyMapConcurrency, TakesEveryCallOnEveryCpu) {
  const AnyMap &form = GetParam();
  const int64_t fd = make_map(form.type, form.key_size, form.value_size, form.max_entries, form.flags);
  ASSERT_GE(fd, 0);
  Ref<Map> map = Ref<Map>::adopt(static_cast<Map *>(hostport::object_of(static_cast<int>(fd))));
  std::atomic<uint32_t> torn{0};
  on_every_cpu([&](uint32_t cpu) {
    std::mt19937 random(cpu);
    std::vector<uint64_t> value(16 * kCpus), keys(16 * 32), values(32 * 64);
    for (int i = 0; i < 3000; i++) {
      auto some = [&] { return static_cast<uint32_t>(random() % 24); };
      alignas(8) uint32_t key[8] = {form.type == 11 ? 32 : some(), some()};
      std::fill(value.begin(), value.end(), 0x0101010101010101u * (random() % 8));
      uint64_t next[4], taken[16 * kCpus];
      kbpf_attr_map_batch batch{};
      uint64_t position = 0;
      batch.out_batch = address(&position);
      batch.keys = address(keys.data());
      batch.values = address(values.data());
      batch.count = 16;
      batch.map_fd = static_cast<uint32_t>(fd);
      switch (random() % 10) {
      case 0: {
        ReadSection section;
        (void)map->update(key, value.data(), KBPF_MAP_UPDATE_ANY).ok();
        break;
      }
      case 1: {
        ReadSection section;
        (void)map->remove(key).ok();
        break;
      }
      case 2: {
        ReadSection section;
        const auto *found = static_cast<const uint64_t *>(form.key_size ? map->lookup(key) : nullptr);
        const uint64_t word = found ? __atomic_load_n(found, __ATOMIC_RELAXED) : 0;
        torn += form.type != 7 && word != 0x0101010101010101u * (word & 0xff);
        break;
      }
      case 3: {
        ReadSection section;
        (void)map->push(value.data(), random() % 2 ? KBPF_MAP_UPDATE_EXIST : 0).ok();
        break;
      }
      case 4: {
        ReadSection section;
        (void)map->pop(taken).ok();
        break;
      }
      case 5:
        update(fd, form.key_size ? key : nullptr, value.data());
        break;
      case 6:
        lookup(fd, form.key_size ? key : nullptr, taken);
        break;
      case 7:
        next_key(fd, random() % 4 ? key : nullptr, next);
        break;
      case 8:
        bpf(MAP_LOOKUP_AND_DELETE_ELEM, elem_attr(fd, form.key_size ? key : nullptr, taken));
        break;
      default:
        bpf(random() % 4 ? MAP_LOOKUP_BATCH : MAP_LOOKUP_AND_DELETE_BATCH, batch);
      }
    }
  });
  EXPECT_EQ(torn, 0u);
}

// Whoever gets a descriptor by an id gets a whole object, or none; and all of them end.
TEST_F(Concurrency, ObjectsAreWholeUnderTheirIds) {
  std::atomic<uint32_t> wrong{0};
  on_every_cpu([&](uint32_t cpu) {
    for (int i = 0; i < 200; i++) {
      const int64_t fd = cpu % 2 ? make_map(kArray, 4, 8, 3) : returns(1);
      wrong += fd < 0;
      for (Command walk : {MAP_GET_NEXT_ID, PROG_GET_NEXT_ID}) {
        kbpf_attr_get_id id{};
        while (bpf(walk, id) == 0) {
          kbpf_attr_get_id wanted{};
          wanted.id = id.next_id;
          const int64_t found = bpf(walk == MAP_GET_NEXT_ID ? MAP_GET_FD_BY_ID : PROG_GET_FD_BY_ID, wanted);
          if (found >= 0) {
            std::vector<char> info(256);
            kbpf_attr_info_by_fd attr{static_cast<uint32_t>(found), 256, address(info.data())};
            wrong += bpf(OBJ_GET_INFO_BY_FD, attr) != 0;
            uint32_t told;
            memcpy(&told, info.data() + 4, sizeof(told)); // id, in both
            wrong += told != wanted.id;
            close(found);
          } else {
            wrong += found != -ENOENT;
          }
          const uint32_t last = id.next_id;
          id = {};
          id.id = last;
        }
      }
      close(fd);
    }
  });
  EXPECT_EQ(wrong, 0u);
}

// A program that goes on in a slot finds one of the programs that were in it, or none.
TEST_F(Concurrency, ATailCallFindsAWholeProgram) {
  const int64_t array = make_map(kProgArray, 4, 4, 2);
  const int64_t caller = load_code(
      kKprobe, assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R2, array, 0), mov64_imm(R3, 1), call_helper(12),
                         mov64_imm(R0, 7), exit_insn()}));
  ASSERT_GE(caller, 0);
  Ref<Program> program =
      Ref<Program>::adopt(static_cast<Program *>(hostport::object_of(static_cast<int>(caller))));
  const uint32_t slot = 1;
  std::atomic<uint32_t> wrong{0};
  beside(
      [&] {
        for (int i = 0; i < 200; i++) {
          const int64_t target = returns(40 + i % 2);
          wrong += update(array, &slot, &target) != 0;
          close(target);
          if (i % 3 == 0)
            wrong += remove(array, &slot) != 0;
        }
      },
      [&](uint32_t) {
        kbpf_regs context{};
        ReadSection section;
        const uint64_t result = program->run(&context);
        wrong += result != 7 && result != 40 && result != 41;
      });
  EXPECT_EQ(wrong, 0u);
}

// Links to an event come and go while it happens on other CPUs; a program runs as long as it is linked, and never
// afterwards.
TEST_F(Concurrency, LinksComeAndGoWhileTheirEventHappens) {
  static kbpf_event event{"sys", "concurrent_event", 7, 24, 2, nullptr, nullptr, 0};
  static const bool registered = (kbpf_event_register(&event), true);
  ASSERT_TRUE(registered);
  const int64_t counts = make_map(kArray, 4, 8, 1);
  const int64_t program = load_code(
      kRawTracepoint, assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, counts, 0), mov64_imm(R2, 1),
                                atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 0, R2), mov64_imm(R0, 0), exit_insn()}));
  ASSERT_GE(program, 0);
  const kbpf_attr_raw_tracepoint attr{address(event.name), static_cast<uint32_t>(program), 0, 0};
  auto happen = [] {
    const uint64_t arguments[2] = {1, 2}, record[3] = {};
    if (__atomic_load_n(&event.attached, __ATOMIC_RELAXED))
      kbpf_event_run(&event, arguments, record);
  };
  auto count = [&] {
    const uint32_t key = 0;
    uint64_t value = 0;
    EXPECT_EQ(lookup(counts, &key, &value), 0);
    return value;
  };
  std::atomic<uint32_t> wrong{0};
  beside(
      [&] {
        for (int i = 0; i < 200; i++) {
          const int64_t link = bpf(RAW_TRACEPOINT_OPEN, attr);
          wrong += link < 0;
          const uint64_t before = count();
          happen();
          wrong += count() == before;
          close(link);
          const uint64_t after = count();
          std::this_thread::yield();
          wrong += count() != after;
        }
      },
      [&](uint32_t) { happen(); });
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(event.attached, nullptr);
}

// A reader takes samples out of the ring that a program fills on another CPU: each is one that was written, in order.
TEST_F(Concurrency, SamplesAreWholeForTheirReader) {
  constexpr uint64_t kRaw = 1024, kSamples = 20000;
  constexpr uint32_t kSample = 9, kLost = 2, kDataPages = 2;
  const kbpf_perf_event_attr attr{0, 1, kRaw, 0, 0};
  kbpf_object *event = nullptr;
  ASSERT_EQ(kbpf_perf_event_create(&attr, &event), 0);
  const int event_fd = kbpf_port_fd_install(event, "[perf_event]", 1);
  ASSERT_EQ(kbpf_object_map(event, 0, (1 + kDataPages) * kPage, 1), 0);
  auto *header = static_cast<char *>(kbpf_object_page(event, 0));
  const auto *data = static_cast<const char *>(kbpf_object_page(event, 1));
  auto &head = *reinterpret_cast<std::atomic<uint64_t> *>(header + 1024);
  auto &tail = *reinterpret_cast<std::atomic<uint64_t> *>(header + 1032);
  const int64_t array = make_map(kPerfEventArray, 4, 4, 1);
  const uint32_t key = 0;
  ASSERT_EQ(update(array, &key, &event_fd), 0);
  Ref<Map> map = Ref<Map>::adopt(static_cast<Map *>(hostport::object_of(static_cast<int>(array))));
  const HelperFunction output =
      helper_environment(kKbpfProfile).helper(kKbpfProfile.helper("perf_event_output")->number);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    hostport::BoundCpu bound(0);
    for (uint64_t i = 1; i <= kSamples; i++) {
      uint64_t words[9];
      std::fill(std::begin(words), std::end(words), i);
      ReadSection section;
      output(0, map->ref().handle, 0xffffffff, address(words), 8 * (1 + i % 9));
    }
    done = true;
  });
  uint64_t last = 0, read = 0, lost = 0, wrong = 0;
  for (bool more = true; more;) {
    more = !done;
    for (uint64_t at; (at = tail.load(std::memory_order_relaxed)) != head.load(std::memory_order_acquire);) {
      const char *record = data + at % (kDataPages * kPage);
      uint32_t type;
      uint16_t size;
      memcpy(&type, record, sizeof(type));
      memcpy(&size, record + 6, sizeof(size));
      ASSERT_GE(size, 16u);
      uint64_t words[12] = {};
      memcpy(words, record, std::min<size_t>(size, sizeof(words))); // what wraps lies behind the end once more
      if (type == kSample) {
        uint32_t raw;
        memcpy(&raw, words + 1, sizeof(raw));
        uint64_t first = 0;
        memcpy(&first, record + 12, sizeof(first));
        wrong += first <= last || raw < 8 * (1 + first % 9);
        last = first;
        read++;
      } else {
        wrong += type != kLost;
        lost += words[2];
      }
      tail.store(at + size, std::memory_order_release);
    }
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(read, 0u);
  EXPECT_LE(read + lost, kSamples);
  kbpf_object_unmap(event, 0, (1 + kDataPages) * kPage, 1);
}

} // namespace
} // namespace kbpf::test
