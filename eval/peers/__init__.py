"""What people would use instead, asked the same questions about the same passages with the same weights.

Each peer is a program in an environment of its own: it reads requests as lines of JSON, `{"question", "passages"}`, and
answers `{"text", "passage", "start", "error", "milliseconds", "megabytes"}`; `text` is "" where it does not answer,
`start` None where it does not say where the text stands.
"""
