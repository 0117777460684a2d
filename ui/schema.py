"""What the HTTP API gives, as its schema describes it: made from the values themselves, so that it is always true."""

from dataclasses import fields
from typing import Any, get_type_hints

from fastapi import FastAPI
from pydantic import BaseModel, create_model

from rag.intake import Failure
from rag.record import Entry
from rag.values import Citation

from .access import Access
from .problems import Problem


def _model(kind: type, name: str, leaving_out: frozenset[str] = frozenset(), **more: Any) -> type[BaseModel]:
    """The fields of a dataclass, but for some, and more."""
    hints = get_type_hints(kind)
    kept = {one.name: (hints[one.name], ...) for one in fields(kind) if one.name not in leaving_out}
    return create_model(name, **kept, **more)  # type: ignore[call-overload, no-any-return]


PRIVATE = frozenset({"location"})  # where on this machine a file stands
Listed: Any = _model(Entry, "Entry", PRIVATE)
Found: Any = _model(Citation, "Found", score=(float, ...))


class Taken(BaseModel):
    """What became of each file: `added` holds names as sent, `documents` what the library holds of these, in order."""

    added: list[str]
    documents: list[Listed]
    failed: list[Failure]


def describe(app: FastAPI, access: Access, guarded: tuple[str, ...]) -> None:
    """Have the schema of an application tell of its problems, and of the keys and passwords that are asked for."""
    plain = app.openapi
    ways_in = {"key": {"type": "http", "scheme": "bearer"}} if access.keys else {}
    ways_in |= {"password": {"type": "http", "scheme": "basic"}} if access.people else {}

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        schema = plain()
        schema["components"]["schemas"][Problem.__name__] = Problem.model_json_schema()
        if ways_in:
            schema["components"]["securitySchemes"] = ways_in
            for path, operations in schema["paths"].items():
                for operation in operations.values() if path.startswith(guarded) else ():
                    operation["security"] = [{name: []} for name in ways_in]
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
