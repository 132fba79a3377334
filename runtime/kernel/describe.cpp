// SPDX-License-Identifier: MIT OR Apache-2.0
// The lines that /proc/PID/fdinfo has on a BPF descriptor.
#include "core/base/text.h"
#include "kernel/kbpf.h"
#include "kernel/link.h"
#include "kernel/maps/map.h"
#include "kernel/program.h"

namespace kbpf {
namespace {

class CallbackSink final : public TextSink {
public:
  CallbackSink(void (*write)(void *, const char *, size_t), void *user) : write_(write), user_(user) {}
  void append(std::string_view text) override { write_(user_, text.data(), text.size()); }

private:
  void (*write_)(void *, const char *, size_t);
  void *user_;
};

void describe(const Map &map, TextSink &sink) {
  const MapSpec &spec = map.spec();
  print(sink, "map_type:\t{}\nkey_size:\t{}\nvalue_size:\t{}\nmax_entries:\t{}\n", spec.type, spec.key_size,
        spec.value_size, spec.max_entries);
  print(sink, "map_flags:\t{x}\nmap_extra:\t{x}\nmemlock:\t{}\nmap_id:\t{}\nfrozen:\t{}\n", spec.flags,
        spec.extra, map.memory(), map.id(), map.frozen() ? 1u : 0u);
}

void describe(const Program &program, TextSink &sink) {
  print(sink, "prog_type:\t{}\nprog_jited:\t{}\nprog_tag:\t", program.type().number,
        program.code_bytes() ? 1u : 0u);
  for (uint8_t byte : program.tag())
    append_unsigned(sink, byte, 16, 2);
  print(sink, "\nmemlock:\t{}\nprog_id:\t{}\nrun_time_ns:\t{}\nrun_cnt:\t{}\nverified_insns:\t{}\n",
        program.memory(), program.id(), program.run_time_ns(), program.run_count(),
        program.record().verified_insns);
}

void describe(const Link &link, TextSink &sink) {
  std::string_view type = link.type() == Link::Type::raw_tracepoint ? "raw_tracepoint"
                          : link.type() == Link::Type::tracing      ? "tracing"
                          : link.type() == Link::Type::perf_event   ? "perf"
                                                                    : "kprobe_multi";
  print(sink, "link_type:\t{}\nlink_id:\t{}\nprog_tag:\t", type, link.id());
  for (uint8_t byte : link.program().tag())
    append_unsigned(sink, byte, 16, 2);
  print(sink, "\nprog_id:\t{}\n", link.program().id());
  if (link.type() != Link::Type::tracing)
    return;
  const TracingTarget &target = link.program().tracing();
  Result<Ref<BtfObject>> kernel = BtfObject::kernel();
  print(sink, "attach_type:\t{}\ntarget_obj_id:\t{}\ntarget_btf_id:\t{}\n", target.attach_type,
        kernel.ok() ? (*kernel)->id() : 0, target.btf_id);
}

} // namespace
} // namespace kbpf

void kbpf_object_describe(kbpf_object *object, void (*write)(void *, const char *, size_t), void *user) {
  kbpf::CallbackSink sink(write, user);
  if (object->kind == kbpf_object::Kind::map)
    kbpf::describe(static_cast<kbpf::Map &>(*object), sink);
  else if (object->kind == kbpf_object::Kind::link)
    kbpf::describe(static_cast<kbpf::Link &>(*object), sink);
  else if (object->kind == kbpf_object::Kind::btf)
    kbpf::print(sink, "btf_id:\t{}\n", static_cast<kbpf::BtfObject &>(*object).id());
  else if (object->kind == kbpf_object::Kind::program)
    kbpf::describe(static_cast<kbpf::Program &>(*object), sink);
}
