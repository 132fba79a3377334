// SPDX-License-Identifier: MIT OR Apache-2.0
// Flags for a host are tolerated, those of its linker and assembler too.
// RUN: %bpfcc -fsyntax-only -march=native -fPIC -fno-stack-protector -pipe -pthread %s 2>&1 | FileCheck %s --implicit-check-not=fPIC
// CHECK-DAG: bpfcc: warning: argument unused: '-march=native' means nothing for BPF
// CHECK-DAG: bpfcc: warning: argument unused: '-pthread' means nothing for BPF
// RUN: %bpfcc -fsyntax-only -static -shared -rdynamic -pie -Wl,-z,now -Wa,--noexecstack -fsanitize=address %s 2>&1 | FileCheck %s --check-prefix=LINK
// LINK-DAG: warning: argument unused: '-static' means nothing for BPF
// LINK-DAG: warning: argument unused: '-shared' means nothing for BPF
// LINK-DAG: warning: argument unused: '-rdynamic' means nothing for BPF
// LINK-DAG: warning: argument unused: '-pie' means nothing for BPF
// LINK-DAG: warning: argument unused: '-Wl,-z,now' means nothing for BPF
// LINK-DAG: warning: argument unused: '-Wa,--noexecstack' means nothing for BPF
// LINK-DAG: warning: argument unused: '-fsanitize=address' means nothing for BPF
// RUN: %bpfcc -Werror -fsyntax-only -r -nostdlib -nostdinc++ -nostartfiles -nodefaultlibs %s
// RUN: %bpfcc -fsyntax-only -s -pg -z now -u symbol -Tscript -Xlinker -x -Xassembler -y -fuse-ld=lld --gcc-toolchain=/usr -stdlib=libc++ --rtlib=compiler-rt --param max=1 -fplugin=p.so %s 2>&1 | FileCheck %s --check-prefix=MORE
// MORE-DAG: warning: argument unused: '-s' means nothing for BPF
// MORE-DAG: warning: argument unused: '-pg' means nothing for BPF
// MORE-DAG: warning: argument unused: '-fuse-ld=lld' means nothing for BPF
// MORE-DAG: warning: argument unused: '--gcc-toolchain=/usr' means nothing for BPF
// MORE-DAG: warning: argument unused: '-fplugin=p.so' means nothing for BPF
// RUN: %bpfcc -Werror -fsyntax-only -B/usr/bin -nolibc -nobuiltininc -trigraphs -iprefix /usr/ -iwithprefix include %s
// RUN: %bpfcc -fsyntax-only -fcf-protection=full --coverage %s 2>&1 | FileCheck %s --check-prefix=BUILDS
// BUILDS-DAG: warning: argument unused: '-fcf-protection=full' means nothing for BPF
// BUILDS-DAG: warning: argument unused: '--coverage' means nothing for BPF
// RUN: %bpfcc -Werror -fsyntax-only -integrated-as -no-integrated-as --no-default-config %s
// RUN: %bpfcc -Werror -fsyntax-only -Qunused-arguments -march=native -pthread --coverage %s
int x;
