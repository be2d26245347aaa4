"""What the interpreter and the allocator are told before serving: each gave up to 10 % of the time of a request.

A gateway allocates and frees some hundred kilobytes a request, in reference-counted trees without circles. Left alone, glibc
gives such memory back to the kernel and asks for it again, and the cyclic collector walks everything that was ever loaded.
"""

import contextlib
import ctypes
import gc
import sys

M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_THRESHOLD = -3

TRIM_BYTES = 256 * 1024 * 1024
TOP_PAD_BYTES = 16 * 1024 * 1024
MMAP_BYTES = 32 * 1024 * 1024

YOUNG_OBJECTS = 50_000

SWITCH_SECONDS = 0.0005


def tune_allocator() -> None:
    """Keep freed memory for the next request. Does nothing where the C library is not glibc."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(M_MMAP_THRESHOLD, MMAP_BYTES)
    mallopt(M_TRIM_THRESHOLD, TRIM_BYTES)
    mallopt(M_TOP_PAD, TOP_PAD_BYTES)


def tune_collector() -> None:
    """Set what is loaded by now aside, and look for circles rarely. Called once the schema is in place, and again on reload."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)


def tune_threads() -> None:
    """Let threads take turns often: the event loop must not wait 5 ms, the default, for each callback while a plan is made."""
    sys.setswitchinterval(SWITCH_SECONDS)


def raise_file_limit() -> None:
    """Allow as many open connections as the system lets this process have; the usual soft limit is 1024."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # some systems name a hard limit that they do not grant
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
