"""Against a real server on the loopback interface, which must be allowed to be reached."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ingestion.fetch import FetchFailed, fetch_url, is_public


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.hosts.append(self.headers["Host"])
        status, headers, body = self.server.pages.get(self.path, (404, {}, b"none"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for part in body if isinstance(body, list) else [body]:
                self.wfile.write(part)
                self.wfile.flush()
                if isinstance(body, list):
                    time.sleep(0.05)
        except OSError:
            pass

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.pages, server.hosts = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    server.allowed = {f"127.0.0.1:{server.server_port}"}
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def typed(kind, body=b"body"):
    return 200, {"Content-Type": kind}, body


def test_document_is_stored_under_a_lasting_name(server, tmp_path):
    server.pages["/notes/week%201.pdf"] = typed("application/pdf", b"%PDF-1.4")
    for _ in range(2):
        path = fetch_url(f"{server.url}/notes/week%201.pdf", tmp_path, allowed=server.allowed)
    assert path.name == "127.0.0.1_notes_week_1.pdf"
    assert path.read_bytes() == b"%PDF-1.4"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/page", "text/html; charset=utf-8", "page.html"),
        ("/page.php", "text/html", "page.php.html"),
        ("/README.md", "text/plain", "README.md"),
        ("/README", "text/plain", "README.txt"),
        ("/lab.ipynb", "application/json", "lab.ipynb"),
        ("/a.pdf", "application/octet-stream", "a.pdf"),
        ("/a.pdf", "text/html", "a.html"),
        ("/", "text/html", "127.0.0.1.html"),
        ("/../../etc/%2e%2e%2fpasswd", "text/plain", "passwd.txt"),
    ],
)
def test_content_type_gives_the_suffix(server, tmp_path, path, kind, name):
    server.pages = {p: typed(kind) for p in (path, "/etc/%2e%2e%2fpasswd", "/etc/../passwd")}
    stored = fetch_url(server.url + path, tmp_path, allowed=server.allowed)
    assert stored.name.endswith(name)
    assert stored.parent == tmp_path


def test_queries_do_not_share_a_name(server, tmp_path):
    server.pages = {"/p?id=1": typed("text/html"), "/p?id=2": typed("text/html")}
    names = {
        fetch_url(f"{server.url}/p?id={n}", tmp_path, allowed=server.allowed).name for n in (1, 2)
    }
    assert len(names) == 2


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.1.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_addresses_that_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "not an http or https address"),
        ("ftp://example.org/a.pdf", "not an http or https address"),
        ("notes.pdf", "not an http or https address"),
        ("http://user:pass@example.org/a.pdf", "user name or password"),
        ("http://127.0.0.1/a.pdf", "address 127.0.0.1, which is not a public one"),
        ("http://0x7f000001/a.pdf", "not a public one"),
        ("http://[::1]/a.pdf", "not a public one"),
        ("http://[::ffff:127.0.0.1]/a.pdf", "not a public one"),
        ("http://8.8.8.8:6379/", "port 6379"),
        ("http://exa mple.org:port/", "is not a URL"),
    ],
)
def test_refused_before_any_connection(tmp_path, url, message):
    with pytest.raises(FetchFailed, match=message):
        fetch_url(url, tmp_path)


def test_loopback_is_refused_unless_allowed_with_its_port(server, tmp_path):
    with pytest.raises(FetchFailed, match="port"):
        fetch_url(f"{server.url}/a", tmp_path)
    with pytest.raises(FetchFailed, match="port"):
        fetch_url(f"{server.url}/a", tmp_path, allowed={"127.0.0.1:1"})
    assert server.hosts == []


def test_redirects_are_followed_and_each_one_is_checked(server, tmp_path):
    server.pages = {
        "/old": (302, {"Location": "/new.md"}, b""),
        "/new.md": typed("text/markdown", b"# New"),
        "/trap": (302, {"Location": f"http://localhost:{server.server_port}/new.md"}, b""),
        "/metadata": (301, {"Location": "http://169.254.169.254/latest"}, b""),
        "/disk": (301, {"Location": "file:///etc/passwd"}, b""),
        "/loop": (302, {"Location": "/loop"}, b""),
    }
    path = fetch_url(f"{server.url}/old", tmp_path, allowed=server.allowed)
    assert path.read_text() == "# New"
    for page, message in {
        "/trap": "port",
        "/metadata": r"169\.254\.169\.254, which is not a public one",
        "/disk": "not an http",
        "/loop": "more than 5 times",
    }.items():
        with pytest.raises(FetchFailed, match=message):
            fetch_url(server.url + page, tmp_path, allowed=server.allowed)


@pytest.fixture
def answers(monkeypatch):
    """Name server under the test's control: host → addresses, one list per question asked."""
    table, real = {}, socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in table:
            return real(host, port, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in table[name].pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


def test_name_is_asked_for_once_and_the_connection_goes_to_that_answer(server, tmp_path, answers):
    port = server.server_port
    answers["course.example"] = [["127.0.0.1"]]  # a second question would find no answer
    server.pages["/a.md"] = typed("text/markdown", b"# Pinned")
    url = f"http://course.example:{port}/a.md"
    path = fetch_url(url, tmp_path, allowed={f"course.example:{port}"})
    assert path.read_text() == "# Pinned"
    assert server.hosts == [f"course.example:{port}"]


def test_one_private_address_among_public_ones_is_enough_to_refuse(tmp_path, answers):
    answers["mixed.example"] = [["93.184.216.34", "10.0.0.8"]]
    with pytest.raises(FetchFailed, match=r"10\.0\.0\.8"):
        fetch_url("https://mixed.example/a.pdf", tmp_path)


def test_size_and_time_are_capped_and_nothing_is_left_behind(server, tmp_path):
    server.pages = {
        "/big.md": typed("text/markdown", b"x" * 200_000),
        "/slow.md": typed("text/markdown", [b"x"] * 200),
    }
    with pytest.raises(FetchFailed, match=r"larger than 0\.1 MB"):
        fetch_url(f"{server.url}/big.md", tmp_path, allowed=server.allowed, max_mb=0.1)
    with pytest.raises(FetchFailed, match="took too long"):
        fetch_url(f"{server.url}/slow.md", tmp_path, allowed=server.allowed, seconds=0.4)
    assert list(tmp_path.iterdir()) == []


def test_failures_name_the_address_and_the_reason(server, tmp_path):
    server.pages["/a.zip"] = typed("application/zip")
    with pytest.raises(FetchFailed, match=r"/gone answers 404"):
        fetch_url(f"{server.url}/gone", tmp_path, allowed=server.allowed)
    with pytest.raises(FetchFailed, match="type 'application/zip', which no reader reads"):
        fetch_url(f"{server.url}/a.zip", tmp_path, allowed=server.allowed)
    server.shutdown()
    server.server_close()
    with pytest.raises(FetchFailed, match="could not be downloaded"):
        fetch_url(f"{server.url}/a", tmp_path, allowed=server.allowed, seconds=2)
