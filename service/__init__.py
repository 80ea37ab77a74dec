"""The gpuquote service: answers about GPU prices over gRPC and REST."""
