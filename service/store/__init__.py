"""The store: ports, codec, and the implementations on Redis and in memory."""
