"""What the forms about imports accept."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class FileForm(BaseModel):
    """A file to import."""

    kind: Annotated[str, Field(min_length=1, max_length=40)]
    mode: Literal["upsert", "add", "update"] = "upsert"


class ReadingForm(BaseModel):
    """How a file is to be read. Its columns come as column-1, column-2, ..., fixed values as fixed-NAME."""

    encoding: Literal["", "utf-8", "utf-16", "windows-1252"] = ""
    delimiter: Literal["", "comma", "semicolon", "tab"] = ""
    mode: Literal["upsert", "add", "update"] = "upsert"
    reading: Literal["", "foreign", "columns"] = ""
    act: Literal["read", "check"] = "read"
