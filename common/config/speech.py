"""Settings of speech to text and text to speech."""

from __future__ import annotations

from typing import Literal

from common.config.setting import Section, setting


class ListeningSettings(Section):
    """How speech is detected in the audio and cut into utterances."""

    sample_rate: int = setting(
        16_000,
        "Sample rate of incoming audio in Hz, unless the client gives another.",
        ge=8_000,
        le=48_000,
    )
    vad_threshold: float = setting(
        0.5,
        "Probability above which the voice activity detector counts a frame as speech.",
        ge=0.05,
        le=0.95,
    )
    silence_rms_threshold: float = setting(
        0.0,
        "Level (root mean square, 0 to 1) below which audio never counts as speech. 0 sets no level, so that quiet speech is heard like loud speech.",
        ge=0,
        le=1,
    )
    silence_max_seconds: float = setting(
        0.7, "Silence that ends an utterance.", ge=0.1, le=10
    )
    semantic_min_seconds: float = setting(
        0.32,
        "Pause that ends an utterance which seems complete, with semantic endpointing.",
        ge=0.2,
        le=10,
    )
    semantic_max_seconds: float = setting(
        1.6,
        "The same for an utterance which seems incomplete.",
        ge=0.3,
        le=10,
    )
    min_utterance_seconds: float = setting(
        0.1,
        "Shorter speech is not transcribed. Pauses do not count, and the detector must be certain of speech under 0.35 seconds.",
        ge=0,
        le=5,
    )
    speech_confirm_seconds: float | None = setting(
        None,
        "Length at which speech is confirmed rather than treated as a click; empty means 0.35 seconds, or the end of a shorter word.",
        ge=0,
        le=5,
    )
    max_utterance_seconds: float = setting(
        20.0,
        "Longer speech is split at a quiet point before this length, without losing a word.",
        ge=2,
        le=28,
    )
    max_buffer_seconds: float = setting(
        120.0,
        "Seconds of pending audio after which a connection gets `buffer_limit_reached`.",
        ge=5,
        le=3_600,
    )
    stt_ahead_seconds: float = setting(
        30.0,
        "Seconds of live audio that one connection may send ahead of real time and have waiting for transcripts; the server reads on as they are transcribed.",
        ge=1,
        le=3_600,
    )
    stt_owed_seconds: float = setting(
        300.0,
        "Seconds of audio of clients that have gone which are still transcribed for the history, after that of everybody who is there; the rest is given up.",
        ge=0,
        le=86_400,
    )
    preroll_seconds: float = setting(
        0.3,
        "Seconds of audio kept from before the detected start, so that the first sound is not lost.",
        ge=0,
        le=2,
    )
    speculative_pause_seconds: float = setting(
        0.12,
        "Pause after which the final text is prepared speculatively; 0 waits for the end of the utterance.",
        ge=0,
        le=2,
    )
    partial_first_seconds: float = setting(
        0.35, "Seconds of speech before the first interim result.", ge=0.1, le=10
    )
    partial_interval_seconds: float = setting(
        0.5,
        "Shortest interval between two interim results of an utterance; it grows with the load.",
        ge=0.1,
        le=10,
    )
    resume_seconds: float = setting(
        30.0,
        "Seconds within which a disconnected client can resume.",
        ge=0,
        le=3_600,
    )
    stt_lag_limit_seconds: float = setting(
        5.0,
        "New connections are refused with 4503 while transcripts are delayed by more than this.",
        gt=0,
        le=600,
    )
    stt_idle_seconds: float = setting(
        300.0,
        "A connection that sends nothing for this many seconds is closed.",
        gt=0,
    )
    stt_first_message_seconds: float = setting(
        60.0,
        "A connection that has sent nothing at all for this many seconds is closed.",
        gt=0,
    )
    stt_session_seconds: float = setting(
        86_400.0,
        "Longest connection in seconds; the client is warned 60 seconds before the end.",
        gt=60,
    )
    file_max_seconds: float = setting(
        43_200.0,
        "Maximum length of a recording; the rest is not transcribed.",
        ge=10,
        le=604_800,
    )
    file_decoders: int = setting(
        4,
        "Recordings decoded at the same time, each in its own process.",
        ge=1,
        le=64,
    )
    file_queue_limit: int = setting(
        32,
        "Recordings queued for decoding; further ones get 503.",
        ge=0,
    )
    stt_max_sessions: int = setting(
        200,
        "Live connections to `/ws/stt` at the same time; more are refused with 4503.",
        ge=1,
    )


