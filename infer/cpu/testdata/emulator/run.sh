#!/usr/bin/env bash
# Runs the AVX-512 kernels where the machine has none: the tests of package cpu and the golden models, on Linux, on a
# processor that Bochs emulates; once with VNNI and once without. Usage: run.sh DIR, where things are kept for the next time.
#
# Needs git, a C++ compiler, xorriso, cpio and isolinux (root gets Debian's with apt-get), and minutes of a core: to build
# Bochs the first time, and five or so every time. BOCHS=DIR names a source tree of Bochs 3.0 that this script built, KERNEL=FILE
# a Linux kernel with an 8250 console built in; else Bochs is cloned and Debian's cloud kernel downloaded.
set -euo pipefail
mkdir -p "$1"
dir=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
tag=REL_3_0_FINAL

fail() { echo "emulator: $*" >&2; exit 1; }

isolinux=/usr/lib/ISOLINUX/isolinux.bin
loader=/usr/lib/syslinux/modules/bios/ldlinux.c32
if ! command -v git g++ make xorriso cpio > /dev/null || ! [ -f $isolinux ] || ! [ -f $loader ]; then
  packages="git g++ make xorriso cpio isolinux syslinux-common"
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || fail "install $packages"
  apt-get install -y -qq --no-install-recommends $packages > /dev/null
fi

bochs=${BOCHS:-$dir/bochs/bochs}
if ! [ -x "$bochs/bochs" ]; then
  [ -d "$dir/bochs" ] || git clone --quiet --depth 1 --branch $tag https://github.com/bochs-emu/Bochs "$dir/bochs"
  echo "building Bochs"
  # Its Skylake-X computes with added instructions but does not tell of them.
  sed -i '/get_std_cpuid_leaf_7(Bit32u/,/break;/ s/leaf->ecx = 0;/leaf->ecx = get_std_cpuid_leaf_7_ecx();/' "$bochs/cpu/cpudb/intel/corei7_skylake-x.cc"
  (cd "$bochs" && ./configure --enable-cpu-level=6 --enable-x86-64 --enable-avx --enable-evex --enable-handlers-chaining \
    --enable-repeat-speedups --enable-fast-function-calls --disable-debugger --disable-docbook --disable-plugins --with-nogui \
    --without-x --without-x11 --without-sdl --without-sdl2 && make -j"$(nproc)") > "$dir/build.log" 2>&1 || fail "Bochs was not built: $dir/build.log"
fi

kernel=${KERNEL:-$dir/vmlinuz}
if ! [ -f "$kernel" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
  [ -n "$package" ] || fail "no kernel to download here; name one with KERNEL"
  (cd "$dir" && apt-get download -qq "$package" && dpkg -x linux-image-*.deb unpacked && mv unpacked/boot/vmlinuz-* vmlinuz && rm -rf unpacked linux-image-*.deb)
fi

files=$dir/files
rm -rf "$files" "$dir/iso"
mkdir -p "$files/cpu" "$files/esm2/testdata" "$dir/iso/isolinux"
export CGO_ENABLED=0
(cd "$root" && go build -ldflags "-s -w" -o "$files/init" ./infer/cpu/testdata/emulator/init)
(cd "$root" && go test -c -ldflags "-s -w" -o "$files/cpu/test" ./infer/cpu)
(cd "$root" && go test -c -ldflags "-s -w" -o "$files/esm2/test" ./infer/esm2)
cp -r "$root/infer/esm2/testdata/goldens" "$files/esm2/testdata"
cp "$kernel" "$dir/iso/vmlinuz"
cp $isolinux $loader "$dir/iso/isolinux"
cat > "$dir/iso/isolinux/isolinux.cfg" << 'END'
DEFAULT linux
LABEL linux
  KERNEL /vmlinuz
  INITRD /initrd
  APPEND console=ttyS0 mitigations=off nokaslr nosmp nopti hpet=disable tsc=reliable lpj=100000 random.trust_cpu=on panic=-1 loglevel=3
END

machine() { # machine NAME MODEL TEST, the commands on stdin: TEST is one that must have passed
  local work=$dir/$1 begin=$SECONDS
  rm -rf "$work"
  mkdir -p "$work"
  cat > "$files/commands"
  (cd "$files" && find . | cpio --quiet -o -H newc | gzip -1) > "$dir/iso/initrd"
  xorriso -as mkisofs -quiet -o "$work/boot.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat \
    -no-emul-boot -boot-load-size 4 -boot-info-table "$dir/iso" 2> /dev/null
  sed "s|BIOS/|$bochs/bios/|; s|MODEL|$2|; s|WORK|$work|" "$here/bochsrc" > "$work/bochsrc"
  echo "== $1"
  # Bochs says that it failed when the machine powers off; the console has the last word.
  timeout "${TIMEOUT:-3600}" "$bochs/bochs" -q -f "$work/bochsrc" < /dev/null > "$work/output.txt" 2>&1 || true
  [ -f "$work/console.txt" ] || fail "$1: the machine did not start: $work/bochs.log"
  grep -aE '^(features|/cpu|/esm2|EMULATOR)|--- FAIL' "$work/console.txt" | tr -d '\r' || true
  grep -aq 'EMULATOR: all commands passed' "$work/console.txt" || fail "$1: failed; $work/console.txt has the console"
  grep -aq -- "--- PASS: $3" "$work/console.txt" || fail "$1: $3 was not run: $work/console.txt"
  echo "-- $1: passed, $((SECONDS - begin)) s"
}

# What VNNI adds.
machine avx512-vnni 'corei7_skylake_x, add_features="avx512vnni"' TestInt8ProductsKernels/avx512/vnni << 'END'
/cpu ./test -test.v -test.run ^TestLevel$
/cpu ./test -test.v -test.run ^TestInt8ProductsKernels$/^avx512$
/esm2 ./test -test.v -test.run ^TestInt8Goldens$/^.*$/^avx512$
END

# The kernels at all small sizes, then whole operations, then whole models.
machine avx512 corei7_skylake_x TestConformance/avx512/threads=1 << 'END'
/cpu ./test -test.v -test.run ^(TestLevel|TestForcedLevel)$
/cpu ./test -test.v -test.run ^(TestSelfCheck|Test\w*Kernels?|TestSoftmaxFar)$/^avx512$
/esm2 ./test -test.v -test.run ^Test(Int8)?Goldens$/^.*$/^avx512$
/cpu ./test -test.v -test.run ^TestConformance(Int8)?$/^avx512$/^threads=1$
END
