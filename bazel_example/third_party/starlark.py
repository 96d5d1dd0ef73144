"""Values and calls as Starlark text."""

import json


class Code(str):
    """Text that stands in Starlark as it is."""


def starlark_call(function: str, attributes: dict) -> str:
    """Attributes without a value are left out."""
    lines = [f"    {name} = {starlark(value, 4)},\n" for name, value in attributes.items() if value]
    return f"{function}(\n{''.join(lines)})\n"


def starlark(value: object, indent: int = 0) -> str:
    if isinstance(value, Code):
        return value
    text = json.dumps(value, indent=4, ensure_ascii=False)
    return text.replace("\n", "\n" + " " * indent)
