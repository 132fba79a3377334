# SPDX-License-Identifier: MIT OR Apache-2.0
# The functions that nm lists ("address size T name", by address) as a table of struct kbpf_symbol; an empty one for
# an empty list.
BEGIN {
  print "#include \"kernel.h\""
  print "const struct kbpf_symbol kernel_symbols[] __attribute__((section(\".symbols\"))) = {"
}
NF == 4 && $3 ~ /^[tT]$/ && $2 !~ /^0*$/ { printf "  {0x%s, 0x%s, \"%s\", \"%s\"},\n", $1, $2, $4, $4 }
END { print "  {0, 0, NULL, NULL}};" }
