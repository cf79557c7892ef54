"""The yardstick of the page benchmark: one plain `def` route, no middleware, no database, no template."""

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

app = FastAPI(openapi_url=None)


@app.get("/", response_class=HTMLResponse)
def hello() -> str:
    """A page of one line."""
    return "<!doctype html><title>Bare</title><p>Bare"
