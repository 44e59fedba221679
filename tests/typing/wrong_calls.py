"""What type checkers must refuse: every line that ends in `# wrong` is an error. Nothing here runs."""

from __future__ import annotations

from alianza_async import Account, AccountCreate, Session, UserCreate


async def calls(session: Session, account: AccountCreate, user: UserCreate) -> None:
    """Calls that fit no declaration."""
    await session.accounts.create()  # wrong
    await session.accounts.create(user)  # wrong
    await session.accounts.create(account, colour="red")  # wrong
    await session.accounts.get(1)  # wrong
    await session.accounts.get("a1", account_id_type="Name")  # wrong
    await session.accounts.get("a1", "a2")  # wrong
    await session.accounts.search("acme")  # wrong
    await session.accounts.get.raw()  # wrong
    await session.accounts.ensure(user)  # wrong
    await session.users.create(user)  # wrong
    await session.call(session.accounts.get)  # wrong
    await session.call("GET")  # wrong
    await session.call("GET", "/v2/x", colour="red")  # wrong
    number: int = await session.accounts.get("a1")  # wrong
    users: list[Account] = await session.users.list("a1")  # wrong
    session.accounts.created(account)  # wrong
    session.with_options(speed=3)  # wrong
    print(number, users)
