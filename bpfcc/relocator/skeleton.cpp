// SPDX-License-Identifier: MIT OR Apache-2.0
// The header is the object's bytes, one structure with a field for each map, program, link and section of
// variables, and functions that are all inline: nothing but the user library is linked.
#include "bpfcc/relocator/skeleton.h"
#include "bpfcc/relocator/c_types.h"
#include "bpfcc/relocator/text.h"
#include "core/image/object_view.h"
#include <algorithm>
#include <cstring>

namespace bpfcc {
namespace {

struct Named {
  std::string name, field; // the object's, and C's
};

struct Variables {
  std::string section, field, members;
  uint32_t size;
};

class Skeleton {
public:
  Skeleton(const Image &image, std::string_view name) : image_(image), name_(name) {}
  std::string run(std::string &header);

private:
  std::string read(const kbpf::ObjectView &view);
  void show_structure();
  void show_bytes();
  void show_functions();
  // One line; @ stands for the skeleton's name.
  void line(std::string_view text) {
    for (char c : text)
      out_.append(c == '@' ? name_ : std::string_view(&c, 1));
    out_ += '\n';
  }

  const Image &image_;
  std::string_view name_;
  std::vector<Named> maps_, programs_;
  std::vector<Named> links_; // of programs that the object attaches
  std::vector<Variables> variables_;
  std::string out_;
};

bool holds_variables(std::string_view map) {
  return map.starts_with(".rodata") || map.starts_with(".data") || map.starts_with(".bss");
}

std::string Skeleton::read(const kbpf::ObjectView &view) {
  UniqueNames map_fields, program_fields, variable_fields;
  for (std::string_view taken : {"object", "maps", "progs", "links"})
    variable_fields.make(taken);
  CTypes types(image_.btf);
  for (uint32_t i = 0; i < view.map_count(); i++) {
    kbpf_map_record record = view.map(i);
    std::string name(view.string(record.name));
    maps_.push_back({name, map_fields.make(std::string_view(name).substr(name.starts_with('.')))});
    if (!holds_variables(name))
      continue;
    for (uint32_t id = 1; id < image_.btf.count(); id++)
      if (const BtfType &type = image_.btf.type(id); type.kind == BtfKind::datasec && type.name == name) {
        variables_.push_back({name, variable_fields.make(std::string_view(name).substr(1)),
                              types.section_members(type, record.value_size), record.value_size});
        break;
      }
  }
  for (uint32_t i = 0; i < view.prog_count(); i++) {
    kbpf_prog_record record = view.prog(i);
    programs_.push_back(
        {std::string(view.string(record.name)), program_fields.make(view.string(record.name))});
    if (record.attach_kind != KBPF_NO_ATTACH && !view.string(record.attach_target).empty())
      links_.push_back(programs_.back());
  }
  // The names stand in string literals.
  for (const std::vector<Named> *all : {&maps_, &programs_})
    for (const Named &named : *all)
      if (named.name.find_first_not_of(
              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$-") != std::string::npos)
        return concat(quoted(named.name), " cannot be named in C");
  return {};
}

void Skeleton::show_structure() {
  for (const Variables &section : variables_) {
    line(concat("struct @__", section.field, " { /* ", section.section, " */"));
    out_ += section.members;
    line("};\n");
  }
  line("struct @ {");
  line("  struct bpf_object *object;");
  auto handles = [&](std::string_view type, std::string_view group, const std::vector<Named> &all) {
    if (all.empty())
      return;
    line("  struct {");
    for (const Named &named : all)
      line(concat("    struct ", type, " *", named.field, ";"));
    line(concat("  } ", group, ";"));
  };
  handles("bpf_map", "maps", maps_);
  handles("bpf_program", "progs", programs_);
  handles("bpf_link", "links", links_);
  for (const Variables &section : variables_)
    line(concat("  struct @__", section.field, " *", section.field, ";"));
  line("};\n");
  if (variables_.empty())
    return;
  // C rounds a structure's size up to its alignment, which sections do not.
  line("#ifndef __cplusplus");
  for (const Variables &section : variables_) {
    const std::string type = concat("struct @__", section.field), align = concat("_Alignof(", type, ")");
    line(concat("_Static_assert(sizeof(", type, ") == (", section.size, " + ", align, " - 1) / ", align,
                " * ", align, ", \"layout of ", section.section, "\");"));
  }
  line("#endif\n");
}

void Skeleton::show_bytes() {
  constexpr size_t kBytesPerLine = 24;
  line("/* The object. */");
  line("static inline const void *@__elf_bytes(size_t *size) {");
  line("  static const unsigned char bytes[] = {");
  for (size_t i = 0; i < image_.bytes.size(); i++)
    out_ += concat(i % kBytesPerLine ? "" : "    ", static_cast<unsigned char>(image_.bytes[i]), ",",
                   i % kBytesPerLine == kBytesPerLine - 1 || i + 1 == image_.bytes.size() ? "\n" : "");
  line("  };\n  *size = sizeof(bytes);\n  return bytes;\n}\n");
}

void Skeleton::show_functions() {
  auto find_values = [&] {
    for (const Variables &section : variables_) {
      auto map = std::find_if(maps_.begin(), maps_.end(),
                              [&](const Named &named) { return named.name == section.section; });
      line(concat("  skeleton->", section.field, " = (struct @__", section.field,
                  " *)bpf_map__initial_value(skeleton->maps.", map->field, ", NULL);"));
    }
  };
  line("/* @__detach undoes @__attach; @__destroy detaches and closes the object, null allowed. */");
  line("static inline void @__detach(struct @ *skeleton) {");
  for (const Named &link : links_)
    line(concat("  bpf_link__destroy(skeleton->links.", link.field, ");\n  skeleton->links.", link.field,
                " = NULL;"));
  line(links_.empty() ? "  (void)skeleton;\n}\n" : "}\n");
  line("static inline void @__destroy(struct @ *skeleton) {");
  line("  if (!skeleton)\n    return;\n  @__detach(skeleton);");
  line("  bpf_object__close(skeleton->object);\n  free(skeleton);\n}\n");

  line("/* Null where it fails: bpf_object__error() says why. Variables may be set until @__load. */");
  line("static inline struct @ *@__open(void) {");
  line("  struct @ *skeleton = (struct @ *)calloc(1, sizeof(*skeleton));");
  line("  if (!skeleton)\n    return NULL;");
  line("  size_t size;\n  const void *bytes = @__elf_bytes(&size);");
  line("  skeleton->object = bpf_object__open_mem(bytes, size);");
  line("  if (!skeleton->object)\n    goto failed;");
  for (const Named &map : maps_)
    line(concat("  skeleton->maps.", map.field, " = bpf_object__find_map_by_name(skeleton->object, \"",
                map.name, "\");"));
  for (const Named &program : programs_)
    line(concat("  skeleton->progs.", program.field,
                " = bpf_object__find_program_by_name(skeleton->object, \"", program.name, "\");"));
  find_values();
  for (const Variables &section : variables_)
    line(concat("  if (!skeleton->", section.field, ")\n    goto failed;"));
  line("  return skeleton;\nfailed:\n  @__destroy(skeleton);\n  return NULL;\n}\n");

  line("/* 0, or a negative errno. The variables are then the programs' own, at other addresses; constants "
       "are");
  line(" * read-only. */");
  line("static inline int @__load(struct @ *skeleton) {");
  line("  int result = bpf_object__load(skeleton->object);");
  find_values();
  line("  return result;\n}\n");

  line("static inline struct @ *@__open_and_load(void) {");
  line("  struct @ *skeleton = @__open();");
  line("  if (skeleton && @__load(skeleton) < 0) {\n    @__destroy(skeleton);\n    return NULL;\n  }");
  line("  return skeleton;\n}\n");

  line(
      "/* Attaches each program that is loaded and whose section names a target. 0, or a negative errno. */");
  line("static inline int @__attach(struct @ *skeleton) {");
  for (const Named &link : links_) {
    line(concat("  if (bpf_program__fd(skeleton->progs.", link.field, ") >= 0 && !skeleton->links.",
                link.field, ")"));
    line(concat("    if (!(skeleton->links.", link.field, " = bpf_program__attach(skeleton->progs.",
                link.field, ")))\n      return -errno;"));
  }
  line(links_.empty() ? "  (void)skeleton;\n  return 0;\n}\n" : "  return 0;\n}\n");
}

std::string Skeleton::run(std::string &header) {
  std::vector<uint64_t> aligned((image_.bytes.size() + 7) / 8);
  memcpy(aligned.data(), image_.bytes.data(), image_.bytes.size());
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte *>(aligned.data()), image_.bytes.size());
  char why[256];
  kbpf::TextBuffer sink(why, sizeof why);
  auto is_kbpf = kbpf::ObjectView::is_kbpf_object(bytes, sink);
  if (!is_kbpf.ok() || !*is_kbpf)
    return "not an object that bpfcc made for kbpf, of which alone skeletons are written";
  auto view = kbpf::ObjectView::open(bytes, sink);
  if (!view.ok())
    return concat("its tables cannot be read: ", sink.text());
  if (image_.btf.empty())
    return "it has no BTF, which says what its variables are: compile it with -g";
  if (std::string error = read(*view); !error.empty())
    return error;
  line("/* Written by bpfcc --emit-skeleton. */");
  line("#ifndef @__SKELETON_H\n#define @__SKELETON_H");
  line("#include <bpf_object.h>\n#include <errno.h>\n#include <stdbool.h>\n#include <stddef.h>");
  line("#include <stdint.h>\n#include <stdlib.h>\n");
  show_structure();
  show_bytes();
  show_functions();
  line("#endif");
  header = std::move(out_);
  return {};
}

} // namespace

std::string make_skeleton(const Image &image, std::string_view name, std::string &header) {
  return Skeleton(image, name).run(header);
}

} // namespace bpfcc
