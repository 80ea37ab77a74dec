"""Write everything that follows from the protos, or check that it is in step.

generate.py                    messages, stubs, OpenAPI
generate.py --check            fail when any of them differs from what would be written
generate.py --check-contract   buf lint, and buf breaking against protos/baseline.binpb
generate.py --move-baseline    make today's contract the baseline (with a release only)
"""

import filecmp
import subprocess
import sys
import tempfile
from pathlib import Path

import google.api

ROOT = Path(__file__).resolve().parents[1]
PROTOS = ROOT / "protos"
BASELINE = PROTOS / "baseline.binpb"
MESSAGES = ROOT / "clients" / "python" / "src"
OPENAPI = ROOT / "clients" / "openapi" / "gpuquote.v1.json"
GOOGLE_PROTOS = Path(next(iter(google.api.__path__))).parents[1]
BUF = Path(sys.executable).with_name("buf")


def protoc(*options: str) -> None:
    """Run protoc over the whole contract."""
    files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    includes = ["-I", str(PROTOS), "-I", str(GOOGLE_PROTOS)]
    run(sys.executable, "-m", "grpc_tools.protoc", *includes, *options, *files)


def run(*command: str) -> None:
    """Run a command; its failure ends this one."""
    outcome = subprocess.run(command, check=False, cwd=ROOT)  # noqa: S603 - our own tools
    if outcome.returncode:
        sys.exit(outcome.returncode)


def write_messages(folder: Path) -> None:
    """Write messages and stubs with their types."""
    tools = Path(sys.executable).parent
    protoc(
        f"--plugin=protoc-gen-mypy_grpc={tools / 'protoc-gen-mypy_grpc'}",
        f"--python_out={folder}",
        f"--pyi_out={folder}",
        f"--grpc_python_out={folder}",
        f"--mypy_grpc_out={folder}",
    )


def write_image(path: Path) -> None:
    """Write the descriptors with imports and comments."""
    protoc("--include_imports", "--include_source_info", f"--descriptor_set_out={path}")


def write_openapi(image: Path, path: Path) -> None:
    """Write the OpenAPI document."""
    run(sys.executable, "tools/openapi.py", str(image), str(path))


def check_contract(image: Path) -> None:
    """Lint the contract and hold it against the baseline."""
    run(str(BUF), "lint", str(image), "--path", "gpuquote")
    run(str(BUF), "breaking", str(image), "--against", str(BASELINE), "--path", "gpuquote")


def check_in_step(image: Path, folder: Path) -> None:
    """Fail when a committed file differs from what would be written today."""
    write_messages(folder)
    write_openapi(image, folder / "openapi.json")
    fresh = sorted(path for path in folder.rglob("*.py*") if path.is_file())
    pairs = [(path, MESSAGES / path.relative_to(folder)) for path in fresh]
    pairs.append((folder / "openapi.json", OPENAPI))
    known = {kept for _, kept in pairs}
    strays = [
        path for path in (MESSAGES / "gpuquote").rglob("*_pb2*.py*") if _is_stray(path, known)
    ]
    stale = [kept for new, kept in pairs if not (kept.is_file() and _same(new, kept))]
    for path in (*stale, *strays):
        print(f"{path.relative_to(ROOT)} is not in step with the protos: make generate")
    if stale or strays:
        sys.exit(1)


def _is_stray(path: Path, known: set[Path]) -> bool:
    return path not in known and "__pycache__" not in path.parts


def _same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)


def main(option: str) -> None:
    """Do what the option says."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = folder / "image.binpb"
        write_image(image)
        if option == "--check":
            check_in_step(image, folder)
        elif option == "--check-contract":
            check_contract(image)
        elif option == "--move-baseline":
            BASELINE.write_bytes(image.read_bytes())
        else:
            write_messages(MESSAGES)
            write_openapi(image, OPENAPI)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
