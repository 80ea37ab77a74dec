"""Write the OpenAPI document from a descriptor set with imports and comments.

    openapi.py IMAGE OUTPUT

A program of its own, started by generate.py: it imports the messages that were just written.
"""

import json
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the server is never installed as a module

from service.rest import contract  # noqa: E402 - after the path is set
from service.rest.comments import comments_of  # noqa: E402
from service.rest.openapi import document  # noqa: E402
from service.rest.routes import routes_of  # noqa: E402

EXAMPLES = ROOT / "clients" / "openapi" / "examples.json"


def document_text(image: FileDescriptorSet) -> str:
    """Return the document as it is committed."""
    routes = routes_of(contract.services())
    examples = json.loads(EXAMPLES.read_text())
    built = document(routes, comments=comments_of(image), examples=examples)
    return json.dumps(built, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    source, target = map(Path, sys.argv[1:])
    target.write_text(document_text(FileDescriptorSet.FromString(source.read_bytes())))
