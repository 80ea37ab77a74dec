"""How much of a GPU's memory a workload may plan with."""

from dataclasses import dataclass

from service.domain.workload import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What is given out of a GPU's memory, and what of that the runtime takes for itself."""

    usable_share: float
    runtime_bytes: float


STANDARD = Reserve(usable_share=0.92, runtime_bytes=2.5e9)
"""Servers give out 0.9 to 0.95 (vLLM `gpu_memory_utilization`); context, graphs and activations of
the longest prefill take 2.5 GB. With it a measured pool is met within 6 %: 41,408 tokens of
Llama-3.1-8B in bf16 on an RTX 4090 (LLMServingSim, pull request 59), against 54,400 for 0.9 of the
memory less the weights. Training is planned with the same reserve, for fragmentation and
communication (Korthikanti's and torchtune's published peaks against cards on which they ran).
"""
LLAMA_CPP = Reserve(usable_share=0.99, runtime_bytes=0.5e9)
"""llama.cpp sizes its buffers exactly: it runs Llama-3-8B in fp16 on 16 GB and Llama-3-70B in
Q4_K_M on twice 24 GB (XiongjieDai/GPU-Benchmarks-on-LLM-Inference, 2024-05).
"""


def reserve_of(engine: Engine) -> Reserve:
    """Return what an engine keeps back."""
    return LLAMA_CPP if engine is Engine.LLAMA_CPP else STANDARD
