"""`offnadir serve`: the service over HTTP; and `offnadir key`: what programs show to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from offnadir.cli import _say
from offnadir.cli._desk import DEFAULT_DB, As, Db, Json, OperationFile, open_desk
from offnadir.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from offnadir.operations import Context

_NEEDED: Final = ("argon2", "fastapi", "httpx", "jwt", "orjson", "prometheus_client", "uvicorn")
_EXAMPLE: Final = "offnadir-service"
_OPERATION_VARIABLE: Final = "OFFNADIR_OPERATION"
_END_S: Final = 30


def serve(
    operation: Annotated[
        Path | None,
        typer.Argument(
            metavar="[OPERATION.toml]",
            help=f"The operation file. [default: an example operation, made in {_EXAMPLE}/]",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; more than one wants PostgreSQL.")
    ] = 1,
    loop: Annotated[
        bool | None,
        typer.Option(
            "--loop/--no-loop",
            help="Run the mission loop, too. [default: for the example operation]",
        ),
    ] = None,
    proxies: Annotated[
        str,
        typer.Option(metavar="ADDRESSES", help="Proxies whose X-Forwarded headers are believed."),
    ] = "127.0.0.1",
    user: As = None,
) -> None:
    """Serve an operation over HTTP: orders over STAPI, the archive over STAC.

    Without a file it makes an example operation to play with, runs its mission loop, and prints a key.
    Behind TLS and a proxy for others: see docs/guide/service.md.
    """
    for name in _NEEDED:
        if find_spec(name) is None:
            raise MissingExtraError("the service", "service")
    from offnadir.cli._desk import acting_name

    name = acting_name(user)
    _check_port(host, port)
    path, is_new = _example() if operation is None else (operation.absolute(), False)
    _prepare(path, name, workers, shows_key=operation is None, url=f"http://{_shown(host)}:{port}")
    if is_new:
        _say.note(
            "The first use compiles: one to three minutes until the first answers and pictures."
        )
    runs_loop = operation is None if loop is None else loop
    with _loop(path, name) if runs_loop else _nothing():
        _run(path, host, port, workers, proxies)


def _check_port(host: str, port: int) -> None:
    """InputError for an address that somebody else listens on, before anything is made or started."""
    try:
        kind = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind[0], kind[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(kind[4])
    except OSError as error:
        raise InputError(
            "--port", port, f"a port that is free on {host}", hint=error.strerror or str(error)
        ) from error


def _example() -> tuple[Path, bool]:
    """The example operation's file, made if it is not there; and whether it was made now."""
    folder = Path(_EXAMPLE).absolute()
    path = folder / "operation.toml"
    is_new = not path.exists()
    if is_new:
        from offnadir.cli._demo_operation import lay_out

        lay_out(folder)
        _say.note(
            f"made an example operation in {_EXAMPLE}/: three real satellites, pictures simulated"
        )
    return path, is_new


def _prepare(path: Path, name: str, workers: int, *, shows_key: bool, url: str) -> None:
    """See that the operation can be served, and that the one who plays with the example has a key."""
    from offnadir.operations import admit_loop, open_operation
    from offnadir.service import read_settings

    with open_operation(path, say=lambda at, text: _say.note(text)) as here:
        read_settings(here.operation.service, folder=path.parent)
        if workers > 1 and here.database.dialect == "sqlite":
            _say.warn(
                ["several workers share one SQLite file: writers wait; PostgreSQL is for many"]
            )
        if shows_key:
            admit_loop(here, name)
            _say.note(f"its clock stands at {here.clock.now().utc(0)}: it goes on, and never back")
            _say.note(f"{url} - key in {_key_of(here, name, path.parent)}; documents at {url}/docs")


