"""llama.cpp's own OpenAI-compatible server, with the embedded model, in this process."""

from __future__ import annotations

import xllamacpp

from common.config import load_config
from common.models.files import find_llm
from llm.embedded.engine import embedded_threads
from llm.embedded.server import parameters

TEMPLATE = """\
{%- if tools -%}
<|im_start|>system
{% if messages[0].role == "system" %}{{ messages[0].content }}{% endif %}

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{%- for tool in tools %}
{{ tool | tojson }}
{%- endfor %}
</tools>

For each function call, return a json object with function name and arguments within \
<tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
{% elif messages[0].role == "system" -%}
<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% endif -%}
{%- for message in messages -%}
{%- if tools and loop.last and message.role == "user" -%}
{%- for question in ["Is it cold in Berlin?", "hello there my friend", "play some music"] -%}
<|im_start|>user
{{ question }}<|im_end|>
<|im_start|>assistant
<tool_call>
{"name": "{{ tools[0].function.name }}", "arguments": {"city": "Berlin"}}
</tool_call><|im_end|>
{% endfor -%}
{%- endif -%}
{%- if message.role == "user" or (message.role == "system" and not loop.first) \
or (message.role == "assistant" and not message.tool_calls) -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% elif message.role == "assistant" -%}
<|im_start|>assistant
{%- if message.content %}
{{ message.content }}
{%- endif %}
{%- for call in message.tool_calls %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor %}<|im_end|>
{% elif message.role == "tool" -%}
<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% endif -%}
"""
"""As Qwen 2.5 has it, whose format of messages is that of the embedded model; with
examples, for so small a model would not make a call without them."""


class LlamaServer:
    """The model knows no tools, so it gets a chat template that has them, with examples of
    a call that names a `city`. Ends with the process."""

    key = "sk-llama"

    def __init__(self) -> None:
        config = load_config({}).config
        path = find_llm(config)
        orders = {
            "model": str(path),
            "api_key": self.key,
            "threads": embedded_threads(config),
            "context_tokens": 4_096,
            "parallel": 2,
            "connections": 8,
        }
        wanted = parameters(xllamacpp, orders)
        wanted.chat_template = TEMPLATE
        wanted.sampling.temp = 0.0
        self.model = path.stem
        self._server = xllamacpp.Server(wanted)

    @property
    def url(self) -> str:
        return f"{self._server.listening_address}/v1"
