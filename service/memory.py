"""How the C library keeps memory; only glibc listens, elsewhere nothing changes."""

import ctypes

# Of malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGE_BYTES = 128 * 1024
_ARENAS = 2


def return_memory_early() -> None:
    """Let what a publication needed for a moment go back to the system.

    Otherwise every thread has its own pool, and large blocks that were freed once are kept: a
    fifth more memory in a process that replaces its catalogue all day. Call it before threads.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, _ARENAS)
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_TRIM_THRESHOLD, _LARGE_BYTES)
