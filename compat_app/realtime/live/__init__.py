"""`/v1/live/sessions`: the OpenAI Live API."""
