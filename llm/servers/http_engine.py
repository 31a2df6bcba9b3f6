"""A language model behind an HTTP server that streams its answers."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

import anyio
import httpx
import structlog

from common.config import LlmEngineSettings
from common.config.llm import LlmSettings
from common.engine import EngineStats, PartHealth, PartState
from common.errors import BadValue, LlmUnavailable
from common.remote.failures import AskFailed, from_httpx
from common.remote.watch import Watch
from common.workers.timeouts import RunningJobs
from llm.engine import ChatMessage, LlmEvent, ReplyOptions, Tool, check_tools
from llm.resilience.circuit import Circuit
from llm.resilience.failures import NoSuchModel, NoTools
from llm.resilience.retries import Resilience, RetryPolicy
from llm.resilience.shared_circuit import circuit_for
from llm.servers.answer import Answer
from llm.servers.completions import stream_completion
from llm.servers.connections import CHECK_SECONDS, Connections
from llm.servers.context import ASSUMED_CONTEXT_TOKENS, estimate_tokens, fit_context
from llm.servers.dialect import CompletionDelta, CompletionRequest, Dialect
from llm.servers.tool_calls import tool_definitions

log = structlog.get_logger(__name__)


class HttpLlm:
    """Asks one server in its dialect; subclasses choose which."""

    backend = "http"
    takes_tools = True
    _counts_tokens = False
    """Whether `_count_tokens` is exact."""

    def __init__(
        self,
        dialect: Dialect,
        model: str,
        config: LlmEngineSettings,
        *,
        policy: RetryPolicy | None = None,
        circuit: Circuit | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._dialect = dialect
        self._model = model
        self._settings: LlmSettings = config
        self._connections = Connections(config)
        self._resilience = Resilience(
            self._server_name,
            policy or RetryPolicy.from_settings(config),
            circuit or circuit_for(self._server_name, config, clock),
            give_up_after_seconds=config.llm_max_seconds,
        )
        self._watch = Watch(self.check, lambda: self._pause_seconds)
        self._jobs = RunningJobs(time.monotonic)
        self._running = False
        self._problem = ""

    @property
    def model_name(self) -> str:
        return self._model

    @property
    def circuit(self) -> Circuit:
        return self._resilience.circuit

    @property
    def usable(self) -> bool:
        """Whether a request made now has a chance, as far as is known."""
        return self._running and not self._problem and not self.circuit.blocks

    async def start(self) -> None:
        # Reading the address is what finds a bad one: EngineFailed, naming it.
        log.debug("asking a language model server", url=self._dialect.shown_url)
        self._running = True
        await self._watch.start()

    async def stop(self) -> None:
        self._running = False
        await self._watch.stop()
        await self._connections.close()
        await self.circuit.close()

    async def check(self) -> None:
        """Check the server, and remember the result for `health`."""
        await self.circuit.refresh()
        try:
            with anyio.fail_after(CHECK_SECONDS):
                self._problem = await self._dialect.problem(self._connections.client)
        except httpx.HTTPError as error:
            self._problem = from_httpx(error).what
        except AskFailed as failure:
            self._problem = failure.what
        except TimeoutError:
            self._problem = f"did not answer within {CHECK_SECONDS:g} s"

    @property
    def _pause_seconds(self) -> float:
        """Until the next check."""
        return self._settings.llm_check_seconds

    def health(self) -> PartHealth:
        if not self._running:
            state, summary = PartState.DOWN, f"{self._dialect.title} is not started."
        elif self.circuit.seconds_left:
            state = PartState.DOWN
            summary = (
                f"{self._server_name()} kept failing; it is not asked for another "
                f"{self.circuit.seconds_left:.0f} s."
            )
        elif self._problem:
            state, summary = PartState.DOWN, f"{self._server_name()} {self._problem}."
        else:
            state, summary = (
                PartState.READY,
                f"{self._server_name()} serves {self._model}.",
            )
        return PartHealth(state, summary, self._details())

    def _details(self) -> dict[str, object]:
        return {
            "backend": self.backend,
            "model": self._model,
            "url": self._dialect.shown_url if self._running else "",
            "circuit": self.circuit.state,
        }

    def _server_name(self) -> str:
        return f"{self._dialect.title} at {self._dialect.shown_url}"

    def stats(self) -> EngineStats:
        names = (self._model, *self._dialect.models)
        return EngineStats(
            offers=tuple(dict.fromkeys(filter(None, names))),
            oldest_job_seconds=self._jobs.oldest_seconds,
        )

    def offers(self, model: str) -> bool:
        """A server need not list its models to serve one."""
        return self.usable

    async def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncGenerator[LlmEvent, None]:
        """See LlmEngine. Raises LlmUnavailable, BadValue, or TooLarge."""
        if not self._running:
            raise LlmUnavailable(f"{self._dialect.title} is not started.")
        request = await self._completion_request(messages, options)
        ends_at = time.monotonic() + self._settings.llm_max_seconds

        def ask() -> AsyncGenerator[LlmEvent, None]:
            answer = Answer(request, self._settings, ends_at)
            return answer.events(self._stream(request))

        events = self._resilience.stream(ask)
        try:
            async with aclosing(events):
                with self._jobs.job() as job:
                    async for event in events:
                        self._problem = ""
                        job.stop()
                        yield event
                        job.restart()
        except LlmUnavailable as error:
            self._remember(error.__cause__)
            _raise_bad_value(error, options)
            raise

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        """Does nothing: only subclasses know whether reading ahead helps and is free."""

    async def _read_ahead(
        self, messages: Sequence[ChatMessage], options: ReplyOptions
    ) -> None:
        """Have the server read the messages, after the tools as most chat templates have
        them; an error shows at the next question."""
        if not self.usable:
            return
        if not self.takes_tools:
            options = replace(options, tools=())
        request = CompletionRequest(
            messages, options.model or self._model, max_tokens=1, options=options
        )
        try:
            with anyio.fail_after(self._settings.ollama_timeout):
                async with aclosing(self._stream(request)) as deltas:
                    async for _ in deltas:
                        pass
        except (AskFailed, TimeoutError) as failure:
            log.info("not warmed up", server=self._server_name(), reason=str(failure))

    def _remember(self, failure: BaseException | None) -> None:
        if isinstance(failure, AskFailed) and failure.counts:
            self._problem = failure.what
        self._watch.check_soon()

    async def _completion_request(
        self, messages: Sequence[ChatMessage], options: ReplyOptions
    ) -> CompletionRequest:
        """What to ask. Raises BadValue and TooLarge."""
        check_tools(options, self.takes_tools, self._dialect.title)
        cap = self._settings.llm_max_tokens
        max_tokens = min(options.max_tokens or cap, cap)
        return CompletionRequest(
            await self._fit(messages, max_tokens, options.tools),
            options.model or self._model,
            max_tokens,
            options,
        )

    async def _fit(
        self,
        messages: Sequence[ChatMessage],
        max_tokens: int,
        tools: Sequence[Tool],
    ) -> Sequence[ChatMessage]:
        if not messages:
            return messages
        context_tokens = self._context_tokens
        if tools:
            context_tokens -= estimate_tokens(json.dumps(tool_definitions(tools)))
        count = self._count_tokens if self._counts_tokens else None
        try:
            return await fit_context(messages, context_tokens, max_tokens, count)
        except (httpx.HTTPError, AskFailed) as error:
            reason = str(error)
            log.warning("tokens not counted", server=self._server_name(), reason=reason)
            return await fit_context(messages, context_tokens, max_tokens)

    @property
    def _context_tokens(self) -> int:
        return self._settings.llm_context_tokens or ASSUMED_CONTEXT_TOKENS

    async def _count_tokens(self, text: str) -> int:
        return estimate_tokens(text)

    def _stream(
        self, request: CompletionRequest
    ) -> AsyncGenerator[CompletionDelta, None]:
        """The answer's steps as the server sends them. Raises AskFailed."""
        return stream_completion(self._connections.client, self._dialect, request)


def _raise_bad_value(error: LlmUnavailable, options: ReplyOptions) -> None:
    """Raises BadValue when the request asks for what the server does not have."""
    if options.model and isinstance(error.__cause__, NoSuchModel):
        raise BadValue(error.message, field="model") from error
    if options.tools and isinstance(error.__cause__, NoTools):
        raise BadValue(error.message, field="tools") from error
