"""A real server on loopback over the tiny T5, and the client that speaks to it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import tiny_t5
import uvicorn

from chatbot.answerers import Answerers
from chatbot.engines.base import Decoding
from chatbot.engines.flan_t5 import FlanT5Engine
from chatbot.engines.registry import AdapterRegistry
from chatbot.engines.remote import RemoteEngine
from chatbot.options import AskOptions
from chatbot.server import create_app
from chatbot.settings import ChatSettings
from ingestion.encoders.factory import load_encoder
from ingestion.errors import ModelUnavailable

PROMPTS = ["sort: reward index encoder", "sort: token answer", "sort: window course"]
GREEDY = Decoding(max_new_tokens=16)


class Serving(uvicorn.Server):
    """A server in a thread, on a port the system chose."""

    def __init__(self, app: object) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        super().__init__(uvicorn.Config(app, log_level="warning", lifespan="on"))  # type: ignore[arg-type]
        self.up = threading.Event()
        self.thread = threading.Thread(target=self.run, args=([self.listener],), daemon=True)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    def __enter__(self) -> Serving:
        self.thread.start()
        assert self.up.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.should_exit = True
        self.thread.join(30)


@pytest.fixture(scope="module")
def server(sorting_engine: FlanT5Engine) -> Iterator[Serving]:
    with Serving(create_app(sorting_engine)) as serving:
        yield serving


@pytest.fixture(scope="module")
def remote(server: Serving) -> RemoteEngine:
    return RemoteEngine(server.url)


def test_the_remote_engine_is_the_local_one(
    remote: RemoteEngine, sorting_engine: FlanT5Engine
) -> None:
    assert (remote.name, remote.window) == (sorting_engine.name, sorting_engine.window)
    assert remote.device == "cpu"
    assert remote.generate(PROMPTS, GREEDY) == sorting_engine.generate(PROMPTS, GREEDY)
    completions = ["encoder index reward", "token answer", "course window"]
    assert remote.score(PROMPTS, completions) == pytest.approx(
        sorting_engine.score(PROMPTS, completions), abs=1e-6
    )
    assert remote.count_tokens(PROMPTS[0]) == sorting_engine.count_tokens(PROMPTS[0])
    sample = Decoding(strategy="sample", temperature=2.0, seed=4, max_new_tokens=16)
    assert remote.generate(PROMPTS[:1], sample) == sorting_engine.generate(PROMPTS[:1], sample)


def test_streaming_comes_in_pieces(remote: RemoteEngine, sorting_engine: FlanT5Engine) -> None:
    pieces = list(remote.stream(PROMPTS[0], GREEDY))
    assert pieces == list(sorting_engine.stream(PROMPTS[0], GREEDY))
    assert len(pieces) > 1


def test_concurrent_callers_share_batches(sorting_engine: FlanT5Engine) -> None:
    app = create_app(sorting_engine, batch_wait_seconds=0.5, batch_prompts=6)
    with Serving(app) as serving:
        client = RemoteEngine(serving.url)
        with ThreadPoolExecutor(6) as pool:
            made = list(pool.map(lambda p: client.generate([p], GREEDY)[0], PROMPTS * 2))
        assert made == sorting_engine.generate(PROMPTS, GREEDY) * 2
        assert app.state.batching.batches < 6


def test_a_prompt_beyond_the_window_is_the_callers_mistake(remote: RemoteEngine) -> None:
    long = "token " * 600
    with pytest.raises(ValueError, match="longer than the window of 512"):
        remote.generate([long], GREEDY)
    with pytest.raises(ValueError, match="longer than the window of 512"):
        list(remote.stream(long, GREEDY))


def test_a_failure_in_mid_stream_reaches_the_client(random_t5: Path) -> None:
    engine = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu")

    def fail(*args: object, **kwargs: object) -> object:
        raise RuntimeError("out of memory")

    engine._model.decoder.forward = fail
    with (
        Serving(create_app(engine)) as serving,
        pytest.raises(ModelUnavailable, match="out of memory"),
    ):
        list(RemoteEngine(serving.url).stream("sort: token", GREEDY))


def test_leaving_a_stream_stops_the_generation(random_t5: Path) -> None:
    engine = FlanT5Engine.load(random_t5, name="tiny-t5", device="cpu")
    engine._model.generation_config.eos_token_id = None
    steps = 0
    forward = engine._model.decoder.forward

    def counting(*args: object, **kwargs: object) -> object:
        nonlocal steps
        steps += 1
        return forward(*args, **kwargs)

    engine._model.decoder.forward = counting
    with Serving(create_app(engine)) as serving:
        client = RemoteEngine(serving.url)
        endless = Decoding(strategy="sample", seed=0, max_new_tokens=1024)
        stream = client.stream("sort: token", endless)
        next(stream)
        stream.close()
        # The engine's one thread answers this only after the stream has ended.
        assert len(client.generate(["sort: token"], Decoding(max_new_tokens=2))) == 1
    assert steps < 1024


def test_adapters_travel_with_the_request(random_t5: Path, tmp_path: Path) -> None:
    tiny_t5.make_adapter(random_t5, tmp_path / "polite", seed=1)
    engine = FlanT5Engine.load(random_t5, name=str(random_t5), device="cpu", adapters_dir=tmp_path)
    engine.use_adapter("polite")
    with Serving(create_app(engine)) as serving:
        plain, polite = RemoteEngine(serving.url), RemoteEngine(serving.url)
        assert (polite.adapters(), polite.adapter) == (["polite"], "polite")
        plain.use_adapter(None)
        asked = (["sort: token"], ["token"])
        assert plain.score(*asked) != polite.score(*asked)
        assert plain.score(*asked) == plain.score(*asked)
        with pytest.raises(ModelUnavailable, match=r"no adapter named “ghost”.*polite"):
            polite.use_adapter("ghost")
        assert polite.adapter == "polite"


def test_what_is_promoted_where_the_server_runs_speaks_in_a_running_chatbot(
    random_t5: Path, tmp_path: Path
) -> None:
    tiny_t5.make_adapter(random_t5, tmp_path / "polite", seed=1)
    tiny_t5.make_adapter(random_t5, tmp_path / "terse", seed=2)
    engine = FlanT5Engine.load(random_t5, name=str(random_t5), device="cpu", adapters_dir=tmp_path)
    registry = AdapterRegistry(tmp_path)
    with Serving(create_app(engine, registry=registry)) as serving:
        chat = ChatSettings(home=tmp_path / "home", engine_url=serving.url, answerer="generative")
        running, fixed = (
            Answerers(settings, load_encoder())
            for settings in (chat, chat.model_copy(update={"adapter": "terse"}))
        )
        assert running.choose(AskOptions()).adapter is None
        registry.use("polite")
        assert running.choose(AskOptions()).adapter == "polite"
        assert fixed.choose(AskOptions()).adapter == "terse"
        first = running.choose(AskOptions())
        registry.rollback()
        second = running.choose(AskOptions())
        assert (first.adapter, second.adapter) == ("polite", None)
        assert first.engine is not None and second.engine is not None
        asked = ["sort: token"], ["token"]
        base = second.engine.score(*asked)
        assert first.engine.score(*asked) != base, "a question ends with what it has begun with"
        engine.use_adapter(None)
        assert engine.score(*asked) == pytest.approx(base)


def test_a_promoted_adapter_that_does_not_fit_leaves_the_old_one_speaking_and_is_said(
    random_t5: Path, tmp_path: Path
) -> None:
    tiny_t5.make_adapter(random_t5, tmp_path / "polite", seed=1)
    tiny_t5.make_adapter(random_t5, tmp_path / "foreign", seed=3, named="google/flan-t5-xl")
    shutil.copytree(tmp_path / "polite", tmp_path / "torn")
    torn = tmp_path / "torn" / "adapter_model.safetensors"
    torn.write_bytes(torn.read_bytes()[:200])
    tried = []

    class Watched(FlanT5Engine):
        def use_adapter(self, name: str | None) -> None:
            tried.append(name)
            super().use_adapter(name)

    engine = Watched.load(random_t5, name=str(random_t5), device="cpu", adapters_dir=tmp_path)
    registry = AdapterRegistry(tmp_path)
    registry.use("foreign")
    with Serving(create_app(engine, registry=registry)) as serving:
        settings = ChatSettings(
            home=tmp_path / "home", engine_url=serving.url, answerer="generative"
        )
        running = Answerers(settings, load_encoder())

        def spoken() -> tuple[str | None, str, list[float]]:
            chosen = running.choose(AskOptions())
            assert chosen.engine is not None
            said = chosen.engine.score(["sort: token"], ["token"])
            return chosen.adapter, chosen.notice, said

        adapter, notice, base = spoken()
        assert adapter is None
        assert notice.startswith("The promoted adapter is not used. ")
        assert "google/flan-t5-xl" in notice
        assert spoken() == (adapter, notice, base)
        assert tried.count("foreign") == 1, "nothing has changed: it is not tried again"
        registry.use("polite")
        before = spoken()
        assert before[:2] == ("polite", "") and before[2] != base
        registry.use("torn")
        adapter, notice, said = spoken()
        assert (adapter, said) == ("polite", before[2])
        assert "“torn”" in notice and "damaged" in notice
        (tmp_path / "current").write_bytes(b"\xff")
        adapter, notice, said = spoken()
        assert (adapter, said) == ("polite", before[2]) and "current" in notice
        (tmp_path / "current").write_text("torn")
        shutil.copy(tmp_path / "polite" / torn.name, torn)
        assert spoken() == ("torn", "", before[2])


def test_a_server_that_is_loading_an_adapter_is_there(random_t5: Path, tmp_path: Path) -> None:
    tiny_t5.make_adapter(random_t5, tmp_path / "polite", seed=1)
    loaded = threading.Event()

    class Slow(FlanT5Engine):
        def use_adapter(self, name: str | None) -> None:
            assert name is None or loaded.wait(30)
            super().use_adapter(name)

    engine = Slow.load(random_t5, name=str(random_t5), device="cpu", adapters_dir=tmp_path)
    registry = AdapterRegistry(tmp_path)
    with Serving(create_app(engine, registry=registry)) as serving:
        registry.use("polite")
        remote = RemoteEngine(serving.url)
        assert remote.adapter is None, "what it speaks with till then"
        loaded.set()
        assert remote.follow() == ""
        assert remote.adapter == "polite"


def test_no_server_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ModelUnavailable, match=r"No Lectern engine answers.*lectern serve"):
        RemoteEngine(f"http://127.0.0.1:{port}")


def test_other_sites_get_nothing(server: Serving) -> None:
    foreign = httpx.get(f"{server.url}/v1/health", headers={"Host": "evil.example"})
    assert foreign.status_code == 400
    reply = httpx.get(f"{server.url}/v1/health", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in reply.headers


def test_absurd_requests_are_refused(server: Serving) -> None:
    body = {"prompts": ["a"] * 65, "decoding": {}}
    assert httpx.post(f"{server.url}/v1/generate", json=body).status_code == 422
    body = {"prompts": ["a"], "decoding": {"max_new_tokens": 10**9}}
    assert httpx.post(f"{server.url}/v1/generate", json=body).status_code == 422
