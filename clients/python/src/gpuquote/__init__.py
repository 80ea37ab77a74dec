"""The gpuquote contract in Python: messages and gRPC stubs, in `gpuquote.v1`."""
