"""Failures of a step, in the operator's words: which API, what it said, and where to look."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hacienda.errors import HaciendaError


class StepError(Exception):
    """A step failed.

    Args:
        what: what is wrong.
        fix: what to do about it.
        detail: lines that explain it.
    """

    def __init__(self, what: str, fix: str = "", detail: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.detail = detail


class LeftOutError(Exception):
    """A step does not apply to this cloud or image; the text is the reason."""


@dataclass(frozen=True)
class Fault:
    """A failure as a step reports it."""

    what: str
    fix: str = ""
    detail: tuple[str, ...] = ()


def describe(error: Exception) -> Fault | None:
    """An error's words; None: it is none that a cloud causes, so a defect of the journey."""
    import keystoneauth1.exceptions.connection
    import openstack.exceptions
    import requests

    if isinstance(error, StepError):
        return Fault(error.what, error.fix, error.detail)
    if isinstance(error, HaciendaError):
        return Fault(error.message, error.fix or "")
    response = getattr(error, "response", None)
    if isinstance(response, requests.Response):
        return _refused(response)
    if isinstance(error, keystoneauth1.exceptions.connection.SSLError | requests.exceptions.SSLError):
        return Fault(_flat(error), "Did the authority rotate, and is the environment applied? Run: hacienda status")
    if isinstance(error, keystoneauth1.exceptions.ConnectFailure | requests.exceptions.ConnectionError):
        return Fault(_flat(error), "Run hacienda status: it says whether the load balancers and this API are well.")
    if isinstance(error, keystoneauth1.exceptions.ConnectTimeout | requests.exceptions.Timeout):
        return Fault(_flat(error), "Run hacienda status: it says whether the load balancers and this API are well.")
    if isinstance(error, keystoneauth1.exceptions.CatalogException):
        return Fault(
            _flat(error), "The catalogue of Keystone lacks this API. Run hacienda apply, then hacienda status."
        )
    if isinstance(error, keystoneauth1.exceptions.ClientException | openstack.exceptions.SDKException):
        return Fault(_flat(error))
    if isinstance(error, requests.exceptions.RequestException):
        return Fault(_flat(error))
    return None


def is_momentary(error: Exception) -> bool:
    """Whether an API failed, or did not answer, in a way that may be over at the next attempt."""
    import keystoneauth1.exceptions
    import requests

    response = getattr(error, "response", None)
    if isinstance(response, requests.Response):
        return response.status_code >= 500
    return isinstance(error, keystoneauth1.exceptions.ConnectFailure | keystoneauth1.exceptions.ConnectTimeout)


def _flat(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _refused(response: Any) -> Fault:
    """An answer of an API that is an error."""
    request, said = response.request, said_by(response.text)
    what = f"{request.method} {request.url}: {response.status_code} {response.reason}"
    number = response.headers.get("x-openstack-request-id", "")
    port = urlsplit(request.url).port
    where = f"the API at port {port}" if port else "the API"
    fix = f"The journal of {where} on the controllers says more" + (f": journalctl | grep {number}" if number else ".")
    if response.status_code in (502, 503, 504):
        fix = f"No backend of {where} answers the load balancers. Run: hacienda status"
    return Fault(f"{what}: {said}" if said else what, fix)


def said_by(text: str) -> str:
    """The message in the body of an API's error: APIs wrap it in an object with one key of their choice."""
    found: Any = None
    with contextlib.suppress(ValueError):
        found = json.loads(text)
    if isinstance(found, dict) and isinstance(found.get("errors"), list) and found["errors"]:
        found = found["errors"][0]
    if isinstance(found, dict) and len(found) == 1:
        found = next(iter(found.values()))
    if isinstance(found, dict):
        found = found.get("message") or found.get("detail") or found.get("title")
    if not isinstance(found, str) or not found:
        found = text if not text.lstrip().startswith("<") else ""
    return " ".join(found.split())[:500]
