"""A server's folders, with what is in them."""

from __future__ import annotations

from pathlib import Path

from common.config import LoadedConfig
from gateway_app.models import Transcript
from tests.fake_services import loaded_config
from voiceproject.storage.backup import back_up

VOICE = "en_US-amy-low.onnx"


class Installation:
    """A server's folders with a database of their own."""

    def __init__(self, folder: Path, alias: str) -> None:
        self.alias = alias
        self.data = folder / "data"
        self.voices = folder / "voices"
        self.data.mkdir(parents=True, exist_ok=True)
        self.configuration = folder / "config.yaml"
        self.configuration.write_text(f"# of {alias}\n")
        (self.data / "secret_key").write_text(f"key of {alias}")

    @property
    def loaded(self) -> LoadedConfig:
        loaded = loaded_config(data_dir=str(self.data), voices_dir=str(self.voices))
        return LoadedConfig(loaded.config, loaded.origins, [], self.configuration)

    def add_voice(self, content: bytes) -> Path:
        path = self.voices / "amy" / VOICE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def back_up(self, target: Path) -> Path:
        back_up(self.loaded, target, database=self.alias)
        return target

    def texts(self) -> list[str]:
        rows = Transcript.objects.using(self.alias).order_by("pk")
        return list(rows.values_list("text", flat=True))

    def say(self, text: str) -> None:
        Transcript.objects.using(self.alias).create(text=text)
