"""Programs that call the API for somebody: a client with a bearer token of that person."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.testclient import TestClient

from lms.accounts.models import Person
from lms.kernel import api_tokens
from lms.kernel.campus import Campus

BASE = "/api/v1"


class Program:
    """Calls the API with a token of a person; without a person, with none."""

    def __init__(self, client: TestClient, campus: Campus, person: Person | None) -> None:
        self.client = client
        if person is not None:
            with campus.database.transaction() as session:
                token, _row = api_tokens.make(session, person.id or 0, "a test", api_tokens.SCOPES, 1)
            client.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str, **parameters: Any) -> Any:
        """Read something."""
        return self.client.get(BASE + path, params=parameters, follow_redirects=False)

    def items(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """The first page of a collection."""
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def post(self, path: str, key: str = "", **more: Any) -> Any:
        """Make something; `key`: once, however often it is sent."""
        return self.client.post(BASE + path, headers={"idempotency-key": key} if key else {}, **more)

    def patch(self, path: str, match: str = "", **body: Any) -> Any:
        """Change something; `match`: the tag of the state that was read."""
        return self.client.patch(BASE + path, json=body, headers={"if-match": match} if match else {})

    def put(self, path: str, match: str = "", **body: Any) -> Any:
        """Put something in the place of what is there."""
        return self.client.put(BASE + path, json=body, headers={"if-match": match} if match else {})


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do these things at the same moment."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]