class WhisperSettings(Section):
    """The speech-to-text model."""

    whisper_model_name: str = setting(
        "base",
        "A faster-whisper model: a name (`base`, `tiny.en`, `large-v3-turbo`), a hub id or a folder.",
    )
    whisper_device: Literal["auto", "cpu", "cuda"] = setting(
        "auto", "Where Whisper runs; `auto` uses CUDA if it works."
    )
    whisper_compute_type: Literal[
        "auto",
        "default",
        "int8",
        "int8_float32",
        "int8_float16",
        "int8_bfloat16",
        "int16",
        "float16",
        "bfloat16",
        "float32",
    ] = setting(
        "auto", "CTranslate2 precision; `auto` means int8 on a CPU and float16 on CUDA."
    )
    whisper_lang: str = setting(
        "auto", "Language code of the speech (`en`, `de`, ...) or `auto` to detect it."
    )
    whisper_beam: int = setting(
        0,
        "Beam width of the decoder: 1 is fastest, 5 most accurate; 0 means 5 for files and 1 for live speech.",
        ge=0,
        le=10,
    )
    whisper_window: Literal["auto", "short", "full"] = setting(
        "auto",
        "Length of audio that Whisper processes: `full` is 30 s, `short` fits the utterance, and `auto` uses `short` for models and languages where it was measured to be as accurate.",
    )
    whisper_batch_size: int = setting(
        0,
        "Utterances that a Whisper process decodes in one batch; 1 turns batching off, 0 means 4 on a CPU and 16 on CUDA.",
        ge=0,
        le=64,
    )
    whisper_background: bool = setting(
        True,
        "Run interim results and files in a separate Whisper process of low priority, so "
        "that finals never wait for them. It starts on first use, needs the memory of "
        "another model, and is not used with CUDA.",
    )
    whisper_workers: int = setting(
        0,
        "Whisper processes; 0 means one per four cores, as the memory allows, and one for a GPU.",
        ge=0,
        le=64,
    )
    whisper_threads: int = setting(
        0,
        "CPU threads of each Whisper process; 0 divides all cores among them.",
        ge=0,
        le=256,
    )
    whisper_queue_limit: int = setting(
        64, "Utterances queued for a Whisper process.", ge=1
    )
    cuda_x64_path: str = setting(
        "",
        "Folder with the CUDA libraries, if they are not found automatically (Windows).",
    )
    cudnn_bin_path: str = setting(
        "",
        "Folder with the cuDNN libraries, if they are not found automatically (Windows).",
    )


class PiperSettings(Section):
    """The text-to-speech voices."""

    piper_model_path: str = setting(
        "",
        "The default voice: a name or a path to its .onnx file. Empty: the first one installed.",
    )
    piper_speaker_id: int | None = setting(
        None, "Default speaker of a voice that has several.", ge=0
    )
    piper_length_scale: float | None = setting(
        None,
        "Duration of the speech relative to normal (2 is half as fast); empty uses the voice's own.",
        gt=0,
        le=4,
    )
    piper_noise_scale: float | None = setting(
        None, "Variation of the sound; empty uses the voice's own.", ge=0, le=2
    )
    piper_noise_w: float | None = setting(
        None, "Variation of the rhythm; empty uses the voice's own.", ge=0, le=2
    )
    piper_workers: int = setting(1, "Piper processes.", ge=1, le=64)
    piper_threads: int = setting(
        0, "CPU threads of each Piper process; 0 divides all cores among them.", ge=0
    )
    piper_max_voices: int = setting(
        16,
        "Voices that a Piper process keeps loaded; the least recently used one is unloaded.",
        ge=1,
        le=64,
    )
    piper_voices_memory_mb: int = setting(
        1_500,
        "Memory for the loaded voices of a Piper process; the least recently used one is unloaded. The voice in use always stays.",
        ge=50,
    )
    tts_cache_mb: float = setting(
        16.0,
        "Cache for the audio of short clauses; 0 turns it off.",
        ge=0,
        le=10_000,
    )
    voices_dir: str = setting(
        "voices", "Folder with Piper voices (.onnx and .onnx.json)."
    )
    voice_upload_max_mb: int = setting(
        200,
        "Largest .onnx file of a voice that is uploaded or downloaded in the admin.",
        ge=1,
    )
    tts_max_text_length: int = setting(
        5_000, "Longest text of one `/tts` request, in characters.", ge=1
    )
    tts_request_timeout: float = setting(
        120.0, "Time limit in seconds for a `/tts` request.", gt=0
    )
    tts_max_concurrent: int = setting(
        4, "`/tts` requests served at the same time.", ge=1
    )
    tts_queue_limit: int = setting(
        32, "`/tts` requests that may be queued; further ones get 429.", ge=0
    )
    tts_use_llm: bool = setting(
        True,
        "Whether `/tts` uses the language model if a request does not specify `llm`.",
    )
