"""The one room that knows where data lives: settings, connections, durable state and publishing.

Everything above asks this room for a connection; nothing here knows what the tables mean.
"""
