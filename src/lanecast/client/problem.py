"""What the service refused, as an exception."""

import httpx


class ProblemError(Exception):
    """An answer that is no success (RFC 9457).

    Attributes
    ----------
    status
        Of HTTP.
    code
        The same for every such error; for programs.
    detail
        What is wrong and what would be valid.
    field, hint
        Which field of the request, and what to do next, where they are known.
    request_id
        As in the log of the service.
    """

    def __init__(self, answer: httpx.Response) -> None:
        try:
            told = answer.json()
        except ValueError:
            told = {}
        told = told if isinstance(told, dict) else {}
        self.status = answer.status_code
        self.code: str = told.get("code", "unknown")
        self.detail: str = told.get("detail", answer.reason_phrase)
        self.field: str | None = told.get("field")
        self.hint: str | None = told.get("hint")
        self.request_id: str = answer.headers.get("x-request-id", "")
        super().__init__(f"{self.status} {self.code}: {self.detail}")
