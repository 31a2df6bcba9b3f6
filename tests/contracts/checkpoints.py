"""What every place for checkpoints does, in memory or in Redis."""

from __future__ import annotations

import pytest

from stt_app.resume.checkpoints import Checkpoint, Checkpoints

SOME = Checkpoint("session", 12.5, 3, (2.0, 7.5, 11.0), "anonymous")


class CheckpointsContract:
    """Subclass it; the fixture `kept` gives an empty place."""

    @pytest.fixture
    def kept(self) -> Checkpoints:
        raise NotImplementedError

    async def test_it_gives_back_what_was_saved(self, kept: Checkpoints) -> None:
        assert await kept.save("token", "first", SOME)
        assert await kept.claim("token", "second", "anonymous") == SOME

    async def test_it_does_not_know_what_was_never_saved(
        self, kept: Checkpoints
    ) -> None:
        assert await kept.claim("token", "second", "anonymous") is None
        assert not await kept.owns("token", "anybody")

    async def test_an_owner_may_save_again_and_again(self, kept: Checkpoints) -> None:
        assert await kept.save("token", "first", SOME)
        later = SOME.acknowledged(20)
        assert await kept.save("token", "first", later)
        assert await kept.claim("token", "second", "anonymous") == later

    async def test_whoever_claims_it_shuts_the_earlier_owner_out(
        self, kept: Checkpoints
    ) -> None:
        await kept.save("token", "first", SOME)
        assert await kept.owns("token", "first")
        await kept.claim("token", "second", "anonymous")
        assert not await kept.owns("token", "first")
        assert not await kept.save("token", "first", SOME.acknowledged(99))
        assert await kept.claim("token", "third", "anonymous") == SOME

    async def test_what_is_forgotten_is_gone(self, kept: Checkpoints) -> None:
        await kept.save("token", "first", SOME)
        await kept.forget("token")
        assert not await kept.owns("token", "first")
        assert await kept.claim("token", "second", "anonymous") is None

    async def test_another_principal_cannot_take_it_up(self, kept: Checkpoints) -> None:
        await kept.save("token", "first", SOME)
        assert await kept.claim("token", "second", "key:0123456789abcdef") is None
        assert await kept.owns("token", "first")
        assert await kept.claim("token", "second", "anonymous") == SOME
