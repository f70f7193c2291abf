"""Messages to customers go to public addresses and to none other, whatever a name leads to."""

from __future__ import annotations

import ipaddress
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offnadir._database import sa
from offnadir.errors import InputProblems
from offnadir.operations import _telling as telling
from offnadir.operations import open_operation, read_operation
from offnadir.operations._addresses import literal_refusal, refusal
from offnadir.operations._tables import MESSAGES
from offnadir.operations._telling import post
from support.operation import make_operation

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
#: IANA's special-purpose registries of IPv4 and IPv6 (RFC 6890 and its updates), and clouds' documentation.
REFUSED = (
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "fec0::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:a00:1", "::127.0.0.1", "64:ff9b::7f00:1",
    "192.0.0.192", "192.0.0.8", "192.0.0.171", "192.88.99.1", "64:ff9b:1::7f00:1", "100::1", "100:0:0:1::1",
    "2001::1", "2001:2::1", "2001:10::1", "2001:1::1", "3fff::1", "5f00::1", "4000::1",
    "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:c0a8:101::1", "nonsense", "",
)  # fmt: skip
PUBLIC = ("1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "64:ff9b::101:101")


@pytest.mark.parametrize("address", REFUSED)
def test_what_is_not_public_is_refused(address):
    assert refusal(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_not(address):
    assert refusal(address) == ""


@given(st.ip_addresses(v=4))
def test_an_address_in_another_form_is_the_same_address(address):
    """Mapped, 6to4 and NAT64: of each the IPv4 address inside counts."""
    plain = refusal(str(address))
    number = int(address)
    for other in (0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number):
        assert refusal(str(ipaddress.IPv6Address(other))) == plain


def test_the_operation_file_allows_networks(tmp_path):
    path = tmp_path / "operation.toml"
    path.write_text('mission = "m.toml"\n[webhooks]\nallow = ["127.0.0.0/8", "fd12::/16"]\n')
    allow = read_operation(path).webhooks.allow
    assert refusal("127.0.0.1", allow) == ""
    assert refusal("fd12::1", allow) == ""
    assert refusal("10.0.0.1", allow)
    path.write_text('mission = "m.toml"\n[webhooks]\nallow = ["127.0.0.1/8", 7]\n')
    with pytest.raises(InputProblems) as told:
        read_operation(path)
    assert [one.wish for one in told.value.problems] == [
        'a network such as "10.1.0.0/16" or "fd12::/32"'
    ] * 2


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1:8080",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:a00:1]",
        "localhost",
        "a.localhost.",
    ],
)
def test_an_address_in_a_url_is_seen_without_looking_a_name_up(host):
    """All spellings that the system takes for an address; names are left to when they are posted."""
    assert literal_refusal(f"http://{host}/hook")
    assert literal_refusal("http://10.1.2.3/", (ipaddress.ip_network("10.1.0.0/16"),)) == ""
    assert literal_refusal("https://1.1.1.1/") == ""
    assert literal_refusal("https://no-such-name.invalid/") == ""


class Server:
    """A web server on the loopback that notes who called it by which name, and answers as told."""

    def __init__(self, status: int = 204, location: str = "") -> None:
        self.calls: list[tuple[str, str]] = []
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                ours.calls.append((str(self.headers["Host"]), self.path))
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self) -> Server:
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_a_name_that_leads_home_is_not_called():
    with Server() as home:
        url = f"http://news.example:{home.port}/hook"
        told = post(url, "{}", "k", resolve=lambda host, port: ["127.0.0.1"])
        assert told == "news.example is not called: 127.0.0.1 is this machine itself"
        told = post(url, "{}", "k", resolve=lambda host, port: ["1.1.1.1", "::ffff:127.0.0.1"])
        assert "127.0.0.1 is this machine itself" in told
        for form in ("127.0.0.1", "127.1", "2130706433", "0x7f.1", "localhost", "[::ffff:7f00:1]"):
            assert "is not called" in post(f"http://{form}:{home.port}/hook", "{}", "k")
    assert home.calls == []


def test_the_address_that_was_looked_at_is_the_one_that_is_called():
    """The resolver is asked once: a second answer, as of one who rebinds a name, is never used."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    with Server() as home:
        told = post(
            f"http://news.example:{home.port}/hook?id=7", "{}", "k", allow=LOOPBACK,
            resolve=lambda host, port: answers.pop(0),
        )  # fmt: skip
    assert told == ""
    assert answers == [["10.0.0.1"]]
    assert home.calls == [(f"news.example:{home.port}", "/hook?id=7")]


def test_no_redirect_is_followed():
    with Server() as inside:
        with Server(307, f"http://127.0.0.1:{inside.port}/secret") as home:
            told = post(f"http://127.0.0.1:{home.port}/", "{}", "k", allow=LOOPBACK)
        assert told == "127.0.0.1 answered 307"
    assert inside.calls == []


@pytest.mark.parametrize(
    "url",
    ["ftp://news.example/", "file:///etc/passwd", "http://", "http://a:99999/", "http://\udcff/"],
)
def test_what_is_no_web_server(url):
    assert "is no address of a web server" in post(
        url, "{}", "k", resolve=lambda host, port: ["1.1.1.1"]
    )


def test_a_name_that_nobody_knows():
    def resolve(host, port):
        raise OSError("Name or service not known")

    told = post("https://nowhere.example/", "{}", "k", resolve=resolve)
    assert told == "nowhere.example is not known: Name or service not known"


def test_a_dead_host_delays_nobody_elses_messages(tmp_path, monkeypatch):
    """One host hangs, one refuses, one takes its three: a step waits for none beyond its time.

    What else is due for the host that hangs waits a minute; a refusal holds up no other order.
    """
    ends, posted = threading.Event(), []

    def post_(url, body, name, **more):
        posted.append(name)
        if "dead" in url:
            ends.wait(60)
        return "no.example answered 404" if "no" in url else ""

    monkeypatch.setattr(telling, "post", post_)
    monkeypatch.setattr(telling, "_STEP_S", 0.3)
    names = {
        "dead1": "dead",
        "dead2": "dead",
        "no1": "no",
        "no2": "no",
        "a1": "a",
        "a2": "a",
        "a3": "a",
    }
    with open_operation(make_operation(tmp_path / "op")) as here:
        here.lease.take()
        now = here.clock.now()
        with here.begin() as connection:
            for name, host in names.items():
                connection.execute(
                    sa.insert(MESSAGES).values(
                        id=name, order_id="o", url=f"https://{host}.example/", body="{}", state="due",
                        tries=0, due_tai_ns=now.tai_ns, told="",
                    )
                )  # fmt: skip
        steps = 0
        while telling.post_messages(here, now):
            steps += 1
        with here.database.read() as connection:
            rows = {row.id: row for row in connection.execute(sa.select(MESSAGES))}
        ends.set()
        here.lease.give_back()
    assert steps == 3
    assert sorted(posted) == ["a1", "a2", "a3", "dead1", "no1", "no2"]
    told = {
        name: (row.state, row.tries, (row.due_tai_ns - now.tai_ns) / 1e9)
        for name, row in rows.items()
    }
    assert {told[name][0] for name in ("a1", "a2", "a3")} == {"sent"}
    assert told["dead1"] == told["no1"] == told["no2"] == ("due", 1, 60.0)
    assert told["dead2"] == ("due", 0, 60.0)
    assert rows["dead1"].told == "dead.example: no answer within 0.3 s"
