"""Write the OpenAPI document from the protos, or check that the committed one is in step.

openapi.py                 write clients/openapi/gpuquote.v1.json
openapi.py --check         fail when the committed document differs from what would be written
openapi.py IMAGE OUTPUT    write from a descriptor set with imports and source info
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import google.api
from google.protobuf.descriptor_pb2 import FileDescriptorSet

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the server is never installed as a module

from service.rest import contract  # noqa: E402 - after the path is set
from service.rest.comments import comments_of  # noqa: E402
from service.rest.openapi import document  # noqa: E402
from service.rest.routes import routes_of  # noqa: E402

PROTOS = ROOT / "protos"
GOOGLE_PROTOS = Path(next(iter(google.api.__path__))).parents[1]
EXAMPLES = ROOT / "clients" / "openapi" / "examples.json"
DOCUMENT = ROOT / "clients" / "openapi" / "gpuquote.v1.json"


def read_image() -> FileDescriptorSet:
    """Build the descriptors of the contract with comments."""
    files = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.binpb"
        command = [
            *(sys.executable, "-m", "grpc_tools.protoc"),
            *("-I", str(PROTOS), "-I", str(GOOGLE_PROTOS)),
            *("--include_imports", "--include_source_info", f"--descriptor_set_out={image}"),
            *files,
        ]
        subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603 - our own tools
        return FileDescriptorSet.FromString(image.read_bytes())


def document_text(image: FileDescriptorSet) -> str:
    """Return the document as it is committed."""
    routes = routes_of(contract.services())
    examples = json.loads(EXAMPLES.read_text())
    built = document(routes, comments=comments_of(image), examples=examples)
    return json.dumps(built, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Run; returns the exit code."""
    match arguments:
        case []:
            DOCUMENT.write_text(document_text(read_image()))
        case ["--check"]:
            if not DOCUMENT.is_file() or DOCUMENT.read_text() != document_text(read_image()):
                print(f"{DOCUMENT.relative_to(ROOT)} is not in step with the protos: make generate")
                return 1
        case [image, output]:
            read = FileDescriptorSet.FromString(Path(image).read_bytes())
            Path(output).write_text(document_text(read))
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
