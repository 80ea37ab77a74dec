"""The vocabulary of gpuquote: values and pure functions, standard library only."""