def _key_of(here: Context, name: str, folder: Path) -> Path:
    """A file with a key of the example's own user, whom only this machine's user can read."""
    path = folder / "offnadir.key"
    found = here.desk.open_key(path.read_text("ascii").strip()) if path.exists() else None
    if found is not None:
        return path
    desk = here.desk
    known = desk.find_user(name)
    if known is not None and "administrator" not in known.roles:
        raise InputError("--as", name, "an administrator of the example operation")
    if known is None or known.customer_id is None:
        customer = next(iter(desk.customers(by=name)), None) or desk.add_customer(
            {
                "name": "Example customer",
                "kind": "organisation",
                "country": "NZ",
                "sector": "research",
            },
            by=name,
        )
        roles = ["customer", "planner", "releaser", "auditor", "administrator"]
        desk.add_user(name, roles, by=name, customer=customer.id)
    _, text = desk.add_key(name, by=name, label="example")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(text)  # no line end: what is read from it goes into a header as it stands
    return path


@contextmanager
def _loop(path: Path, name: str) -> Iterator[None]:
    """The mission loop in a process of its own; it ends when the service ends."""
    command = [sys.executable, "-m", "offnadir", "operate", str(path), "--stay", "--as", name]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _run(path: Path, host: str, port: int, workers: int, proxies: str) -> None:
    import uvicorn

    os.environ[_OPERATION_VARIABLE] = str(path)
    uvicorn.run(
        "offnadir.service:app_from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=proxies,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=20,
        h11_max_incomplete_event_size=32 * 1024,
        http=_protocol(),
        limit_concurrency=1000,
        ws="none",
    )


def _protocol() -> str:
    """The quick parser, if it is installed: h11 takes half a millisecond of each request."""
    if find_spec("httptools") is None:
        return "h11"
    return "offnadir.service._protocol:BoundedProtocol"


def _shown(host: str) -> str:
    host = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104
    return f"[{host}]" if ":" in host else host


key = typer.Typer(
    help="Keys that programs show to the service: add, list, revoke.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@key.command("add")
def add_key(
    name: Annotated[str, typer.Argument(metavar="USER", help="Whose key it is.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="SCOPE", help="What it may be used for. Repeatable. [default: all]"),
    ] = None,
    label: Annotated[str, typer.Option(help="What it is for, to know it again.")] = "",
    ends: Annotated[
        str | None, typer.Option(metavar="UTC", help="When it ends. [default: never]")
    ] = None,
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """Make a key and print it: it is told this once, and only a hash is kept.

    What a key opens is what the roles of its user allow and its scopes name.

    Example: offnadir key add kim --scope orders:read --scope orders:write --label "planning script"
    """
    from offnadir.epoch import Epoch
    from offnadir.tasking._keys import SCOPES

    end = None if ends is None else Epoch.from_utc(ends, field="--ends")
    with open_desk(db, user, operation=operation, is_there=True) as (desk, by):
        made, text = desk.add_key(name, by=by, scopes=scope or tuple(SCOPES), label=label, ends=end)
    if json:
        _say.print_json({**made.document(), "key": text})
        return
    print(text)
    _say.note(f"key {made.id} of {name}: {', '.join(made.scopes)}")


@key.command("list")
def list_keys(
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
    json: Json = False,
) -> None:
    """List keys, without their texts."""
    with open_desk(db, user, operation=operation, is_there=True) as (desk, by):
        found = desk.keys(by=by)
    if json:
        _say.print_json([one.document() for one in found])
    else:
        rows = [
            [
                one.id,
                one.user,
                one.label,
                "revoked" if one.revoked else "" if one.ends is None else one.ends.utc(0),
                " ".join(one.scopes),
            ]
            for one in found
        ]
        print(_say.columns(["id", "user", "label", "ends", "scopes"], rows, [False] * 5))
    if not found:
        raise typer.Exit(1)


@key.command("revoke")
def revoke_key(
    name: Annotated[str, typer.Argument(metavar="KEY_ID", help="From `offnadir key list`.")],
    db: Db = DEFAULT_DB,
    operation: OperationFile = None,
    user: As = None,
) -> None:
    """End a key: it opens nothing from now on."""
    with open_desk(db, user, operation=operation, is_there=True) as (desk, by):
        revoked = desk.revoke_key(name, by=by)
    _say.note(f"key {revoked.id} of {revoked.user} is revoked")
