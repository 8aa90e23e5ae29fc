"""Serve one engine over HTTP, so that the app can run where no GPU is.

    lectern serve --model google/flan-t5-xl --device cuda --host 127.0.0.1 --port 8080

* `POST /v1/generate`, `/v1/score`, `/v1/tokens` and `GET /v1/health` speak JSON
  (`engines/wire.py`); asked for its health with `?patience=SECONDS`, it does not wait longer than
  that for an adapter to load, and says what it speaks with till then;
* `POST /v1/stream` answers with server-sent events: `piece` events whose data is a JSON string,
  then one `end`, or one `error` with a `Problem`.

There is no password: it listens on this machine alone unless told otherwise, answers no other
site's pages (no CORS), and is meant to stand in a private network or behind a proxy that asks for
one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import iterate_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware

from chatbot.engines.base import Engine
from chatbot.engines.batching import BatchingEngine
from chatbot.engines.promoted import PromotedAdapter
from chatbot.engines.registry import AdapterRegistry
from chatbot.engines.wire import (
    Completions,
    Counts,
    GenerateRequest,
    Health,
    Problem,
    ScoreRequest,
    Scores,
    StreamRequest,
    TokensRequest,
)
from ingestion.errors import LecternError

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def create_app(
    engine: Engine,
    *,
    registry: AdapterRegistry | None = None,
    batch_wait_seconds: float = 0.01,
    batch_prompts: int = 16,
    hosts: tuple[str, ...] = LOOPBACK,
) -> FastAPI:
    """The API over `engine`. An engine that was started without an adapter speaks with the one in
    use in `registry`, whichever that is at the time, or with the one before where that cannot be
    used. `hosts` are the names it answers to: a page of another site that points its own name at
    this address (DNS rebinding) is refused.
    """
    started_with = getattr(engine, "adapter", None)
    batching = BatchingEngine(engine, wait_seconds=batch_wait_seconds, most_prompts=batch_prompts)
    promoted = PromotedAdapter(batching, registry) if registry and not started_with else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Now, because whoever asks first should not be told of the one before.
        if promoted:
            await promoted.look()
        yield
        await asyncio.to_thread(batching.close)

    app = FastAPI(title="Lectern engine", lifespan=lifespan)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    app.state.batching = batching

    @app.exception_handler(ValueError)
    async def wrong_request(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse(Problem(detail=str(error)).model_dump(), status_code=422)

    @app.exception_handler(LecternError)
    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse(_problem(error).model_dump(), status_code=404)

    @app.get("/v1/health")
    async def health(patience: float | None = None) -> Health:
        if promoted:
            await promoted.look(patience)
        return Health(
            name=engine.name,
            window=engine.window,
            adapters=engine.adapters(),
            adapter=promoted.adapter if promoted else started_with,
            why_not=promoted.why_not if promoted else "",
            device=str(getattr(engine, "device", "")),
        )

    @app.post("/v1/generate")
    async def generate(asked: GenerateRequest) -> Completions:
        future = batching.generate(asked.prompts, asked.decoding, asked.adapter)
        return Completions(completions=await asyncio.wrap_future(future))

    @app.post("/v1/score")
    async def score(asked: ScoreRequest) -> Scores:
        future = batching.score(asked.prompts, asked.completions, asked.adapter)
        return Scores(scores=await asyncio.wrap_future(future))

    @app.post("/v1/tokens")
    def tokens(asked: TokensRequest) -> Counts:
        return Counts(counts=[engine.count_tokens(text) for text in asked.texts])

    @app.post("/v1/stream")
    async def stream(asked: StreamRequest) -> EventSourceResponse:
        # Checked before the status line goes out; everything later can only travel as an event.
        length = engine.count_tokens(asked.prompt)
        if length > engine.window:
            raise ValueError(
                f"a prompt of {length} tokens is longer than the window of {engine.window}"
            )
        return EventSourceResponse(_events(batching, asked))

    return app


async def _events(batching: BatchingEngine, asked: StreamRequest) -> AsyncIterator[ServerSentEvent]:
    pieces = batching.stream(asked.prompt, asked.decoding, asked.adapter)
    try:
        async for piece in iterate_in_threadpool(pieces):
            yield ServerSentEvent(event="piece", data=json.dumps(piece))
        yield ServerSentEvent(event="end", data="{}")
    except Exception as error:  # the status line has gone out: the error travels as an event
        yield ServerSentEvent(event="error", data=_problem(error).model_dump_json())
    finally:
        # Reached too when the client has gone: the generation stops at its next token.
        pieces.close()


def _problem(error: Exception) -> Problem:
    if isinstance(error, LecternError):
        return Problem(detail=error.what, remedy=error.remedy)
    return Problem(detail=str(error) or type(error).__name__)


def serve(
    engine: Engine,
    *,
    registry: AdapterRegistry | None = None,
    host: str = "127.0.0.1",
    port: int = 8080,
    batch_wait_seconds: float = 0.01,
    batch_prompts: int = 16,
) -> None:
    """Serve until interrupted. On an address beyond this machine any host name is answered to."""
    import uvicorn

    app = create_app(
        engine,
        registry=registry,
        batch_wait_seconds=batch_wait_seconds,
        batch_prompts=batch_prompts,
        hosts=LOOPBACK if host in LOOPBACK else ("*",),
    )
    uvicorn.run(app, host=host, port=port, log_level="info", timeout_graceful_shutdown=5)
