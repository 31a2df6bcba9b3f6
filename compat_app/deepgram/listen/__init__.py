"""Live and recorded speech to text: `/v1/listen`."""
