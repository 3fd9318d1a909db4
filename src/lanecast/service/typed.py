"""The messages of the API as Python types for the client, made from what OpenAPI says of them.

python -m lanecast.service.typed > src/lanecast/client/messages.py
"""

import keyword
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .app import create
from .settings import Settings

HEAD = '''"""What the service is told and answers, as JSON; made by ``lanecast.service.typed``.

Instants are text as RFC 3339 writes them: ``datetime.fromisoformat`` reads it.
"""

# ruff: noqa: E501
from typing import Any, Literal, NotRequired, TypedDict
'''
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def described() -> dict[str, Any]:
    """Return the OpenAPI document of this version."""
    with tempfile.TemporaryDirectory() as folder:
        app = create(Settings({"main": Path(folder) / "lake"}, Path(folder) / "home"))
        document = app.openapi()
        app.state.parts.state.close()
    return document


def source(document: Mapping[str, Any]) -> str:
    """Return the text of a module with a type for every message of ``document``."""
    return HEAD + "".join(_classes(document["components"]["schemas"]))


def _classes(schemas: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in sorted(schemas.items()):
        if name in ("HTTPValidationError", "ValidationError") or schema.get("type") != "object":
            continue
        required = set(schema.get("required", ()))
        fields = {
            field: _kind(of) if field in required else f"NotRequired[{_kind(of)}]"
            for field, of in schema.get("properties", {}).items()
        }
        if any(keyword.iskeyword(field) or not field.isidentifier() for field in fields):
            inner = ", ".join(f'"{field}": {kind}' for field, kind in fields.items())
            yield f'\n\n{name} = TypedDict("{name}", {{{inner}}})\n'
            continue
        doc = schema.get("description", name).replace("\\", "\\\\").splitlines()[0]
        yield f'\n\nclass {name}(TypedDict):\n    """{doc}"""\n\n'
        yield "".join(f'    {field}: "{_escaped(kind)}"\n' for field, kind in fields.items())
        if not fields:
            yield "    pass\n"


def _escaped(kind: str) -> str:
    return kind.replace('"', "'")


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_kind(each) for each in choices))
    match schema.get("type"):
        case "array":
            return f"list[{_kind(schema.get('items', {}))}]"
        case "object":
            values = schema.get("additionalProperties")
            inner = _kind(values) if isinstance(values, Mapping) and values else "Any"
            return f"dict[str, {inner}]"
        case str(kind):
            return PLAIN[kind]
    return "Any"


if __name__ == "__main__":
    sys.stdout.write(source(described()))
