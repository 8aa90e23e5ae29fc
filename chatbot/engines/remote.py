"""An engine on another machine: speaks to `lectern serve` over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TypeVar

import httpx
from pydantic import BaseModel

from chatbot.engines.base import Decoding
from chatbot.engines.wire import (
    MOST_PROMPTS,
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
from ingestion.errors import ModelUnavailable

CONNECT_SECONDS = 2.0
READ_SECONDS = 300.0
"""A long batch on a slow machine; a stream sends signs of life far more often."""

Reply = TypeVar("Reply", bound=BaseModel)


class RemoteEngine:
    """Implements `chatbot.engines.base.Engine` over the server at `url`.

    Raises `ModelUnavailable` when no server answers there within two seconds. The adapter belongs
    to this client (a copy has its own), not to the server: it travels with every request. At first
    it is the one that the server speaks with.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        # The user named this server; a proxy from the environment would only stand between.
        self._client = httpx.Client(
            base_url=self.url,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            trust_env=False,
        )
        about = self._health(timeout=CONNECT_SECONDS)
        self.name = about.name
        self.window = about.window
        self.device = about.device
        self.adapter = about.adapter

    def count_tokens(self, text: str) -> int:
        return self._ask("/v1/tokens", TokensRequest(texts=[text]), Counts).counts[0]

    def generate(self, prompts: Sequence[str], decoding: Decoding) -> list[str]:
        completions: list[str] = []
        for start in range(0, len(prompts), MOST_PROMPTS):
            asked = GenerateRequest(
                prompts=list(prompts[start : start + MOST_PROMPTS]),
                decoding=decoding,
                adapter=self.adapter,
            )
            completions += self._ask("/v1/generate", asked, Completions).completions
        return completions

    def stream(self, prompt: str, decoding: Decoding) -> Iterator[str]:
        asked = StreamRequest(prompt=prompt, decoding=decoding, adapter=self.adapter)
        body = asked.model_dump(mode="json")
        try:
            with self._client.stream("POST", "/v1/stream", json=body) as reply:
                if reply.is_error:
                    reply.read()
                    self._refuse(reply)
                for event, data in _events(reply.iter_lines()):
                    if event == "piece":
                        yield json.loads(data)
                    elif event == "error":
                        problem = Problem.model_validate_json(data)
                        raise _as_error(problem)
                    elif event == "end":
                        return
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        raise self._lost(None)

    def score(self, prompts: Sequence[str], completions: Sequence[str]) -> list[float]:
        if len(prompts) != len(completions):
            raise ValueError(f"{len(prompts)} prompts but {len(completions)} completions")
        scores: list[float] = []
        for start in range(0, len(prompts), MOST_PROMPTS):
            asked = ScoreRequest(
                prompts=list(prompts[start : start + MOST_PROMPTS]),
                completions=list(completions[start : start + MOST_PROMPTS]),
                adapter=self.adapter,
            )
            scores += self._ask("/v1/score", asked, Scores).scores
        return scores

    def adapters(self) -> list[str]:
        return self._health().adapters

    def use_adapter(self, name: str | None) -> None:
        if name is not None and name not in (known := self.adapters()):
            raise ModelUnavailable(
                f"The server {self.url} has no adapter named “{name}”.",
                f"Choose one of: {', '.join(known)}." if known else "It has none.",
            )
        self.adapter = name

    def follow(self) -> str:
        """Take on the adapter that the server speaks with now; why that is not the promoted one."""
        about = self._health()
        self.adapter = about.adapter
        return about.why_not

    def close(self) -> None:
        self._client.close()

    def _health(self, timeout: float | None = None) -> Health:
        """With a `timeout`, the server is asked not to wait for an adapter that it is loading."""
        patience = {"patience": timeout / 2} if timeout else None
        try:
            reply = self._client.get("/v1/health", params=patience, timeout=timeout or READ_SECONDS)
            reply.raise_for_status()
            return Health.model_validate_json(reply.content)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise self._lost(error) from error

    def _ask(self, path: str, asked: BaseModel, reply_type: type[Reply]) -> Reply:
        try:
            reply = self._client.post(path, json=asked.model_dump(mode="json"))
        except httpx.HTTPError as error:
            raise self._lost(error) from error
        if reply.is_error:
            self._refuse(reply)
        return reply_type.model_validate_json(reply.content)

    def _refuse(self, reply: httpx.Response) -> None:
        try:
            problem = Problem.model_validate_json(reply.content)
        except ValueError:
            problem = Problem(detail=f"{self.url} answered with status {reply.status_code}.")
        raise ValueError(problem.detail) if reply.status_code == 422 else _as_error(problem)

    def _lost(self, error: Exception | None) -> ModelUnavailable:
        why = f" ({error})" if error and str(error) else ""
        return ModelUnavailable(
            f"No Lectern engine answers at {self.url}{why}.",
            "Start it with `lectern serve`, or unset engine_url.",
        )


def _as_error(problem: Problem) -> ModelUnavailable:
    return ModelUnavailable(problem.detail, problem.remedy)


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(event, data) of a server-sent event stream (WHATWG HTML, 9.2.6); comments are dropped."""
    event = "message"
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield event, "\n".join(data)
            event, data = "message", []
        elif not line.startswith(":"):
            key, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if key == "event":
                event = value
            elif key == "data":
                data.append(value)
