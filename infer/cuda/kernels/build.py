#!/usr/bin/env python3
"""Compiles the kernels of this folder to compiled/. Usage: build.py TOOLS [--check] [FILE.cu...]

TOOLS is a folder for NVIDIA's compilers, which are fetched from PyPI at the versions below; no GPU and no toolkit is
needed. NVRTC makes PTX of each .cu, ptxas cubins of it for each architecture. The build fails where a kernel spills
registers, where ptxas warns of serialized wgmma (C75xx), or of anything else. --check compares with what is committed
instead of writing it. What each kernel takes of registers and shared memory goes to standard output.
"""
import concurrent.futures
import ctypes
import gzip
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

PACKAGES = ["nvidia-cuda-nvrtc-cu12==12.4.127", "nvidia-cuda-nvcc-cu12==12.4.131"]

HERE = pathlib.Path(__file__).resolve().parent
COMPILED = HERE / "compiled"

# Of each source: the virtual architecture of its PTX, and what becomes of it. sm_80 code runs on 8.6 and 8.9 as well;
# the PTX is for cards that came later.
PORTABLE = [("compute_80", ["sm_80", "ptx"]), ("compute_90", ["sm_90"])]
HOPPER = [("compute_90a", ["sm_90a"])]


def targets(source):
    return HOPPER if source.stem.startswith("gemm90") else PORTABLE


def fetch(tools):
    if not (tools / "fetched").exists():
        tools.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
                        "--platform", "manylinux2014_x86_64", "--dest", tools, *PACKAGES], check=True, stdout=sys.stderr)
        for wheel in tools.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(tools)
            wheel.unlink()
        (tools / "nvidia/cuda_nvcc/bin/ptxas").chmod(0o755)
        (tools / "fetched").touch()


class NVRTC:
    def __init__(self, tools):
        folder = tools / "nvidia/cuda_nvrtc/lib"
        for builtins in folder.glob("libnvrtc-builtins.so*"):
            ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
        self.library = ctypes.CDLL(str(folder / "libnvrtc.so.12"))

    def call(self, name, *arguments):
        status = getattr(self.library, "nvrtc" + name)(*arguments)
        if status:
            raise SystemExit(f"nvrtc{name}: error {status}")

    def text(self, what, program):
        size = ctypes.c_size_t()
        self.call(f"Get{what}Size", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self.call(f"Get{what}", program, buffer)
        return buffer.value.decode()

    def ptx(self, source, architecture):
        program = ctypes.c_void_p()
        self.call("CreateProgram", ctypes.byref(program), source.read_bytes(), source.name.encode(), 0, None, None)
        options = [f"--gpu-architecture={architecture}", "--std=c++17", f"-I{HERE}"]
        encoded = (ctypes.c_char_p * len(options))(*[option.encode() for option in options])
        status = self.library.nvrtcCompileProgram(program, len(options), encoded)
        log = self.text("ProgramLog", program).strip()
        if status or log:
            raise SystemExit(f"{source.name} for {architecture}:\n{log}")
        ptx = self.text("PTX", program)
        self.call("DestroyProgram", ctypes.byref(program))
        return ptx


def assemble(tools, source, architecture, ptx):
    """Returns the cubin of a PTX text, and prints what ptxas says of each kernel."""
    with tempfile.TemporaryDirectory() as folder:
        return assemble_in(pathlib.Path(folder), tools, source, architecture, ptx)


def assemble_in(folder, tools, source, architecture, ptx):
    given, made = folder / "in.ptx", folder / "out.cubin"
    given.write_text(ptx)
    run = subprocess.run([tools / "nvidia/cuda_nvcc/bin/ptxas", "-v", f"-arch={architecture}", given, "-o", made],
                         capture_output=True, text=True)
    log = run.stdout + run.stderr
    if run.returncode:
        raise SystemExit(f"{source.name} for {architecture}:\n{log}")
    faults = []
    for entry in re.split(r"(?=Compiling entry function )", log)[1:]:
        name = re.search(r"'(\w+)'", entry)[1]
        spills = [int(n) for n in re.findall(r"(\d+) bytes spill", entry)]
        print(f"{architecture} {name}: {re.search(r'Used (.*)', entry)[1]}")
        if any(spills):
            faults.append(f"{name} spills {max(spills)} bytes of registers")
    faults += [line for line in log.splitlines() if "warning" in line.lower() or re.search(r"\bC75\d\d\b", line)]
    if faults:
        raise SystemExit(f"{source.name} for {architecture}:\n" + "\n".join(faults))
    return made.read_bytes()


def main():
    arguments = sys.argv[1:]
    check = "--check" in arguments
    if check:
        arguments.remove("--check")
    tools = pathlib.Path(arguments[0]).resolve()
    fetch(tools)
    nvrtc = NVRTC(tools)
    sources = [HERE / name for name in arguments[1:]] or sorted(HERE.glob("*.cu"))
    COMPILED.mkdir(exist_ok=True)
    written, differing = set(), []
    # ptxas takes half a minute for each kernel of wgmma.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        contents = {}
        for source in sources:
            for virtual, kinds in targets(source):
                ptx = nvrtc.ptx(source, virtual)
                for kind in kinds:
                    assembled = pool.submit(ptx.encode) if kind == "ptx" else pool.submit(assemble, tools, source, kind, ptx)
                    contents[COMPILED / f"{source.stem}.{kind}.gz"] = assembled
    for file, content in contents.items():
        written.add(file)
        # What is compared is the content: zlib's output may change with its version.
        if file.exists() and gzip.decompress(file.read_bytes()) == content.result():
            continue
        if check:
            differing.append(file.name)
        else:
            file.write_bytes(gzip.compress(content.result(), mtime=0))
    if len(arguments) == 1:
        for file in set(COMPILED.iterdir()) - written:
            if check:
                differing.append(file.name)
            else:
                file.unlink()
    if differing:
        raise SystemExit("compiled/ is not what the sources make: " + ", ".join(sorted(differing)) + "; run make kernels")


main()
