"""Websockets: who is connected, what each hears of a job, and how messages are written."""
