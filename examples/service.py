"""A web service that creates a customer's account when it is asked to.

Run it beside an embedded Alianza:

    alianza sandbox serve               # prints three export lines: paste them in a second shell, then there
    pip install fastapi uvicorn
    uvicorn --app-dir examples service:app
    curl -i localhost:8000/customers --json '{"accountNumber": "ACME-1", "accountName": "Acme", \
        "accountType": "SIMPLE", "timeZone": "America/Detroit", "billingCycleDay": 1}'
"""

# No `from __future__ import annotations`: FastAPI reads the annotations when the module is loaded.

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request

from alianza_async import Account, AccountCreate, ConflictError, Session, UnknownOutcomeError


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Keep one session for as long as the service runs."""
    async with Session.from_env() as session:  # ALIANZA_USERNAME, ALIANZA_PASSWORD, ALIANZA_ENVIRONMENT
        app.state.alianza = session
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/customers", status_code=201)
async def add_customer(customer: AccountCreate, request: Request) -> Account:
    """Create one account, or say why not."""
    session: Session = request.app.state.alianza
    try:
        return await session.accounts.create(customer)
    except ConflictError as error:  # the number is taken
        raise HTTPException(409, error.message) from error
    except UnknownOutcomeError as error:  # it may be there: look before you send it again
        raise HTTPException(502, f"try again in a minute; ask support about {error.request_id}") from error
