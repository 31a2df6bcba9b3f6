"""A language model behind an HTTP server that streams its answers."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing

import anyio
import httpx
import structlog

from common.config import LlmEngineSettings
from common.config.llm import LlmSettings
from common.engine import PartHealth, PartState
from common.errors import BadValue, LlmUnavailable
from llm.engine import ChatMessage, ReplyOptions
from llm.resilience.circuit import Circuit
from llm.resilience.failures import (
    AskFailed,
    NoSuchModel,
    Refused,
    Stalled,
    from_httpx,
)
from llm.resilience.retries import Resilience, RetryPolicy
from llm.resilience.shared_circuit import circuit_for
from llm.resilience.watch import Watch
from llm.servers.completions import asked
from llm.servers.connections import CHECK_SECONDS, Connections
from llm.servers.context import ASSUMED_CONTEXT_TOKENS, estimated_tokens, fitted
from llm.servers.dialect import Delta, Dialect, Question
from llm.servers.thoughts import ThoughtFilter

log = structlog.get_logger(__name__)


class HttpLlm:
    """Asks one server in its dialect. Subclasses say which."""

    backend = "http"
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dialect = dialect
        self._model = model
        self._settings: LlmSettings = config
        self._connections = Connections(config)
        self._resilience = Resilience(
            self._who,
            policy or RetryPolicy.from_settings(config),
            circuit or circuit_for(self._who, config, clock),
            give_up_after_seconds=config.llm_max_seconds,
        )
        self._watch = Watch(self.check, config.llm_check_seconds)
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
        """Ask the server how it is, and remember it for `health`."""
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

    def health(self) -> PartHealth:
        if not self._running:
            state, summary = PartState.DOWN, f"{self._dialect.title} is not started."
        elif self.circuit.seconds_left:
            state = PartState.DOWN
            summary = (
                f"{self._who()} kept failing; it is left alone for another "
                f"{self.circuit.seconds_left:.0f} s."
            )
        elif self._problem:
            state, summary = PartState.DOWN, f"{self._who()} {self._problem}."
        else:
            state, summary = PartState.READY, f"{self._who()} serves {self._model}."
        return PartHealth(state, summary, self._details())

    def _details(self) -> dict[str, object]:
        return {
            "backend": self.backend,
            "model": self._model,
            "url": self._dialect.shown_url if self._running else "",
            "circuit": self.circuit.state,
        }

    def _who(self) -> str:
        return f"{self._dialect.title} at {self._dialect.shown_url}"

    async def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncIterator[str]:
        if not self._running:
            raise LlmUnavailable(f"{self._dialect.title} is not started.")
        question = await self._question(messages, options)
        ends_at = time.monotonic() + self._settings.llm_max_seconds
        pieces = self._resilience.stream(lambda: self._answer(question, ends_at))
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    self._problem = ""
                    yield piece
        except LlmUnavailable as error:
            self._remember(error.__cause__)
            if options.model and isinstance(error.__cause__, NoSuchModel):
                raise BadValue(error.message, field="model") from error
            raise

    async def warm(self, messages: Sequence[ChatMessage]) -> None:
        """Whether reading ahead helps, and costs nothing, only subclasses know."""

    async def _read_only(self, messages: Sequence[ChatMessage]) -> None:
        """Have the server read the messages; trouble shows at the next question."""
        if not self.usable:
            return
        question = Question(messages, self._model, max_tokens=1)
        try:
            with anyio.fail_after(self._settings.ollama_timeout):
                async with aclosing(self._ask(question)) as deltas:
                    async for _ in deltas:
                        pass
        except (AskFailed, TimeoutError) as failure:
            log.info("not warmed up", server=self._who(), reason=str(failure))

    def _remember(self, failure: BaseException | None) -> None:
        if isinstance(failure, AskFailed) and failure.counts:
            self._problem = failure.what
        self._watch.soon()

    async def _question(
        self, messages: Sequence[ChatMessage], options: ReplyOptions
    ) -> Question:
        cap = self._settings.llm_max_tokens
        max_tokens = min(options.max_tokens or cap, cap)
        return Question(
            await self._fitted(messages, max_tokens),
            options.model or self._model,
            max_tokens,
            options.temperature,
            options.top_p,
            options.seed,
        )

    async def _fitted(
        self, messages: Sequence[ChatMessage], max_tokens: int
    ) -> Sequence[ChatMessage]:
        if not messages:
            return messages
        count = self._count_tokens if self._counts_tokens else None
        try:
            return await fitted(messages, self._context_tokens, max_tokens, count)
        except (httpx.HTTPError, AskFailed) as error:
            log.warning("tokens not counted", server=self._who(), reason=str(error))
            return await fitted(messages, self._context_tokens, max_tokens)

    @property
    def _context_tokens(self) -> int:
        return self._settings.llm_context_tokens or ASSUMED_CONTEXT_TOKENS

    async def _count_tokens(self, text: str) -> int:
        return estimated_tokens(text)

    async def _answer(
        self, question: Question, ends_at: float
    ) -> AsyncGenerator[str, None]:
        """One try: what may be said of the answer, up to the limits."""
        thoughts, left, said = ThoughtFilter(), self._settings.llm_max_characters, False
        end = Delta()
        async with aclosing(self._paced(question, ends_at)) as deltas:
            async for delta in deltas:
                thoughts.thought |= delta.thought
                text = thoughts.push(delta.text)[:left]
                if text:
                    left -= len(text)
                    said = True
                    yield text
                if left <= 0:
                    log.warning("answer cut at llm_max_characters")
                    return
                end = delta
        text = thoughts.flush()[:left]
        if text:
            yield text
        elif not said and thoughts.thought and not end.done:
            raise Stalled("was still reasoning when its time was over")
        elif not said and thoughts.thought and end.ran_out_of_tokens:
            raise Refused(
                "spent all its tokens on reasoning; raise `llm_max_tokens` or use a "
                "model that does not reason"
            )

    async def _paced(
        self, question: Question, ends_at: float
    ) -> AsyncGenerator[Delta, None]:
        """The answer's steps, each in time; the whole ends at `ends_at`."""
        started, count = False, 0
        async with aclosing(self._ask(question)) as deltas:
            while True:
                gap_seconds = self._gap_seconds(started=started)
                left_seconds = ends_at - time.monotonic()
                try:
                    with anyio.fail_after(max(0.0, min(gap_seconds, left_seconds))):
                        delta = await anext(deltas, None)
                except TimeoutError:
                    if started and left_seconds <= gap_seconds:
                        log.warning("answer cut at llm_max_seconds")
                        return
                    seconds = min(gap_seconds, self._settings.llm_max_seconds)
                    when = "" if started else " after it was asked"
                    raise Stalled(f"gave nothing for {seconds:g} s{when}") from None
                if delta is None:
                    return
                started, count = True, count + bool(delta.text or delta.thought)
                if count > question.max_tokens:
                    log.warning("answer cut at its token limit")
                    return
                yield delta

    def _gap_seconds(self, *, started: bool) -> float:
        settings = self._settings
        return settings.llm_token_gap_seconds if started else settings.ollama_timeout

    def _ask(self, question: Question) -> AsyncGenerator[Delta, None]:
        """The answer's steps as the server sends them. Raises AskFailed."""
        return asked(self._connections.client, self._dialect, question)
