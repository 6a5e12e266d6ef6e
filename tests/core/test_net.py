"""The guard in front of addresses that somebody typed in."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from roadbed.core import net


class Receiver(http.server.ThreadingHTTPServer):
    """A server on the loopback that keeps what it is sent, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.drip = 0.0
        self.body = b"thanks"
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for the receiver."""

    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers.items()), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        try:
            for byte in self.server.body:
                self.wfile.write(bytes([byte])) if self.server.drip else None
                time.sleep(self.server.drip) if self.server.drip else None
            if not self.server.drip:
                self.wfile.write(self.server.body)
        except OSError:
            return

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.ROADBED_WEBHOOK_ALLOW = ["127.0.0.0/8"]
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "0.0.0.0",  # noqa: S104 - refused here
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ],
    )
    def test_what_only_this_server_can_reach_is_refused(self, address: str) -> None:
        with pytest.raises(net.RefusedAddressError):
            net.check_address(address)

    @pytest.mark.parametrize(
        "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8"]
    )
    def test_public_addresses_pass(self, address: str) -> None:
        net.check_address(address)

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "https://",
            "https://user:password@example.com/",
            "https://example.com:22/",
            "https://example.com:99999/",
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://exa mple.com/",
            "http://example.com/\r\nX: y",
            "http://[::1",
        ],
    )
    def test_addresses_that_cannot_be_meant_are_refused(self, url: str) -> None:
        with pytest.raises(net.RefusedAddressError):
            net.check_url(url)


class TestPost:
    def test_an_allow_listed_receiver_hears_it(self, receiver: Receiver) -> None:
        answer = net.post(receiver.url, body=b"{}", headers={"webhook-id": "msg_1"})
        assert (answer.status, answer.body, answer.address) == (200, "thanks", "127.0.0.1")
        headers, body = receiver.heard[0]
        assert (headers["webhook-id"], body) == ("msg_1", b"{}")

    def test_a_name_that_changes_its_address_is_judged_when_it_is_reached(
        self, receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.ROADBED_WEBHOOK_ALLOW = []
        url = f"http://rebound.example:{receiver.server_port}/"
        answers = iter([["93.184.215.14"], ["127.0.0.1"]])
        monkeypatch.setattr(net, "resolve", lambda host, port: next(answers))
        net.resolve("rebound.example", 80)  # what a check beforehand would have seen
        with pytest.raises(net.RefusedAddressError):
            net.post(url, body=b"{}", headers={})
        assert receiver.heard == []

    def test_one_private_address_among_several_condemns_the_name(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.ROADBED_WEBHOOK_ALLOW = []
        monkeypatch.setattr(net, "resolve", lambda host, port: ["93.184.215.14", "10.0.0.1"])
        with pytest.raises(net.RefusedAddressError):
            net.post("http://both.example/", body=b"{}", headers={})

    def test_redirects_are_not_followed(self, receiver: Receiver) -> None:
        receiver.status, receiver.headers = 302, {"Location": "http://169.254.169.254/latest/meta-data/"}
        assert net.post(receiver.url, body=b"{}", headers={}).status == 302
        assert len(receiver.heard) == 1

    def test_a_body_that_drips_ends_with_the_time_for_everything(self, receiver: Receiver) -> None:
        receiver.drip, receiver.body = 0.2, b"x" * 200
        began = time.monotonic()
        with pytest.raises(net.CallFailedError):
            net.post(receiver.url, body=b"{}", headers={}, total=1.0)
        assert time.monotonic() - began < 3

    def test_a_body_without_end_is_cut(self, receiver: Receiver) -> None:
        receiver.body = b"x" * (net.BODY_MAX * 4)
        assert len(net.post(receiver.url, body=b"{}", headers={}).body) == net.BODY_MAX

    def test_nobody_there_is_said_in_words(self, settings: Settings) -> None:
        settings.ROADBED_WEBHOOK_ALLOW = ["127.0.0.0/8"]
        with pytest.raises(net.CallFailedError, match="does not answer"):
            net.post("http://127.0.0.1:9/", body=b"{}", headers={})

    def test_tls_that_is_none_fails(self, receiver: Receiver) -> None:
        with pytest.raises(net.CallFailedError):
            net.post(receiver.url.replace("http:", "https:"), body=b"{}", headers={})
